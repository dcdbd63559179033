"""``rapport restore``: ledgers from a backup, each as it was."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import click

from api.bootstrap import SORTING, STORE_OF, now
from api.cli.acts import order_act
from api.cli.archives.importing import event_progress, tell_of_namespace, verifier
from api.cli.archives.passphrases import passphrase_of
from api.cli.ending import UsageRefused
from api.cli.folders import settings_for
from api.cli.forking import fork_ledger
from api.cli.options import data_option, json_option
from api.cli.output import print_json, print_message, progress
from api.cli.plain_help import PlainHelp
from api.service.backups import restoring
from ledger.access.trails import LEDGER_RESTORED
from ledger.archive.checking import read_head
from ledger.archive.placing import LogForks
from ledger.archive.refusals import PassphraseRefused
from ledger.data_layout import LedgerExists, is_ledger_name
from ledger.folder import MAIN, DataFolder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.service.backups.restoring import CheckedCopy, Copy
    from api.service.settings import Settings
    from ledger.archive.checking import VerifiedArchive


@click.command("restore", cls=PlainHelp)
@click.argument(
    "source", metavar="BACKUP", required=False, type=click.Path(path_type=Path, exists=True)
)
@click.option(
    "--fork",
    is_flag=True,
    help="Continue a ledger from what its database has, under a new origin.",
)
@data_option
@click.option("--ledger", help="Restore only this ledger of the backup.  [default: all of them]")
@click.option("--as", "new_name", metavar="NAME", help="The name that this ledger gets here.")
@click.option(
    "--erased-since",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Who was erased after the backup: a newer archive of the ledger, or their UUIDs by line.",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="VERIFIER",
    help="A verifier key that must have signed the last checkpoint; more than once: any of them.",
)
@click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Its first line opens the keys.  [default: RAPPORT_ARCHIVE_PASSPHRASE, else a prompt]",
)
@click.option("--for-audit", is_flag=True, help="Do not restore the keys.")
@click.option("--dry-run", is_flag=True, help="Check all of it, and write nothing.")
@json_option
def command(
    source: Path | None,
    fork: bool,
    folder: Path | None,
    ledger: str | None,
    new_name: str | None,
    erased_since: Path | None,
    keys: tuple[str, ...],
    passphrase_file: Path | None,
    for_audit: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Make the ledgers of BACKUP, a folder that `rapport backup` wrote or one archive.

    All of it is checked before anything is written; then each ledger is there whole or not at all,
    with its audit trail. A ledger that exists is overwritten only if it holds only its first
    policy. With its keys a ledger takes events after those of the backup; without them it is for
    audit.

    People who were erased in the backup's log stay erased. Only a newer log can say who was erased
    after the backup was made: name an archive of that log, or a list, with --erased-since. Their
    keys are left out, and the ledger records their erasure.

    With --fork and --ledger, and without BACKUP, a ledger continues whose database was restored to
    an earlier point, or is a standby that was promoted too early. What was signed for events that
    it lacks contradicts it, so its log begins again under another origin. Tell those who keep
    checkpoints of it. Erasures among the missing events hold, as long as the data folder is newer.

    Example:
      rapport restore --data ./new-home --erased-since erased.txt /backups/2026-03-01
      rapport restore --fork --ledger main

    Exit codes: 0 restored; 2 there is such a ledger, or the passphrase is missing or wrong; 3 the
    backup was tampered with, or it or the data folder cannot be used; 130 interrupted.
    """
    settings = settings_for(folder)
    if fork:
        others = (source, new_name, erased_since, passphrase_file, for_audit or None, *keys)
        if ledger is None or any(one is not None for one in others):
            raise UsageRefused("--fork goes with --ledger, --data, --dry-run and --json alone")
        fork_ledger(settings, ledger, dry_run=dry_run, as_json=as_json)
        return
    if source is None:
        raise UsageRefused("name the backup, or give --fork")
    copies = restoring.copies_in(source, ledger)
    if new_name is not None and not is_ledger_name(new_name):
        raise UsageRefused(f"--as {new_name!r} cannot be the name of a ledger")
    if len(copies) > 1 and (new_name or erased_since):
        raise UsageRefused("the backup has several ledgers: name one with --ledger for that")
    heads = [read_head(copy.archive) for copy in copies]
    passphrase = None
    if any(head.keys for head in heads) and not for_audit:
        passphrase = passphrase_of(passphrase_file, settings, confirm=False)
    started = time.perf_counter()
    try:
        checked = [_check(copy, keys, passphrase, erased_since, quiet=as_json) for copy in copies]
        if not dry_run:
            _place(checked, settings, new_name, passphrase, quiet=as_json)
    except (PassphraseRefused, LedgerExists, LogForks) as error:
        raise UsageRefused(str(error)) from None
    _report(checked, new_name, time.perf_counter() - started, dry_run=dry_run, as_json=as_json)


