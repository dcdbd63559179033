"""``rapport export``: a whole ledger as one archive."""

from __future__ import annotations

import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.bootstrap import STORE_OF, now
from api.cli.acts import order_act
from api.cli.archives.files import output_file
from api.cli.archives.passphrases import passphrase_of
from api.cli.ending import UsageRefused
from api.cli.folders import existing, settings_for
from api.cli.options import data_option, json_option, ledger_option
from api.cli.output import print_json, print_message, progress
from api.cli.plain_help import PlainHelp
from api.service.event_schemas import event_type
from domain.events import CATALOGUE
from ledger.archive.refusals import PassphraseRefused
from ledger.archive.source import ledger_source
from ledger.archive.writing import export
from ledger.data_layout import may_write

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ledger.archive.writing import ExportResult


@click.command("export", cls=PlainHelp)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@ledger_option
@data_option
@click.option(
    "--with-keys",
    is_flag=True,
    help="Add the keys, locked with a passphrase, so that the ledger can take events elsewhere.",
)
@click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Its first line is the passphrase.  [default: RAPPORT_ARCHIVE_PASSPHRASE, else a prompt]",
)
@json_option
def command(
    file: Path,
    ledger_name: str,
    folder: Path | None,
    with_keys: bool,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Write a whole ledger to FILE, a tar archive, gzipped if it ends in .gz or .tgz; - is standard
    output.

    The archive holds every event as it is stored and as readable lines, schemas, policies, and the
    transparency log with every checkpoint. Personal data stays encrypted: without the keys nobody
    can read it, and an import of such an archive is for audit.

    Example:
      rapport export --ledger main shop.tar.gz
      rapport import --data ./elsewhere shop.tar.gz

    A server may run on the folder: the archive then ends at its last checkpoint, a second ago.
    The same is true if the folder cannot be written, and then its audit trail has no entry of it.
    With --with-keys the server must be stopped, and this ledger must take no more events once the
    archive was imported: if two copies took events as one ledger, each would prove the other wrong.

    Exit codes: 0 written; 2 FILE exists, the passphrase is missing or too short, or there is no
    such ledger; 3 the data folder or FILE cannot be used; 130 interrupted, and FILE is not there.
    """
    if passphrase_file is not None and not with_keys:
        raise UsageRefused("--passphrase-file is for --with-keys")
    if as_json and str(file) == "-":
        raise UsageRefused("--json and - would both write to standard output")
    settings = existing(settings_for(folder))
    passphrase = passphrase_of(passphrase_file, settings, confirm=True) if with_keys else None
    schemas = {topic: event_type(cls) for topic, cls in CATALOGUE.items()}
    started = time.perf_counter()
    with (
        ledger_source(
            settings.folder,
            ledger_name,
            STORE_OF,
            clock=now,
            master_key=settings.master_key,
            keys=with_keys,
        ) as source,
        _order_export(settings.folder, ledger_name, with_keys=with_keys),
        output_file(file) as out,
        progress("exporting", source.last.size, quiet=as_json) as advance,
    ):
        try:
            exported = export(
                source,
                out,
                schemas=schemas,
                passphrase=passphrase,
                advance=lambda position: advance(position, f"{position:,} events"),
            )
        except PassphraseRefused as error:
            raise UsageRefused(str(error)) from None
    _report(exported, file, time.perf_counter() - started, with_keys=with_keys, as_json=as_json)


def _order_export(folder: Path, name: str, *, with_keys: bool) -> AbstractContextManager[object]:
    """The order of the export; it is done once the file has its name."""
    if may_write(folder, name, STORE_OF(folder)):
        return order_act(folder, name, "ledger-exported", name, with_keys=with_keys)
    print_message(f"{folder} cannot be written: the audit trail has no entry of this export")
    return nullcontext()


def _report(
    exported: ExportResult, file: Path, seconds: float, *, with_keys: bool, as_json: bool
) -> None:
    rate = round(exported.events / seconds) if seconds else 0
    if as_json:
        print_json(
            {
                "file": str(file),
                "ledger": exported.ledger,
                "origin": exported.origin,
                "position": exported.position,
                "root": exported.root.hex(),
                "checkpoints": exported.checkpoints,
                "data_keys": exported.data_keys,
                "namespace": with_keys or exported.tells_namespace,
                "sha256sums_sha256": exported.sums.hex(),
                "seconds": round(seconds, 3),
                "events_per_second": rate,
            }
        )
        return
    print_message(
        f"{exported.ledger}: {exported.events:,} events up to position {exported.position:,} and "
        f"{exported.checkpoints:,} checkpoints; {seconds:.1f} s, {rate:,} events/s"
    )
    print_message(f"  root  {exported.root.hex()}")
    if exported.tells_namespace:
        print_message(
            "  WARNING  it holds the namespace, since the ledger came from an older archive. With"
        )
        print_message(
            "  it guesses of refs can be tested: export from the ledger that takes events instead"
        )
    if exported.data_keys:
        print_message(
            f"  keys  {exported.data_keys:,} of contacts, and the log's. Once this was imported, "
            "this copy must take no more events: the log would fork"
        )
