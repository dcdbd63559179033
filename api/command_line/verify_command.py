"""``rapport verify``: is this ledger what it says, and what it signed?"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.command_line.ending import PROBLEM, UsageRefused
from api.command_line.folders import settings_for
from api.command_line.options import json_option
from api.command_line.output import print_json, progress
from api.command_line.plain_help import PlainHelp
from api.command_line.verifying import Asked, verify_folder, verify_one
from api.command_line.verifying_report import as_json_document, print_report
from domain.errors import Unproven
from ledger.folder import LEDGERS, SETTINGS_FILE
from ledger.ledger import EVENTS_FILE
from ledger.transparency.notes import Verifier
from ledger.verification.ledgers import Kept

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command("verify", cls=PlainHelp)
@click.argument("target")
@click.option("--ledger", "ledger_name", metavar="NAME", help="Only this ledger of a data folder.")
@click.option(
    "--key", "keys", multiple=True, metavar="VERIFIER", help="A key that must have signed."
)
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="A checkpoint that was kept elsewhere.",
)
@click.option("--drift", is_flag=True, help="Make every projection anew too, and compare. Slower.")
@json_option
def command(
    target: str,
    ledger_name: str | None,
    keys: Sequence[str],
    checkpoints: Sequence[Path],
    drift: bool,
    as_json: bool,
) -> int:
    """Check TARGET against what was signed: events, streams, tree, checkpoints, keys.

    TARGET is a data folder, with all its ledgers, or the folder of one ledger. Nothing is written
    to it, and a server may run on it.

    The tree is derived again from the stored events and held against every tile and every
    checkpoint. What is sealed is opened where the master key is at hand: master.key in the data
    folder, or RAPPORT_MASTER_KEY.

    --key and --checkpoint are what makes it a proof: a folder by itself proves only that it fits
    together. Keep both elsewhere. Each may be given several times.

    Example:
      rapport verify ./rapport-data
      rapport verify ./rapport-data --ledger main --checkpoint kept/2026-03-01.txt --drift

    Exit codes: 0 sound; 1 a fault was found; 2 TARGET is none of these, or an option cannot be
    read; 3 a file may not be read.
    """
    asked = Asked(
        master_key=settings_for(None).master_key,
        verifiers=[_verifier(text) for text in keys],
        kept=[_kept(path) for path in checkpoints],
        drift=drift,
        progress=partial(progress, quiet=as_json),
    )
    path = Path(target)
    if (path / LEDGERS).is_dir():
        outcome = verify_folder(path, ledger_name, asked)
    elif (path / SETTINGS_FILE).is_file() or (path / EVENTS_FILE).is_file():
        if ledger_name is not None:
            raise UsageRefused(f"{path} is the folder of one ledger: leave out --ledger")
        outcome = verify_one(path, asked)
    else:
        raise UsageRefused(f"{target} is no data folder and no ledger's folder")
    if as_json:
        print_json(as_json_document(target, outcome))
    else:
        print_report(outcome)
    return 0 if outcome.sound else PROBLEM


def _verifier(text: str) -> Verifier:
    try:
        return Verifier.read(text.strip())
    except Unproven as error:
        raise click.BadParameter(f"{text!r}: {error}", param_hint="--key") from None


def _kept(path: Path) -> Kept:
    kept = Kept(path.name, path.read_bytes())
    try:
        assert kept.origin
    except Unproven as error:
        raise click.BadParameter(f"{path}: {error}", param_hint="--checkpoint") from None
    return kept
