"""``rapport import`` of an archive: a whole ledger, as it was where it was exported."""

from __future__ import annotations

import time
from contextlib import closing
from importlib.metadata import version
from typing import TYPE_CHECKING

import click

from api.bootstrap import SORTING, STORE_OF, ledger_store_in, now
from api.cli.acts import order_act
from api.cli.archives.passphrases import passphrase_of
from api.cli.ending import UsageRefused
from api.cli.folders import settings_for
from api.cli.output import print_json, print_message, progress
from domain.errors import LedgerNotFound, Unproven
from ledger.archive.checking import read_head, verify_archive
from ledger.archive.placing import LogForks, place
from ledger.archive.refusals import PassphraseRefused
from ledger.data_layout import LedgerExists
from ledger.folder import MAIN, DataFolder
from ledger.transparency.notes import Verifier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from api.service.settings import Settings
    from ledger.archive.checking import VerifiedArchive


def import_archive(
    archive: Path,
    folder: Path | None,
    *,
    name: str | None,
    keys: Sequence[str],
    passphrase_file: Path | None,
    for_audit: bool,
    replace: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Check the archive, make the ledger, and say so.

    Raises:
        ArchiveRefused: the archive is not sound; the data folder was not touched.
        UsageRefused: there is such a ledger, or the passphrase is missing or wrong.
        LedgerError: the data folder cannot be used.
    """
    settings = settings_for(folder)
    pinned = [verifier(text) for text in keys]
    head = read_head(archive)
    name = name or head.ledger
    _refuse_existing(settings, name, replace=replace)
    passphrase = None
    if head.keys and not for_audit:
        passphrase = passphrase_of(passphrase_file, settings, confirm=False)
    started = time.perf_counter()
    try:
        with progress("checking", head.position, quiet=as_json) as advance:
            verified = verify_archive(
                archive, SORTING, pinned, passphrase=passphrase, advance=event_progress(advance)
            )
        if not dry_run:
            with progress("importing", head.position, quiet=as_json) as advance:
                _place(
                    archive, verified, settings, name, passphrase, replace, event_progress(advance)
                )
    except (PassphraseRefused, LedgerExists, LogForks) as error:
        raise UsageRefused(str(error)) from None
    _report(
        verified,
        name,
        time.perf_counter() - started,
        dry_run=dry_run,
        as_json=as_json,
        for_audit=passphrase is None,
        pinned=bool(pinned),
    )


def _place(
    archive: Path,
    verified: VerifiedArchive,
    settings: Settings,
    name: str,
    passphrase: str | None,
    replace: bool,
    advance: Callable[[int, int], None],
) -> None:
    folder = DataFolder.open(
        settings.folder,
        STORE_OF,
        clock=now,
        master_key=settings.master_key,
        log_domain=settings.log_domain,
        make_main=False,
    )
    with closing(folder):
        detail = {"origin": verified.identity.origin, "position": verified.head.position}
        act = "ledger-imported"
        with order_act(settings.folder, None, act, name, replace=replace, **detail):
            place(
                archive,
                verified,
                folder,
                name=name,
                passphrase=passphrase,
                replace=replace,
                advance=advance,
            )
        folder.create(MAIN)  # which is there from the start, whatever comes first


def verifier(text: str) -> Verifier:
    """The key that is written so.

    Raises:
        UsageRefused: it is none.
    """
    try:
        return Verifier.read(text)
    except Unproven as error:
        raise UsageRefused(f"--key {text!r}: {error}") from None


def _refuse_existing(settings: Settings, name: str, *, replace: bool) -> None:
    """Before the work; it is looked at again when nobody else can come between."""
    try:
        ledger_store_in(settings.folder, name)
    except LedgerNotFound:
        return
    if not replace:
        known = LedgerExists(name, replace=False)
        raise UsageRefused(f"{known} (--as), or --replace it if it holds only its first policy")


def event_progress(advance: Callable[[int, str], None]) -> Callable[[int, int], None]:
    """A progress callback that counts events."""
    return lambda position, of: advance(position, f"{position:,} of {of:,} events")


def tell_of_namespace(verified: VerifiedArchive) -> None:
    """Say what cannot be asked and was not checked where the namespace did not come along."""
    if verified.identity.namespace is None:
        print_message(
            "  It has no namespace, which travels only with the keys. It answers UUIDs only, until"
        )
        print_message("  rapport import --keys FILE brings it; companion ids were not checked")


def _report(
    verified: VerifiedArchive,
    name: str,
    seconds: float,
    *,
    dry_run: bool,
    as_json: bool,
    for_audit: bool,
    pinned: bool,
) -> None:
    head, last = verified.head, verified.last
    rate = round(head.position / seconds) if seconds else 0
    if as_json:
        print_json(
            {
                "dry_run": dry_run,
                "ledger": name,
                "origin": head.origin,
                "position": head.position,
                "root": last.root.hex(),
                "contacts": verified.counts["contacts"],
                "checkpoints": verified.counts["checkpoints"],
                "for_audit": for_audit,
                "pinned": pinned,
                "namespace": verified.identity.namespace is not None,
                "seconds": round(seconds, 3),
                "events_per_second": rate,
            }
        )
        return
    done = "sound, nothing written: would be" if dry_run else "imported as"
    click.echo(
        f"{done} {name}: {head.position:,} events of {verified.counts['contacts']:,} contacts, "
        f"{verified.counts['checkpoints']:,} checkpoints; {seconds:.1f} s, {rate:,} events/s"
    )
    click.echo(f"  origin  {head.origin}")
    click.echo(f"  root    {last.root.hex()}")
    if verified.tzdata != (installed := version("tzdata")):
        print_message(
            f"  Exported with tzdata {verified.tzdata}, and here is {installed}: days may differ"
        )
    tell_of_namespace(verified)
    if not pinned:
        print_message(
            "  Checked with the keys that came with it. Whether they are the log's own, only --key"
        )
        print_message("  can tell, with a verifier key that is known from elsewhere")
    if for_audit:
        print_message(
            "  It is for audit: it can be read, with personal data withheld, and takes no events"
        )
    else:
        print_message(
            "  It takes events as the same ledger: the old copy must take no more, or the log forks"
        )
