"""The composition root: the only reader of the environment, and the whole wiring on one screen."""

from __future__ import annotations

import logging
import os
import threading
import time
import tomllib
import zoneinfo
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.knowledge import KnownAliases
from api.settings import Settings, SettingsRefused
from domain.errors import Unavailable
from ledger.folder import DataFolder, FolderUnusable
from projections.projections import Projections

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ledger.ledger import Ledger

PREFIX = "RAPPORT_"

logger = logging.getLogger("rapport.api")


def now() -> int:
    """The present instant, in microseconds of UTC."""
    return time.time_ns() // 1000


@dataclass(frozen=True)
class OpenLedger:
    """One ledger being served: what is recorded, and what follows from it."""

    ledger: Ledger
    projections: Projections
    aliases: KnownAliases


class Server:
    """Everything that one process serves, whatever the way in."""

    def __init__(self, folder: DataFolder, clock: Callable[[], int]) -> None:
        self.folder = folder
        self.clock = clock
        self.ledgers: dict[str, OpenLedger] = {}
        self._opening = threading.Lock()

    def open(self) -> None:
        """Open every ledger in the folder, so that what is damaged is told before serving.

        Raises:
            LedgerError: one cannot be opened.
        """
        for name in self.folder.names():
            self._serve(name, self.folder.ledger(name))

    def ledger(self, name: str) -> OpenLedger:
        """The ledger of that name.

        Raises:
            LedgerNotFound: there is none.
        """
        served = self.ledgers.get(name)
        return served or self._serve(name, self.folder.ledger(name))

    def create(self, name: str, time_zone: str | None = None) -> tuple[OpenLedger, bool]:
        """The ledger of that name, and whether it was made just now.

        Raises:
            Invalid: the name or the time zone cannot be.
            Unavailable: nothing can be made; the log says what is wrong with the folder.
        """
        try:
            ledger, made = self.folder.create(name, time_zone)
        except FolderUnusable as error:
            logger.error("a ledger could not be made: %s", error)
            raise Unavailable("the server's data folder cannot take another ledger") from error
        return self._serve(name, ledger), made

    def close(self) -> None:
        """Finish what was accepted, stop following, and let go of the folder."""
        for served in self.ledgers.values():
            served.projections.close()
        self.folder.close()

    def _serve(self, name: str, ledger: Ledger) -> OpenLedger:
        with self._opening:
            if name not in self.ledgers:
                path = ledger.folder / "projections.sqlite"
                projections = Projections(ledger, path, self.clock)
                ledger.on_commit(lambda _position: projections.wake())
                projections.start()
                self.ledgers[name] = OpenLedger(ledger, projections, KnownAliases(ledger))
            return self.ledgers[name]


def build(settings: Settings, *, clock: Callable[[], int] = now) -> Server:
    """Open the data folder, made on first use, and everything in it.

    Raises:
        LedgerError: the folder cannot be used; the message says why and what to do.
    """
    # Days are counted by the pinned tzdata package on every machine, not by what the system has.
    zoneinfo.reset_tzpath(())
    folder = DataFolder.open(settings.folder, clock=clock, master_key=settings.master_key)
    server = Server(folder, clock)
    try:
        server.open()
    except BaseException:
        server.close()
        raise
    return server


def read_settings(environ: Mapping[str, str] | None = None, **chosen: object) -> Settings:
    """Settings from ``chosen``, else the environment, else the TOML file ``RAPPORT_CONFIG`` names.

    Values of None in ``chosen`` are not chosen. Every setting is ``RAPPORT_<NAME>`` in the
    environment, such as ``RAPPORT_PORT``, and its own name in the file.

    Raises:
        SettingsRefused: naming the setting and what is wrong with it.
    """
    given = os.environ if environ is None else environ
    names = [field.name for field in fields(Settings)]
    values: dict[str, Any] = {}
    if path := given.get(PREFIX + "CONFIG"):
        values.update(_read_file(Path(path), names))
    values.update({n: given[PREFIX + n.upper()] for n in names if given.get(PREFIX + n.upper())})
    values.update({name: value for name, value in chosen.items() if value is not None})
    for name, read in (("port", int), ("folder", Path), ("master_key", _read_key)):
        if name in values:
            try:
                values[name] = read(values[name])
            except (TypeError, ValueError):
                raise SettingsRefused(
                    f"{name} cannot be read; see the settings reference"
                ) from None
    return Settings(**values)


def _read_file(path: Path, names: list[str]) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsRefused(f"{path} cannot be read as settings: {error}") from None
    if unknown := sorted(set(values) - set(names)):
        raise SettingsRefused(f"{path}: no such setting: {', '.join(unknown)}")
    return values


def _read_key(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else bytes.fromhex(value)
