"""A status receipt verified, offline and by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.cli.output import print_json
from api.service.answers.verification import (
    Fault,
    ProvenStatus,
    ReceiptRefusal,
    ReceiptVerification,
)
from api.service.receipts.checking import CheckedReceipt, check_receipt
from api.service.receipts.form import MOST_BYTES, ReceiptRefused, begins_msgpack

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ledger.transparency.notes import Verifier

_BEGINNING = 64
"""The number of bytes that are read to find the beginning of the object, after blanks."""


def is_receipt(path: Path) -> bool:
    """Whether the file is JSON or msgpack, by its name or by how it begins."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        begins = file.read(_BEGINNING)
    if path.suffix == ".json" or begins_msgpack(begins):
        return True
    return begins.lstrip().startswith(b"{")


def verify_receipt(path: Path, verifiers: Sequence[Verifier], *, as_json: bool) -> bool:
    """Say what the receipt in that file proves, and what it does not; whether it proves anything.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        document = file.read(MOST_BYTES + 1)
    try:
        checked = check_receipt(document, verifiers)
    except ReceiptRefused as error:
        if as_json:
            fault = Fault(place=error.pointer, position=None, detail=error.reason)
            found = ReceiptRefusal(target=str(path), sound=False, faults=(fault,))
            print_json(found.plain())
        else:
            click.echo(f"{path.name}: REFUSED\n  first    {error}")
        return False
    if as_json:
        print_json(_verification(path, checked).plain())
    else:
        _print(path, checked)
    return True


def _print(path: Path, checked: CheckedReceipt) -> None:
    click.echo(f"{path.name}: sound")
    click.echo(f"  proves   contact {checked.contact_id} at {checked.as_of}: {_stage(checked)}")
    click.echo(f"  from     {checked.events:,} events known at position {checked.position:,}")
    click.echo(f"  origin   {checked.origin}, a tree of {checked.tree_size:,} events")
    if checked.answer.get("evidence_erased"):
        click.echo("  ERASED   personal data of this contact was erased by then: it cannot be read")
    for verifier in checked.verified_by:
        click.echo(f"  signed   by {verifier}")
    for warning in checked.warnings:
        click.echo(f"  WARNING  {warning}")
    for sentence in checked.unproven:
        click.echo(f"  unproven {sentence}")


def _stage(checked: CheckedReceipt) -> str:
    return f"{checked.answer.get('stage')}, score {checked.answer.get('score')}"


def _verification(path: Path, checked: CheckedReceipt) -> ReceiptVerification:
    return ReceiptVerification(
        target=str(path),
        sound=True,
        faults=(),
        receipt=ProvenStatus.model_validate(checked),
        warnings=checked.warnings,
        cannot_be_found=checked.unproven,
    )