def _check(
    copy: Copy,
    keys: Sequence[str],
    passphrase: str | None,
    erased_since: Path | None,
    *,
    quiet: bool,
) -> CheckedCopy:
    def fence(verified: VerifiedArchive) -> frozenset[bytes]:
        if erased_since is None:
            return frozenset()
        return restoring.erased_in(erased_since, verified, SORTING)

    head = read_head(copy.archive)
    with progress(f"checking {head.ledger}", head.position, quiet=quiet) as advance:
        return restoring.check(
            copy,
            SORTING,
            keys=[verifier(text) for text in keys],
            passphrase=passphrase if head.keys else None,
            erased_since=fence,
            advance=event_progress(advance),
        )


def _place(
    checked: Sequence[CheckedCopy],
    settings: Settings,
    new_name: str | None,
    passphrase: str | None,
    *,
    quiet: bool,
) -> None:
    folder = DataFolder.open(
        settings.folder,
        STORE_OF,
        clock=now,
        master_key=settings.master_key,
        log_domain=settings.log_domain,
        make_main=False,
    )
    placed: list[str] = []
    with closing(folder):
        with ExitStack() as orders:
            # Each is done when all are: where one cannot be restored, those before are taken back.
            try:
                for one in checked:
                    name = _name(one, new_name)
                    head = one.verified.head
                    detail = {"origin": head.origin, "position": head.position}
                    orders.enter_context(
                        order_act(settings.folder, None, LEDGER_RESTORED, name, **detail)
                    )
                    with progress(f"restoring {name}", head.position, quiet=quiet) as advance:
                        run = partial(restoring.restore, one, folder, name=name, clock=now)
                        run(
                            passphrase=passphrase if head.keys else None,
                            advance=event_progress(advance),
                        )
                    placed.append(name)
            except BaseException:
                for name in placed:
                    folder.discard(name)
                raise
        folder.create(MAIN)  # which is there from the start, whatever comes first


def _name(one: CheckedCopy, new_name: str | None) -> str:
    return new_name or one.copy.name or one.verified.head.ledger


def _report(
    checked: Sequence[CheckedCopy],
    new_name: str | None,
    seconds: float,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    if as_json:
        shown = [
            {
                "ledger": _name(one, new_name),
                "origin": one.verified.head.origin,
                "position": one.verified.head.position,
                "root": one.verified.last.root.hex(),
                "erased_since": sorted(str(UUID(bytes=raw)) for raw in one.erased_since),
            }
            for one in checked
        ]
        print_json({"dry_run": dry_run, "ledgers": shown, "seconds": round(seconds, 3)})
        return
    done = "sound, nothing written:" if dry_run else "restored"
    for one in checked:
        head = one.verified.head
        click.echo(f"{done} {_name(one, new_name)}: {head.position:,} events")
        click.echo(f"  origin  {head.origin}")
        click.echo(f"  root    {one.verified.last.root.hex()}")
        tell_of_namespace(one.verified)
        if one.erased_since:
            print_message(f"  {len(one.erased_since):,} contacts erased since are erased here too")
    print_message(
        "  Events that were recorded after the backup are missing. If somebody keeps checkpoints of"
    )
    print_message("  them, these contradict the events from here on: inform those who keep them")
