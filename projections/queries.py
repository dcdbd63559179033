"""What is asked of the projections of one ledger, whichever process keeps them current.

Rows, positions and failures are read from the store of the tables alone, so that a process that
only answers has nothing of the one that follows the log in its memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING

from domain.errors import Invalid, ProjectionBehind, ProjectionNotFound
from projections import generations, restatement_reading, standing_reading, status_reading
from projections.agenda_reading import AgendaRows
from projections.answers import (
    CalibrationSnapshot,
    ContactStanding,
    ContactStatus,
    Cursor,
    Page,
    ProjectionDigest,
    ProjectionState,
    Referrals,
    StatusesOf,
    StatusRow,
    Summary,
)
from projections.digest import digest
from projections.generations import BUILDING, FAILED, Generation, Tables
from projections.operations import Operation, Operations
from projections.outbox_reading import OutboxRows
from projections.rebuild import tip_at
from projections.snapshot import Snapshot
from projections.standing_reading import PartnerRows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from uuid import UUID

    from projections.builds import ReadModel
    from projections.range_filling import FillElsewhere
    from projections.restatement_reading import Place, RestatementPage
    from projections.source import EventSource
    from projections.tables import TableReader


class ProjectionQueries(ABC):
    """The questions about the projections of one ledger, and the long work on them.

    Any thread may call.
    """

    def __init__(
        self,
        source: EventSource,
        store: TableReader,
        clock: Callable[[], int],
        projections: Sequence[ReadModel],
    ) -> None:
        self._source = source
        self._store = store
        self._clock = clock
        self._projections = {projection.name: projection for projection in projections}
        self.operations = Operations()
        self._outbox = OutboxRows(store, projections)

    @property
    def outbox(self) -> OutboxRows:
        """What follows from events and is to be sent to others."""
        return self._outbox

    @abstractmethod
    def start(self) -> None:
        """Begin to follow the log, or to hear from who follows it."""

    @abstractmethod
    def close(self) -> None:
        """Stop following and end what is running; a rebuild under way is given up."""

    @abstractmethod
    def wake(self) -> None:
        """Say that the log has grown. From any thread, and cheap."""

    @abstractmethod
    def wait_for(self, position: int, timeout_seconds: float, name: str = "status") -> int:
        """The position that a projection reflects, once that is at least ``position``.

        Raises:
            ProjectionNotFound: there is no such projection.
            ProjectionBehind: it did not get there in time, or cannot.
        """

    @abstractmethod
    def when_reached(
        self, position: int, callback: Callable[[], object], name: str = "status"
    ) -> Callable[[], object]:
        """Call back once, from any thread, when a projection gets to a position or never will.

        For callers that must not block: ``wait_for`` with no time to wait gives the reason. Returns
        what lets go of the callback before that.

        Raises:
            ProjectionNotFound: there is no such projection.
        """

    @abstractmethod
    def rebuild(
        self, name: str, jobs: int = 1, elsewhere: FillElsewhere | None = None
    ) -> Operation:
        """Rebuild a projection in the background; if that is under way, the same operation.

        A long log is folded in up to ``jobs`` processes, or by ``elsewhere``, where the projections
        are in this one.

        Raises:
            ProjectionNotFound: there is no such projection.
        """

    @abstractmethod
    def rebuild_all(self, jobs: int = 1, elsewhere: FillElsewhere | None = None) -> Operation:
        """Rebuild every projection in one pass; if that is under way, the same operation.

        Its result has under ``rebuilds`` what the rebuild of each came to.
        """

    @abstractmethod
    def _generation(self, name: str, known: Sequence[Generation]) -> Generation:
        """The generation of a projection that answers; ``known`` are those in the store."""

    @abstractmethod
    def _trouble(self, name: str) -> str | None:
        """What keeps a projection from moving just now, if anything does."""

    @abstractmethod
    def _settle(self, name: str) -> None:
        """Wait a moment where the rows of a projection are about to be made for the present."""

    def states(self) -> list[ProjectionState]:
        """How each projection is."""
        known = self._stored_generations()
        rebuilding = {one.projection for one in known if one.state == BUILDING}
        return [
            self._state(self._generation(name, known), rebuilding) for name in self._projections
        ]

    def _stored_generations(self) -> Sequence[Generation]:
        """The generations in the store, of all projections."""
        with self._store.read() as transaction:
            return generations.generations(transaction)

    def digest(self, name: str) -> ProjectionDigest:
        """What a projection holds, in one figure.

        Raises:
            ProjectionNotFound: there is no such projection.
        """
        projection = self._projection(name)
        with self._snapshot(name) as snapshot:
            figure = digest(projection, snapshot.tables)
        return ProjectionDigest(name, projection.version, snapshot.position, snapshot.as_of, figure)

    def require(self, name: str) -> None:
        """Let pass the name of a projection.

        Raises:
            ProjectionNotFound: there is none of that name.
        """
        self._projection(name)

    def operation(self, operation_id: UUID) -> Operation:
        """An operation as it stands now.

        Raises:
            OperationNotFound: there was none, or it ended long ago.
        """
        return self.operations.get(operation_id)

    def cancel(self, operation_id: UUID) -> Operation:
        """Ask an operation to end.

        Raises:
            OperationNotFound: there was none, or it ended long ago.
        """
        return self.operations.cancel(operation_id)

    def contact_status(self, contact_id: UUID) -> ContactStatus | None:
        """Where a contact stands now, or the one that stands for it; None for an unknown one."""
        with self._snapshot("status") as snapshot:
            return status_reading.read_status(
                snapshot.tables, contact_id, snapshot.position, snapshot.as_of
            )

    def contact_statuses(self, contacts: Sequence[UUID]) -> StatusesOf:
        """Where these contacts stand now, who stand for themselves; unknown ones are left out."""
        with self._snapshot("status") as snapshot:
            rows = status_reading.read_rows(snapshot.tables, contacts)
            return StatusesOf(rows, snapshot.position, snapshot.as_of)

    def statuses(
        self,
        *,
        stage: str | None = None,
        flag: str | None = None,
        sort: str = "score",
        after: Cursor | None = None,
        limit: int = 100,
        as_of: int | None = None,
    ) -> Page[StatusRow]:
        """Contacts by ``score`` or ``since``, greatest first, of one stage or with one flag.

        At a past instant scores are those with which the intervals began, and flags are left out:
        who shows them folds the contacts.

        Raises:
            Invalid: an instant that lies ahead, or a flag at a past instant.
            ProjectionBehind: the clock has not fired yet for that instant.
        """
        with self._snapshot("status") as snapshot:
            if as_of is None:
                items, following = status_reading.read_statuses(
                    snapshot.tables, stage=stage, flag=flag, sort=sort, after=after, limit=limit
                )
                return Page(items, following, snapshot.position, snapshot.as_of)
            snapshot.require_known(as_of)
            if flag is not None:
                raise Invalid.at("/flag", "contradiction", "flags are known for the present only")
            items, following = status_reading.read_statuses_then(
                snapshot.tables, as_of, stage=stage, sort=sort, after=after, limit=limit
            )
            return Page(items, following, snapshot.position, as_of)

    def summary(self, as_of: int | None = None) -> Summary:
        """How many contacts are in each stage, now or at a past instant.

        Raises:
            Invalid: an instant that lies ahead.
            ProjectionBehind: the clock has not fired yet for that instant.
        """
        with self._snapshot("status") as snapshot:
            if as_of is None:
                return status_reading.read_summary(
                    snapshot.tables, snapshot.position, snapshot.as_of
                )
            snapshot.require_known(as_of)
            return status_reading.read_summary_then(snapshot.tables, as_of, snapshot.position)

    def flag_counts(self) -> dict[tuple[str, str], int]:
        """How many contacts have each flag now, by stage and flag; the rest is left out."""
        with self._snapshot("status") as snapshot:
            return status_reading.read_flags(snapshot.tables)

    def calibration(
        self, from_at: int | None = None, to_at: int | None = None, as_of: int | None = None
    ) -> CalibrationSnapshot:
        """How right the falls of a period were, and what clients were worth, now or as of then.

        The period is half-open; a bound that is None is left open.

        Raises:
            Invalid: an instant that lies ahead.
            ProjectionBehind: the clock has not fired yet for that instant.
        """
        with self._snapshot("status") as snapshot:
            if as_of is not None:
                snapshot.require_known(as_of)
            at = snapshot.as_of if as_of is None else as_of
            return status_reading.read_calibration(
                snapshot.tables, snapshot.position, at, from_at, to_at
            )

    def contact_standing(self, contact_id: UUID) -> ContactStanding:
        """Where a contact stands as a referral partner; ``none`` for an unknown one."""
        with self._snapshot("standing") as snapshot:
            return standing_reading.read_contact_standing(
                snapshot.tables, contact_id, snapshot.position, snapshot.as_of
            )

    def standings(
        self, *, standing: str | None = None, after: Cursor | None = None, limit: int = 100
    ) -> Page[ContactStanding]:
        """Everyone who referred or was sent someone, the most influential first."""
        with self._snapshot("standing") as snapshot:
            return standing_reading.read_standings(
                snapshot.tables,
                named=standing,
                after=after,
                limit=limit,
                position=snapshot.position,
                as_of=snapshot.as_of,
            )

    def standing_counts(self) -> dict[str, int]:
        """How many contacts have each standing now; those without any referral are left out."""
        with self._snapshot("standing") as snapshot:
            return standing_reading.read_counts(snapshot.tables)

    def referrals(self, contact_id: UUID) -> Referrals:
        """The referrals that a contact made, and those that name it."""
        with self._snapshot("standing") as snapshot:
            return standing_reading.read_referrals(
                snapshot.tables, contact_id, snapshot.position, snapshot.as_of
            )

    @contextmanager
    def partners(self) -> Iterator[PartnerRows]:
        """The rows of referral partners and referrals, of one position and instant."""
        with self._snapshot("standing") as snapshot:
            yield PartnerRows(snapshot.tables, snapshot.position, snapshot.as_of)

    @contextmanager
    def agenda_rows(self) -> Iterator[AgendaRows]:
        """What the rows say of the agendas at the present, of one position and instant."""
        with self._snapshot("agenda") as snapshot:
            yield AgendaRows(snapshot.tables, snapshot.position, snapshot.as_of)

    def restatements(
        self,
        *,
        since_position: int = 0,
        contact: UUID | None = None,
        after: Place | None = None,
        limit: int = 100,
    ) -> RestatementPage:
        """What events after a position restated, of every contact or of one, by position."""
        with self._snapshot("restatements") as snapshot:
            return restatement_reading.read_restatements(
                snapshot.tables,
                snapshot.position,
                since_position=since_position,
                contact=contact,
                after=after,
                limit=limit,
            )

    def _projection(self, name: str) -> ReadModel:
        if name not in self._projections:
            there_are = ", ".join(self._projections)
            raise ProjectionNotFound(f"there is no projection {name}; there are {there_are}")
        return self._projections[name]

    def _state(self, generation: Generation, rebuilding: Collection[str]) -> ProjectionState:
        name = generation.projection
        trouble = self._trouble(name)
        state = generation.state
        if name in rebuilding:
            state = "rebuilding"
        elif trouble is not None and state != FAILED:
            state = "waiting"
        return ProjectionState(
            name=name,
            version=generation.version,
            position=generation.position,
            lag=max(self._source.head() - generation.position, 0),
            state=state,
            problem=generation.problem or trouble,
        )

    @contextmanager
    def _snapshot(self, name: str) -> Iterator[Snapshot]:
        """The live tables as of one instant. Rows hold from ``as_of`` until the next breakpoint.

        Where the clock was put back, they are made for the present first; ``as_of`` lies ahead of
        ``now`` where that takes too long to wait for.
        """
        projection = self._projection(name)
        self._settle(name)
        with self._store.read() as connection:
            generation = generations.current(connection, name)
            if generation is None:
                raise ProjectionBehind(f"projection {name} is being opened")
            now = self._clock()
            tables = Tables(connection, generation)
            until = projection.next_breakpoint(tables)
            as_of = generation.as_of
            if now > as_of and (until is None or now < until):
                as_of = now
            yield Snapshot(tables, generation.position, as_of, now, until)


def continues(found: Generation, projection: ReadModel, source: EventSource) -> bool:
    """Whether it was made by this version of the projection, from a beginning of this very log."""
    return (
        found.version == projection.version
        and found.position <= source.head()
        and found.tip == tip_at(source, found.position)
    )
