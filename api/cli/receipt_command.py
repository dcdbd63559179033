"""``rapport receipt``: a contact's status with the proof of it, checked before it is written."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import click

from api.bootstrap import now
from api.cli.asking.days import asked_in
from api.cli.asking.folder import FolderAnswers
from api.cli.asking.queries import query_of
from api.cli.ending import UsageRefused
from api.cli.folders import opened_to_read
from api.cli.log_reading import (
    ServedLog,
    Unanswered,
    fetch,
    held_ledger_url,
    is_url,
    url_of_ledger,
)
from api.cli.options import ledger_option, when_options
from api.cli.output import print_message
from api.cli.plain_help import PlainHelp
from api.cli.proof_command import keys_option, read_keys
from api.cli.streams import write_exactly
from api.service.known_aliases import KnownAliases
from api.service.questions import Question, moment_of
from api.service.receipts.checking import check_receipt
from api.service.receipts.making import make_receipt, needed_position
from domain.errors import NotYetSigned
from ledger.files import FolderInUse

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from api.cli.asking.answers import TimeZoned
    from api.cli.asking.days import When
    from api.service.questions import At, Knowledge
    from ledger.transparency.notes import Verifier


@click.command("receipt", cls=PlainHelp)
@click.argument("target")
@click.argument("contact")
@when_options
@ledger_option
@keys_option
def command(
    target: str,
    contact: str,
    as_of: When,
    as_known_at: Knowledge | date | None,
    policy_version: int | None,
    ledger_name: str,
    keys: tuple[str, ...],
) -> None:
    """Write a receipt of a CONTACT's status: the answer with all that proves it.

    TARGET is the URL of a ledger or a server, or a data folder; if a server runs on it, that is
    asked. If the folder cannot be written, the command reads a copy, as it was signed last. CONTACT
    is a UUID or source:ref. The receipt is checked before it is written; rapport verify checks it
    again, and needs no ledger for that.

    Example:
      rapport receipt http://127.0.0.1:8400/v1/ledgers/main pos:17850 > receipt.json
      rapport verify receipt.json

    Exit codes: 0 written; 1 refused, or not signed yet; 2 the command cannot be read, or there
    is no such contact; 3 the target cannot be read.
    """
    verifiers = read_keys(keys)
    asked_of = partial(
        asked_in, as_of=as_of, as_known_at=as_known_at, policy_version=policy_version
    )
    if is_url(target):
        receipt, own = _receipt_of_server(url_of_ledger(target, ledger_name), contact, asked_of)
    elif Path(target).is_dir():
        try:
            receipt, own = _receipt_of_folder(Path(target), ledger_name, contact, asked_of)
        except FolderInUse as held:
            url = held_ledger_url(held, Path(target), ledger_name)
            receipt, own = _receipt_of_server(url, contact, asked_of)
    else:
        raise UsageRefused(f"{target} is neither a URL nor a data folder")
    checked = check_receipt(receipt, verifiers or own)
    write_exactly(receipt + b"\n")
    if not verifiers:
        print_message(
            "checked with the log's own key: NO KEY WAS PINNED. Give one you kept with --key"
        )
    for sentence in checked.unproven:
        print_message(f"not proven by a receipt: {sentence}")


class _ServedLedger:
    """Tells the time zone of a ledger behind a URL."""

    def __init__(self, url: str) -> None:
        self._url = url

    def time_zone(self) -> str | None:
        """See ``TimeZoned``.

        Raises:
            Unanswered: what is there is no ledger.
        """
        try:
            zone: str | None = json.loads(fetch(self._url))["time_zone"]
        except (ValueError, LookupError, TypeError):
            raise Unanswered(f"{self._url} does not answer as a ledger does") from None
        return zone


def _receipt_of_server(
    url: str, contact: str, asked_of: Callable[[TimeZoned], At]
) -> tuple[bytes, list[Verifier]]:
    given = urlencode(query_of(asked_of(_ServedLedger(url))))
    path = f"{url}/contacts/{quote(contact, safe='')}/status/receipt"
    return fetch(f"{path}?{given}"), ServedLog(url).verifiers()


def _receipt_of_folder(
    folder: Path, ledger_name: str, contact: str, asked_of: Callable[[TimeZoned], At]
) -> tuple[bytes, list[Verifier]]:
    with opened_to_read(folder, ledger_name, seal=True) as ledger:
        asked = asked_of(FolderAnswers(ledger))
        try:
            contact_id = ledger.contact_id(contact)
        except ValueError as error:
            raise UsageRefused(f"{contact}: {error}") from None
        found = moment_of(ledger, KnownAliases(ledger), asked, now())
        question = Question(ledger, found.at, found.position, found.policies, found.aliases)
        signed = ledger.transparency.checkpoint()
        if needed_position(question, asked.policy_version) > signed.size:
            raise NotYetSigned(
                f"{signed.size} events are under a checkpoint, and this folder cannot be written "
                f"to sign the rest: --as-known-at {signed.size}, or ask its server"
            )
        _, receipt = make_receipt(question, contact_id, asked.policy_version, signed)
        return receipt.json_bytes(), ledger.transparency.verifiers()
