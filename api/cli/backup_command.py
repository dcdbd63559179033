"""``rapport backup``: every ledger of a data folder, beside a running server."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.bootstrap import SORTING, STORE_OF, ledger_store_in, now
from api.cli.acts import order_act
from api.cli.archives.passphrases import passphrase_of
from api.cli.ending import UsageRefused
from api.cli.folders import existing, settings_for
from api.cli.options import data_option, json_option
from api.cli.output import print_json, print_message, progress
from api.cli.plain_help import PlainHelp
from api.service.backups.making import back_up, clear_unfinished
from ledger.archive.refusals import PassphraseRefused

if TYPE_CHECKING:
    from api.service.backups.form import Backup


@click.command("backup", cls=PlainHelp)
@click.argument("target", metavar="FOLDER", type=click.Path(path_type=Path))
@click.option(
    "--ledger",
    "ledgers",
    multiple=True,
    metavar="NAME",
    help="Back up only this ledger; may be given several times.",
)
@data_option
@click.option("--with-keys", is_flag=True, help="Add the keys, locked with a passphrase.")
@click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Its first line is the passphrase.  [default: RAPPORT_ARCHIVE_PASSPHRASE, else a prompt]",
)
@json_option
def command(
    target: Path,
    ledgers: tuple[str, ...],
    folder: Path | None,
    with_keys: bool,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Write every ledger and its audit trail into a new FOLDER, and read back what was written.

    A server may run on the data folder: each ledger is backed up as of its last checkpoint, a
    second ago. Without keys the personal data in the backup cannot be read, and a ledger that is
    restored from it takes no events. The master key and the access keys are not in it.

    Example:
      rapport backup --with-keys --passphrase-file passphrase /backups/2026-03-01
      rapport restore --data ./new-home --passphrase-file passphrase /backups/2026-03-01

    Exit codes: 0 written and checked; 2 FOLDER exists, the passphrase is missing or too short, or
    there is no such ledger; 3 the data folder or FOLDER cannot be used, or a ledger is damaged:
    name the others with --ledger; 130 interrupted, and FOLDER is not there.
    """
    if passphrase_file is not None and not with_keys:
        raise UsageRefused("--passphrase-file is for --with-keys")
    if target.exists():
        raise UsageRefused(f"{target} exists already: name a new folder")
    settings = existing(settings_for(folder))
    names = sorted(set(ledgers)) or STORE_OF(settings.folder).ledger_names()
    for name in names:
        ledger_store_in(settings.folder, name)
    passphrase = passphrase_of(passphrase_file, settings, confirm=True) if with_keys else None
    for left in clear_unfinished(target.parent):
        print_message(f"removed {left}, which a backup that was killed had left")
    started = time.perf_counter()
    try:
        with ExitStack() as orders:
            for name in names:
                detail = {"with_keys": with_keys}
                orders.enter_context(
                    order_act(settings.folder, name, "ledger-backed-up", name, **detail)
                )
            with progress("backing up", len(names), quiet=as_json) as advance:
                made = back_up(
                    settings.folder,
                    target,
                    names,
                    STORE_OF,
                    SORTING,
                    clock=now,
                    master_key=settings.master_key,
                    passphrase=passphrase,
                    advance=lambda name, at: advance(names.index(name), f"{name}: {at:,} events"),
                )
    except PassphraseRefused as error:
        raise UsageRefused(str(error)) from None
    _report(made, target, time.perf_counter() - started, as_json=as_json)
    if settings.keys_url is not None and not as_json:
        print_message(
            "  No copy of the data folder has the keys, which are in a database of their own. Back"
        )
        print_message(
            '  that up too, apart from this: pg_dump --format=custom --file keys.dump "$URL", where'
        )
        print_message("  URL is RAPPORT_KEYS_URL; or use --with-keys, which locks the keys in here")


def _report(made: Backup, target: Path, seconds: float, *, as_json: bool) -> None:
    if as_json:
        shown = [
            {
                "ledger": one.name,
                "origin": one.origin,
                "position": one.position,
                "root": one.root,
                "with_keys": one.keys,
                "trail_entries": one.trail.entries,
            }
            for one in made.ledgers
        ]
        print_json({"folder": str(target), "ledgers": shown, "seconds": round(seconds, 3)})
        return
    for one in made.ledgers:
        keys = "with its keys" if one.keys else "without keys"
        click.echo(f"{one.name}: {one.position:,} events, {keys}; root {one.root}")
    click.echo(f"backed up to {target}, read back and checked; {seconds:.1f} s")
    if any(one.keys for one in made.ledgers):
        print_message(
            "  Anyone with it and the passphrase can read personal data, also of people who are"
        )
        print_message("  erased from now on: destroy backups as you promise erasure")
