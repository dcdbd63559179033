"""Opening a data folder for a command that needs no server."""

from __future__ import annotations

import zoneinfo
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from api.bootstrap import STORE_OF, build, now, read_settings
from api.cli.collecting import collect_seldom
from domain.errors import Unavailable
from ledger.data_layout import LEDGERS, FolderUnusable, may_write
from ledger.dry_run import open_dry_run
from ledger.folder import DataFolder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.service.server import Server
    from api.service.settings import Settings
    from ledger.ledger import Ledger


class NoFolder(Unavailable):
    """There is no data folder where one is to be read."""


def settings_for(
    folder: Path | None,
    *,
    host: str | None = None,
    port: int | None = None,
    followers: str | None = None,
) -> Settings:
    """The settings, with days counted as the server counts them: by the pinned tzdata."""
    zoneinfo.reset_tzpath(())
    return read_settings(folder=folder, host=host, port=port, followers=followers)


@contextmanager
def open_folder(folder: Path | None, *, make: bool = True) -> Iterator[DataFolder]:
    """The open folder, which is created on first use where that is wanted. What is recorded is
    signed too.

    Raises:
        NoFolder: there is none, and none is to be made.
        LedgerError: a server holds it, or it cannot be used.
    """
    settings = settings_for(folder) if make else existing(settings_for(folder))
    data = DataFolder.open(
        settings.folder,
        STORE_OF,
        clock=now,
        master_key=settings.master_key,
        log_domain=settings.log_domain,
        signing=make,
    )
    collect_seldom()
    try:
        yield data
    finally:
        data.close()


@contextmanager
def opened_to_read(folder: Path | None, name: str, *, seal: bool = False) -> Iterator[Ledger]:
    """A ledger to read; with ``seal``, its log is signed up to its head.

    If the folder cannot be written, it is a copy, with the log as it was signed last.

    Raises:
        NoFolder: there is none.
        LedgerNotFound: there is no ledger of that name.
        LedgerError: a server holds it, or it cannot be read.
    """
    settings = existing(settings_for(folder))
    if may_write(settings.folder, name, STORE_OF(settings.folder)):
        with open_folder(folder, make=False) as data:
            ledger = data.ledger(name)
            if seal:
                ledger.transparency.sign_head()
            yield ledger
        return
    with ExitStack() as copied:
        try:
            copy = open_dry_run(
                settings.folder, name, STORE_OF, clock=now, master_key=settings.master_key
            )
            ledger = copied.enter_context(copy)
        except PermissionError as error:
            raise FolderUnusable(
                f"{error.filename} may not be read: ask as the user who keeps the data folder, or "
                "ask its server by the ledger's URL"
            ) from None
        yield ledger


@contextmanager
def opened_with_projections(folder: Path | None) -> Iterator[Server]:
    """A folder that exists, with what follows from its events being kept current.

    Raises:
        NoFolder: there is none; reading a mistyped path must not make one.
        LedgerError: a server holds it, or it cannot be used.
    """
    server = build(existing(settings_for(folder)))
    collect_seldom()
    try:
        yield server
    finally:
        server.close()


def existing(settings: Settings) -> Settings:
    """The same settings.

    Raises:
        NoFolder: they name no data folder that exists.
    """
    if not (settings.folder / LEDGERS).is_dir():
        raise NoFolder(f"{settings.folder} is no data folder; rapport serve makes one")
    return settings
