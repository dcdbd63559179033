"""``rapport import --keys``: the namespace of a ledger that was imported without it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from api.bootstrap import STORE_OF, ledger_store_in, now
from api.cli.acts import order_act
from api.cli.archives.passphrases import passphrase_of
from api.cli.ending import DONE, UsageRefused
from api.cli.folders import existing, settings_for
from api.cli.output import print_json, print_message
from domain.errors import Conflict
from ledger.archive.checking import read_head
from ledger.archive.namespace import bring_namespace
from ledger.archive.refusals import PassphraseRefused
from ledger.folder import DataFolder

if TYPE_CHECKING:
    from pathlib import Path


def import_namespace(
    archive: Path,
    folder: Path | None,
    name: str,
    passphrase_file: Path | None,
    *,
    as_json: bool,
) -> int:
    """Take the namespace from an archive with keys, and say so; the exit code.

    Raises:
        ArchiveRefused: the archive is damaged.
        LedgerNotFound: there is no such ledger.
        UsageRefused: the archive has none, or another ledger's, or the passphrase is wrong.
        LedgerError: a server is running on the data folder, or it cannot be used.
    """
    settings = existing(settings_for(folder))
    ledger_store_in(settings.folder, name)
    passphrase = None
    if read_head(archive).keys:
        passphrase = passphrase_of(passphrase_file, settings, confirm=False)
    try:
        with (
            order_act(settings.folder, name, "namespace-imported", name),
            closing(
                DataFolder.open(
                    settings.folder,
                    STORE_OF,
                    clock=now,
                    master_key=settings.master_key,
                    make_main=False,
                )
            ) as data,
        ):
            bring_namespace(data, name, archive, passphrase)
    except (Conflict, PassphraseRefused) as error:
        raise UsageRefused(str(error)) from None
    if as_json:
        print_json({"ledger": name, "namespace": True})
        return DONE
    click.echo(f"{name} has its namespace, and answers source:ref as well as UUIDs")
    print_message("  It stays for audit. No other key was taken from the archive")
    return DONE
