"""Everything that one process serves: the ledgers of a data folder, and what they share."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.service.agendas.changes import ComingChanges
from api.service.agendas.meetings import LastMeetings
from api.service.agendas.present import PresentAgenda
from api.service.answer_cache import AnswerCache
from api.service.confirmations import Confirmations
from api.service.finding.finder import Finder
from api.service.finding.said import SaidIndex
from api.service.finding.worker import IndexingWorker
from api.service.importing.served import Imports
from api.service.known_aliases import KnownAliases
from api.service.labels import Labels
from api.service.limits import LIMITS
from api.service.rate_limits import RateLimits
from api.service.replays.results import Results
from api.service.serial_executor import SerialExecutor
from api.service.stopping import Stopping
from api.service.usage_counts import UsageCounts
from api.service.valuing.kept import KeptValuations
from api.service.webhooks.egress import Egress, read_networks
from api.service.webhooks.outbox import OutboxReader
from api.service.webhooks.sender import Sender
from api.service.webhooks.subscriptions import Webhooks
from domain.errors import Corrupt, LedgerError, LedgerNotFound, Unavailable
from ledger.access.opening import open_access_keys
from ledger.access.trails import Trails
from ledger.free_space import FreeSpaceWatch
from ledger.memory_budget import CARDS, STATUSES

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.service.followers.elsewhere import FollowersElsewhere
    from api.service.labels import LabelsWanted
    from api.service.limits import ServiceLimits
    from api.service.settings import Settings
    from api.service.worker_states import ThisWorker
    from ledger.commit_observer import CommitObserver
    from ledger.folder import DataFolder
    from ledger.ledger import Ledger
    from ledger.settings import LedgerSettings
    from projections.queries import ProjectionQueries

logger = logging.getLogger("rapport.api")


@dataclass(frozen=True)
class OpenLedger:
    """One ledger being served: what is recorded, and what follows from it."""

    ledger: Ledger
    projections: ProjectionQueries
    aliases: KnownAliases
    results: Results
    statuses: AnswerCache
    cards: AnswerCache
    finder: Finder
    imports: Imports
    agenda: PresentAgenda
    meetings: LastMeetings
    changes: ComingChanges
    said: SaidIndex
    valuations: KeptValuations
    webhooks: Webhooks
    limits: ServiceLimits = LIMITS

    def labels(self, wanted: LabelsWanted, position: int | None = None) -> Labels:
        """What stands beside ids, as known at a position, or now."""
        known = self.ledger.head() if position is None else position
        return Labels(self.ledger, self.aliases.at(known), known, wanted)

    def close(self) -> None:
        """Let go of what follows from the ledger, which is no longer served."""
        self.webhooks.close()
        self.projections.close()
        self.finder.close()
        self.agenda.close()
        self.meetings.close()
        self.changes.close()
        self.said.close()


class Server:
    """Everything that one process serves."""

    is_beside = False
    """Whether another process records, and has the files of imports and results."""

    def __init__(
        self,
        folder: DataFolder,
        clock: Callable[[], int],
        settings: Settings,
        projections_of: Callable[[Ledger, Callable[[], int]], ProjectionQueries],
        limits: ServiceLimits = LIMITS,
        followers: FollowersElsewhere | None = None,
    ) -> None:
        """For ``bootstrap.build``, which opens the ledgers too. ``projections_of`` makes those of
        a ledger; ``followers`` speak to the process that follows, where that is another one.

        Raises:
            SettingsRefused: other machines could reach it without a key.
        """
        self.folder = folder
        self.clock = clock
        self.settings = settings
        self.limits = limits
        self._projections_of = projections_of
        self.followers = followers
        self.keys = open_access_keys(folder.store, clock)
        self.trails = Trails(folder.store, clock)
        self.rate_limits = RateLimits()
        self.room = FreeSpaceWatch(folder.path)
        self.confirmations = Confirmations(clock)
        self.usage_counts = UsageCounts()
        self._leaving: set[str] = set()
        self.ledgers: dict[str, OpenLedger] = {}
        self.unopened: dict[str, object] = {}
        """The ledgers that could not be opened, with the state of a damaged one then."""
        self.stopping = Stopping()
        """Told when the end begins: then it is not ready any more, and tails end."""
        self.metrics: object = None
        """What an application counts, once there is one."""
        self.worker: ThisWorker | None = None
        """This process as one of several that are watched together, if it is."""
        self.serial_executor = SerialExecutor()
        """Where short reads are worked out, one at a time, for all ledgers."""
        self.indexing = IndexingWorker()
        """What builds the index of every ledger, one part after the other."""
        self.sender = Sender(self.egress, limits.deliveries, clock)
        """What sends the webhooks of every ledger, once it is started."""
        self._observer: Callable[[str], CommitObserver] | None = None
        self._opening = threading.RLock()
        if self.keys.is_open():
            self._require_never_keyed()

    def _require_never_keyed(self) -> None:
        """Answer without keys only where that is safe, and none was ever made: see decision 15.

        Raises:
            SettingsRefused: other machines could reach it.
            Corrupt: the file of keys was taken away or emptied, or a trail is damaged.
        """
        try:
            self.settings.require_keys()
            if self.trails.tell_of_keys():
                raise Corrupt(
                    f"{self.folder.store.access_name} holds none of the access keys that the "
                    "audit trail tells of: put it back, or make a key with rapport keys create"
                )
        except BaseException:
            self.keys.close()
            self.trails.close()
            raise

    def open(self) -> None:
        """Open every ledger in the folder; one that cannot be opened keeps no other from serving.

        The problem is in the log and in ``/readyz``, and the next request for the ledger tries
        again. A damaged one is tried again once its files were changed, since reading them takes
        long.

        Raises:
            LedgerError: none of them can be opened, so that there is nothing to serve.
        """
        for name in self.trails.cut_off():
            whose = f"ledger {name}" if name else "the server"
            logger.error("the audit trail of %s lacks entries: rapport trail --verify", whose)
        first: LedgerError | None = None
        for name in self.folder.names():
            try:
                self._serve(name)
            except (Corrupt, Unavailable) as error:
                logger.error("ledger %s is not served: %s", name, error)
                first = first or error
        if first is not None and not self.ledgers:
            raise first

    def egress(self) -> Egress:
        """Where webhooks may be sent: over HTTPS alone once the server asks for keys."""
        allowed = read_networks(self.settings.webhook_allow)
        return Egress(allowed, plain=self.keys.is_open())

    def ledger(self, name: str) -> OpenLedger:
        """The ledger of that name.

        Raises:
            LedgerNotFound: there is none.
            Corrupt: it is damaged.
            Unavailable: it cannot be opened now; the log says why.
        """
        if name in self._leaving:
            raise LedgerNotFound(f"the ledger {name} is being deleted")
        if (served := self.ledgers.get(name)) is not None:
            return served
        try:
            return self._serve(name)
        except Unavailable as error:
            logger.error("ledger %s could not be opened: %s", name, error)
            raise Unavailable(f"the ledger {name} cannot be opened now") from error

    def all_settings(self) -> list[LedgerSettings]:
        """What every ledger in the folder is, by name, also where one cannot be opened now."""
        found: list[LedgerSettings] = []
        for name in self.folder.names():
            try:
                found.append(self.folder.settings(name))
            except LedgerError as error:
                # One that cannot be read must not hide the others.
                logger.error("ledger %s is left out of the list: %s", name, error)
        return found

    def create(
        self, name: str, time_zone: str | None = None, region: str | None = None
    ) -> tuple[OpenLedger, bool]:
        """The ledger of that name, and whether it was made just now.

        Raises:
            Invalid: the name, the time zone or the region cannot be.
            Unavailable: nothing can be made; the log says what is wrong with the folder.
        """
        with self._opening:
            made = False
            try:
                _, made = self.folder.create(name, time_zone, region)
                return self._serve(name), made
            except Unavailable as error:
                if made:
                    self.folder.discard(name)
                    self.unopened.pop(name, None)
                logger.error("ledger %s could not be made or opened: %s", name, error)
                raise Unavailable("the server's data folder cannot take another ledger") from error

    def archive(self, name: str, archived: bool) -> bool:
        """Have a ledger take no more events and policies, or take them again.

        False where it was so already.

        Raises:
            LedgerError: as ``DataFolder.archive``.
        """
        with self._opening:
            return self.folder.archive(name, archived)

    def delete(self, name: str, confirmed: Callable[[], object] = lambda: None) -> None:
        """Delete a ledger, with the keys that are for it alone.

        Requests under way are answered first, and its streams are cut off. ``confirmed``
        is called when no request is under way, and raises where it is not to be deleted after all.

        Raises:
            LedgerNotFound: there is none.
            Unavailable: it is asked for too long, or cannot be removed; it is there as before.
        """
        with self._opening:
            if name not in self.folder.names():
                raise LedgerNotFound(f"no ledger is named {name!r}")
            self._leaving.add(name)
            try:
                if not self.usage_counts.all_left(name, self.limits.leaving_seconds):
                    raise Unavailable(f"the ledger {name} answers requests: try again in a moment")
                confirmed()
                self.keys.revoke_all_of(name)
                self.sender.let_go(name)
                if (served := self.ledgers.pop(name, None)) is not None:
                    served.close()
                if self.followers is not None:
                    self.followers.let_go(name)
                self.trails.let_go(name)
                self.folder.delete(name)
                self.unopened.pop(name, None)
            finally:
                self._leaving.discard(name)

    def state_of(self, name: str) -> tuple[str | None, int | None]:
        """Origin and newest position of a ledger, for a question about all of it.

        None where it is too damaged to tell: such a one can be deleted too.

        Raises:
            LedgerNotFound: there is none.
        """
        try:
            # Not as others ask for it: also while it waits to be deleted.
            ledger = (self.ledgers.get(name) or self._serve(name)).ledger
        except (Corrupt, Unavailable):
            return None, None
        return ledger.transparency.origin, ledger.head()

    def observe(self, observer_of: Callable[[str], CommitObserver]) -> None:
        """Have the commits of every ledger, also of those to come, told to its observer."""
        with self._opening:
            self._observer = observer_of
            for name, served in self.ledgers.items():
                served.ledger.observe(observer_of(name))

    def is_lost(self) -> bool:
        """Whether another server took over recording in a ledger; then all is opened again."""
        return any(served.ledger.is_lost() for served in list(self.ledgers.values()))

    def close(self, last: Callable[[], object] = lambda: None) -> None:
        """End streams, record and sign what was accepted, stop the subscriptions, release the
        folder. ``last`` is called when everything is recorded, before the folder is released.
        """
        self.stopping.begin()
        self.sender.close()
        for served in self.ledgers.values():
            served.webhooks.close()
            served.projections.close()
        self.serial_executor.close()
        self.indexing.close()
        self.keys.close()
        self.trails.close()
        self.folder.close(last)

    def _serve(self, name: str) -> OpenLedger:
        with self._opening:
            if name not in self.ledgers:
                found = self.folder.state_of(name)
                if found == self.unopened.get(name):
                    raise Corrupt(f"the ledger {name} is still damaged: its files have not changed")
                try:
                    self.ledgers[name] = self._open(name)
                except Corrupt:
                    self.unopened[name] = self.folder.state_of(name)
                    raise
                except Unavailable:
                    self.unopened[name] = None
                    raise
                self.unopened.pop(name, None)
            return self.ledgers[name]

    def _open(self, name: str) -> OpenLedger:
        ledger = self.folder.ledger(name)
        results = Results(ledger.store.results_folder(), beside=self.is_beside)
        projections = self._projections_of(ledger, self.clock)
        projections.start()
        if self._observer is not None:
            ledger.observe(self._observer(name))
        aliases = KnownAliases(ledger)
        statuses = AnswerCache(ledger, ledger.memory.share(STATUSES))
        cards = AnswerCache(ledger, ledger.memory.share(CARDS))
        outbox = OutboxReader(projections.outbox, ledger.head)
        webhooks = Webhooks(ledger, outbox.number_before, self.clock)
        self.sender.follow(webhooks, outbox)
        return OpenLedger(
            ledger,
            projections,
            aliases,
            results,
            statuses,
            cards,
            Finder(ledger, self.indexing),
            Imports(ledger, projections.operations, self.clock, beside=self.is_beside),
            PresentAgenda(ledger, projections, aliases, self.indexing),
            LastMeetings(ledger),
            ComingChanges(ledger),
            SaidIndex(ledger, aliases, self.indexing),
            KeptValuations(ledger),
            webhooks,
            self.limits,
        )
