"""What a process serves beside the one that records: it reads the same ledgers, and changes none.

Its ledgers stand still until a request, or the thread that looks now and then, has them catch up.
"""

from __future__ import annotations

import logging
from contextlib import closing
from threading import Event, Thread
from typing import TYPE_CHECKING, cast

from api.service.finding.finder import READY
from api.service.server import OpenLedger, Server
from domain.errors import LedgerError, LedgerNotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.service.limits import ServiceLimits
    from api.service.settings import Settings
    from ledger.folder_beside import DataFolderBeside
    from ledger.ledger import Ledger
    from ledger.ledger_beside import LedgerBeside
    from projections.queries import ProjectionQueries

logger = logging.getLogger("rapport.api")

LEAVE_SECONDS = 10.0
"""How long requests may take to leave a ledger that was deleted, before it is closed."""


class ServerBeside(Server):
    """The ledgers of a folder that another process holds."""

    is_beside = True

    def __init__(
        self,
        folder: DataFolderBeside,
        clock: Callable[[], int],
        settings: Settings,
        projections_of: Callable[[Ledger, Callable[[], int]], ProjectionQueries],
        limits: ServiceLimits,
    ) -> None:
        """For ``bootstrap.build_beside``, as ``Server``."""
        super().__init__(folder, clock, settings, projections_of, limits)
        self._folder_beside = folder
        self._ended = Event()
        self._looking = Thread(target=self._look, name="catching-up", daemon=True)

    def open(self) -> None:
        """Open every ledger; one that cannot be opened is asked for at the other process."""
        for name in self.folder.names():
            try:
                self._serve(name)
            except LedgerError as error:
                logger.warning("ledger %s is not read here: %s", name, error)
        self._looking.start()

    def keep_up(self, name: str) -> bool:
        """Have the ledger of that name be as it is now; False where there is none.

        It may have been deleted meanwhile, or be another one of that name.

        Raises:
            LedgerError: it cannot be read here just now.
        """
        try:
            settings = self.folder.settings(name)
        except LedgerNotFound:
            self._let_go(name)
            return False
        served = self.ledgers.get(name)
        if served is not None and served.ledger.transparency.origin != settings.origin:
            self._let_go(name)
        self._catch_up(self.ledger(name))
        return True

    def is_indexed(self, name: str) -> bool:
        """Whether the index of names of that ledger is as far as its log."""
        return self.ledger(name).finder.state_for_answer().state == READY

    def close(self, last: Callable[[], object] = lambda: None) -> None:
        """End streams, and let everything go."""
        self._ended.set()
        if self._looking.is_alive():
            self._looking.join()
        super().close(last)

    @staticmethod
    def _catch_up(served: OpenLedger) -> None:
        # Every ledger of a folder that is read beside its holder is one of these.
        cast("LedgerBeside", served.ledger).catch_up()

    def _let_go(self, name: str) -> None:
        with self._opening:
            served = self.ledgers.pop(name, None)
            self.unopened.pop(name, None)
        if served is None:
            return
        self._leaving.add(name)
        try:
            self.usage_counts.all_left(name, LEAVE_SECONDS)
            self.sender.let_go(name)
            served.close()
            self.trails.let_go(name)
            self._folder_beside.let_go(name)
        finally:
            self._leaving.discard(name)

    def _look(self) -> None:
        with closing(self.folder.store.growth()) as growth:
            while not self._ended.is_set():
                growth.wait(list(self.ledgers))
                for served in list(self.ledgers.values()):
                    self._try_catching_up(served)

    def _try_catching_up(self, served: OpenLedger) -> None:
        try:
            self._catch_up(served)
        except LedgerError as error:
            logger.debug("ledger %s cannot be read now: %s", served.ledger.name, error)
