"""``rapport verify``: is this ledger what it says, and what it signed?"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.bootstrap import ledger_store_at
from api.cli.ending import PROBLEM, UsageRefused
from api.cli.folders import settings_for
from api.cli.log_reading import is_url, url_of_ledger
from api.cli.options import json_option
from api.cli.output import print_json, progress
from api.cli.plain_help import PlainHelp
from api.cli.verifying.archive import names_archive, verify_archived
from api.cli.verifying.folder import Outcome, VerifyOptions, verify_folder, verify_one
from api.cli.verifying.receipt import is_receipt, verify_receipt
from api.cli.verifying.report import print_report, verification_of
from api.cli.verifying.url import verify_url
from domain.errors import Unproven
from ledger.data_layout import LEDGERS, SETTINGS_FILE
from ledger.transparency.notes import Verifier
from ledger.verification.trust import KeptCheckpoint

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
@click.option(
    "--drift", is_flag=True, help="Also build every projection again, and compare. Slower."
)
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

    TARGET is a data folder, with all its ledgers; the folder of one ledger, or the events.sqlite in
    it; an archive, of rapport export; a status receipt, as JSON or msgpack; or the URL of a
    ledger or a server. Nothing is written to a folder, and a server may run on it.

    The tree is derived again from the stored events and compared with every tile and every
    checkpoint. Encrypted fields are decrypted if there is a master key: master.key in the data
    folder, or RAPPORT_MASTER_KEY. From a URL the tree is derived from the entries that are served.

    Only --key and --checkpoint make it a proof: a folder by itself only proves that its parts fit
    together. Keep both elsewhere. Each may be given several times.

    Example:
      rapport verify ./rapport-data
      rapport verify ./rapport-data --ledger main --checkpoint kept/2026-03-01.txt --drift
      rapport verify http://127.0.0.1:8400/v1/ledgers/main --key VERIFIER
      rapport verify receipt.json --key VERIFIER
      rapport verify shop.tar.gz --checkpoint kept.txt

    Exit codes: 0 sound; 1 a fault was found; 2 TARGET is none of these, or an option cannot be
    read; 3 a file may not be read, or a server does not answer.
    """
    asked = VerifyOptions(
        master_key=settings_for(None).master_key,
        verifiers=[_verifier(text) for text in keys],
        kept=[_read_checkpoint(path) for path in checkpoints],
        drift=drift,
        progress=partial(progress, quiet=as_json),
    )
    path = Path(target)
    if is_receipt(path):
        _refuse_options(path, ledger_name, checkpoints, drift=drift)
        return 0 if verify_receipt(path, asked.verifiers, as_json=as_json) else PROBLEM
    outcome = _outcome(target, ledger_name, asked)
    if as_json:
        print_json(verification_of(target, outcome, asked).plain())
    else:
        print_report(outcome, asked)
    return 0 if outcome.sound else PROBLEM


def _outcome(target: str, ledger_name: str | None, asked: VerifyOptions) -> Outcome:
    """The outcome for the target, whichever kind it is."""
    path = Path(target)
    if not is_url(target) and (path / LEDGERS).is_dir():
        return verify_folder(path, ledger_name, asked)
    if is_url(target):
        if asked.drift:
            raise UsageRefused("projections cannot be built again from a URL: leave out --drift")
        return Outcome([verify_url(url_of_ledger(target, ledger_name or "main"), asked)])
    if ledger_name is not None:
        raise UsageRefused(f"{target} is no data folder: leave out --ledger")
    beside = ledger_store_at(path.parent)
    if path.name == beside.names.events and path.is_file():
        path = path.parent  # events are checked with what lies beside them
    if (path / SETTINGS_FILE).is_file() or ledger_store_at(path).is_made():
        return verify_one(path, asked)
    if names_archive(path):
        return verify_archived(path, asked)
    raise UsageRefused(f"{target} is no data folder, ledger's folder, archive, receipt or URL")


def _refuse_options(
    path: Path, ledger_name: str | None, checkpoints: Sequence[Path], *, drift: bool
) -> None:
    if ledger_name is not None or checkpoints or drift:
        raise UsageRefused(f"{path} is a receipt: it takes no option but --key and --json")


def _verifier(text: str) -> Verifier:
    try:
        return Verifier.read(text.strip())
    except Unproven as error:
        raise click.BadParameter(f"{text!r}: {error}", param_hint="--key") from None


def _read_checkpoint(path: Path) -> KeptCheckpoint:
    kept = KeptCheckpoint(path.name, path.read_bytes())
    try:
        assert kept.origin
    except Unproven as error:
        raise click.BadParameter(f"{path}: {error}", param_hint="--checkpoint") from None
    return kept
