"""Queries about a whole ledger, its log, long operations, and everything about one person."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

from rapport_client.answers.operations import ReplayedStatus
from rapport_client.answers.previews import PreviewedChange
from rapport_client.asynchronous.care_queries import AsyncCareQueries
from rapport_client.operations import OperationT, Result, id_of, is_running, pauses
from rapport_client.retries import RETRIED

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from rapport_client.answers.calibration import Calibration
    from rapport_client.answers.contacts import Duplicate, FoundContact
    from rapport_client.answers.imports import Import, ListedImport
    from rapport_client.answers.ledgers import PolicyVersion
    from rapport_client.answers.operations import (
        FitOperation,
        Operation,
        PreviewOperation,
        RebuildOperation,
        ReplayOperation,
        UndoOperation,
    )
    from rapport_client.answers.persons import Erased, Person
    from rapport_client.answers.proofs import ConsistencyProof, InclusionProof
    from rapport_client.answers.standings import Standing, StandingRow
    from rapport_client.answers.statuses import Restatement, StatusRow, Summary
    from rapport_client.events import ContactName

T = TypeVar("T")


class AsyncLedgerQueries(AsyncCareQueries):
    """The queries for auditors, for owners, and for those responsible for personal data."""

    def statuses(
        self,
        *,
        stage: str | None = None,
        flag: str | None = None,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        sort: str | None = None,
        min_position: int | None = None,
        page: int = 500,
        show: Sequence[str] = (),
    ) -> AsyncGenerator[StatusRow, None]:
        """Where contacts stand, by ``sort``: ``score`` or ``since``; ``page`` at a time (1..1000).

        Of large ledgers and other times or policies, ``replay`` tells the same at once.

        ``show`` is what stands beside their ids: ``names``, ``refs`` or both.
        """
        return self._pages(
            self._ledger_requests.statuses(
                stage, flag, as_of, as_known_at, policy_version, sort, min_position, page, show
            )
        )

    def contacts(
        self,
        *,
        search: str | None = None,
        name: str | None = None,
        stage: str | None = None,
        flag: str | None = None,
        standing: str | None = None,
        steward: str | None = None,
        consent: tuple[str, str] | None = None,
        sort: str | None = None,
        min_position: int | None = None,
        page: int = 500,
        show: Sequence[str] = (),
    ) -> AsyncGenerator[FoundContact, None]:
        """Contacts that are called so, and all of what is asked: of a stage, with a flag.

        ``search`` finds words of names, refs, e-mail addresses and phone numbers, the best first,
        and forgives a mistake or two in a name; ``name`` finds a part of a name.
        ``consent`` is a purpose and a channel, such as ``("marketing", "email")``.
        ``steward`` is who of ours looks after them. Without a search they come by ``sort``:
        ``score`` or ``since``, the greatest first.

        ``show`` is what stands beside their ids: ``names``, ``refs`` or both.
        """
        return self._pages(
            self._ledger_requests.contacts(
                search=search,
                name=name,
                stage=stage,
                flag=flag,
                standing=standing,
                steward=steward,
                consent=consent,
                sort=sort,
                min_position=min_position,
                limit=page,
                show=show,
            )
        )

    def duplicates(self, *, page: int = 500) -> AsyncGenerator[Duplicate, None]:
        """Contacts that may be one person, the likeliest first; ``page`` at a time (1..1000)."""
        return self._pages(self._ledger_requests.duplicates(page))

    async def standing(
        self,
        contact: ContactName,
        *,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
    ) -> Standing:
        """The standing of a contact as a referral partner: now, or at ``as_of``."""
        request = self._ledger_requests.standing(
            contact, as_of, as_known_at, policy_version, min_position
        )
        return await self._send(request)

    def standings(
        self,
        *,
        standing: str | None = None,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        sort: str | None = None,
        min_position: int | None = None,
        page: int = 500,
        show: Sequence[str] = (),
    ) -> AsyncGenerator[StandingRow, None]:
        """Referral partners, the most influential first; ``page`` at a time (1..1000).

        Of other times, knowledge or policies they come by their ids, unless ``sort`` is
        ``influence``, which takes a ledger of up to 20,000 events.

        ``show`` is what stands beside their ids: ``names``, ``refs`` or both.
        """
        return self._pages(
            self._ledger_requests.standings(
                standing, as_of, as_known_at, policy_version, sort, min_position, page, show
            )
        )

    def policies(self) -> AsyncGenerator[PolicyVersion, None]:
        """Every version of the policy that was published, the first first."""
        return self._pages(self._ledger_requests.policies())

    async def summary(
        self,
        *,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
    ) -> Summary:
        """The number of contacts in each stage: now, or at ``as_of``."""
        request = self._ledger_requests.summary(as_of, as_known_at, policy_version, min_position)
        return await self._send(request)

    async def calibration(
        self,
        *,
        from_: datetime | None = None,
        to: datetime | None = None,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
    ) -> Calibration:
        """How right the falls from ``from_`` up to ``to`` were, and what clients brought.

        With ``as_known_at`` or ``policy_version`` it takes a ledger of up to 200,000 events.
        """
        at = as_of, as_known_at, policy_version
        return await self._send(self._ledger_requests.calibration(from_, to, *at, min_position))

    def restatements(
        self,
        *,
        since_position: int = 0,
        contact: ContactName | None = None,
        min_position: int | None = None,
        page: int = 500,
        show: Sequence[str] = (),
    ) -> AsyncGenerator[Restatement, None]:
        """Which stages that had been believed the events after a position changed.

        ``show`` is what stands beside their ids: ``names``, ``refs`` or both.
        """
        return self._pages(
            self._ledger_requests.restatements(since_position, contact, min_position, page, show)
        )

    async def replay(
        self,
        *,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
    ) -> ReplayOperation:
        """Start to compute the stage of every contact: ``wait`` for it, then read ``replayed``.

        The same arguments always give the same lines with the same ``digest``.
        """
        return await self._send(self._ledger_requests.replay(as_of, as_known_at, policy_version))

    async def preview(
        self,
        policy: str | Mapping[str, object],
        *,
        effective_from: datetime | None = None,
        from_: datetime | None = None,
        to: datetime | None = None,
    ) -> PreviewOperation:
        """Start to compute which stages a policy would change; nothing is published.

        ``policy`` is the name of a preset, or a document. ``wait`` for it, then read ``previewed``.
        """
        return await self._send(self._ledger_requests.preview(policy, effective_from, from_, to))

    async def fit(
        self,
        policy: str | Mapping[str, object],
        *,
        stay: int = 2,
        of: int = 3,
        as_of: datetime | None = None,
    ) -> FitOperation:
        """Start to fit a policy to the ledger's own purchases; nothing is published.

        ``policy`` is the name of a preset, or a document. ``stay`` of ``of`` falls are to stay.
        ``wait`` for it: the ``policy`` of its ``result`` can be previewed and published.
        """
        return await self._send(self._ledger_requests.fit(policy, stay, of, as_of))

    async def rebuild(self, projection: str) -> RebuildOperation:
        """Start to rebuild a projection; ``drift`` of its ``result`` says what differed."""
        return await self._send(self._ledger_requests.rebuild(projection))

    async def import_rows(
        self,
        file: bytes,
        *,
        mapping: str | None = None,
        mapping_toml: str | None = None,
        settings: Mapping[str, str] | None = None,
        dry_run: bool = False,
    ) -> Import:
        """Send a file of rows, with the name of a ready ``mapping`` or one in TOML.

        The same call continues an import that did not come to its end. Its operation has the same
        id: ``wait`` for ``operation(found.id)``, then read ``import_state``.
        """
        return await self._send(
            self._ledger_requests.import_rows(
                file, mapping, mapping_toml, settings, dry_run=dry_run
            )
        )

    def imports(self) -> AsyncGenerator[ListedImport, None]:
        """The imports that were sent to the server, the newest first."""
        return self._pages(self._ledger_requests.imports())

    async def import_state(self, import_id: UUID) -> Import:
        """An import as it is now."""
        return await self._send(self._ledger_requests.import_state(import_id))

    async def rejects(self, import_id: UUID) -> bytes:
        """The rejected rows of an import as CSV, with the reasons."""
        return await self._send(self._ledger_requests.rejects(import_id))

    async def undo_import(self, import_id: UUID) -> UndoOperation:
        """Start to retract what an import appended; its ``result`` lists what is left."""
        return await self._send(self._ledger_requests.undo_import(import_id))

    async def operation(self, operation_id: UUID) -> Operation:
        """A long operation as it is now, in the class for its kind, such as ReplayOperation."""
        return await self._send(self._ledger_requests.operation(operation_id))

    async def wait(self, operation: OperationT, *, timeout_seconds: float = math.inf) -> OperationT:
        """The operation after it ended, or as it is once ``timeout_seconds`` have passed."""
        found = await self._send(self._ledger_requests.same_operation(operation))
        for pause in pauses(timeout_seconds):
            if not is_running(found):
                break
            await self._sleep(pause)
            found = await self._send(self._ledger_requests.same_operation(operation))
        return found

    async def cancel(self, operation: OperationT) -> OperationT:
        """Ask the operation to end at its next step; ``wait`` returns after it did."""
        return await self._send(self._ledger_requests.cancel(operation))

    def replayed(self, operation: ReplayOperation | UUID) -> AsyncGenerator[ReplayedStatus, None]:
        """The lines of a replay that succeeded, ordered by contact id, in constant memory.

        All lines together are compared with their digest. A cut connection is resumed.
        """
        return self._result(id_of(operation), ReplayedStatus)

    def previewed(
        self, operation: PreviewOperation | UUID
    ) -> AsyncGenerator[PreviewedChange, None]:
        """The lines of a preview that succeeded, as ``replayed`` reads those of a replay."""
        return self._result(id_of(operation), PreviewedChange)

    async def inclusion(self, position: int, *, tree_size: int | None = None) -> InclusionProof:
        """The proof that an event stands in the tree of that size, or of the last checkpoint."""
        return await self._send(self._ledger_requests.inclusion(position, tree_size))

    async def consistency(self, first: int, second: int | None = None) -> ConsistencyProof:
        """The proof that a tree of ``first`` events is how one of ``second``, or the last, begins.

        Keep a checkpoint, and ask with its size: then nobody can have rewritten what it covers.
        """
        return await self._send(self._ledger_requests.consistency(first, second))

    async def entry(self, position: int) -> bytes:
        """The entry whose hash is the leaf of an event; it does not contain the event's content."""
        return await self._send(self._ledger_requests.entry(position))

    async def person(self, contact: ContactName) -> Person:
        """Everything that is stored about a person, decrypted. The audit trail records it."""
        return await self._send(self._ledger_requests.person(contact))

    async def person_page(self, contact: ContactName) -> bytes:
        """The same as an independent HTML page, for the person to read."""
        return await self._send(self._ledger_requests.person_page(contact))

    async def erase(self, contact: ContactName, *, requested_by: str, reason: str) -> Erased:
        """Make the data of a person unreadable forever. It cannot be undone.

        ``requested_by`` stays readable: say a role, such as ``the person``. Asked again, it answers
        the same.
        """
        return await self._send(self._ledger_requests.erase(contact, requested_by, reason))

    async def _result(self, operation_id: UUID, cls: type[T]) -> AsyncGenerator[T, None]:
        result, attempts = Result(cls), self._retries.begin()
        while True:
            try:
                async with self._lines(self._ledger_requests.result(operation_id)) as (
                    headers,
                    lines,
                ):
                    result.begin()
                    async for line in lines:
                        if (found := result.take(line)) is not None:
                            attempts = self._retries.begin()
                            yield found
                    result.require_whole(headers["etag"])
                    return
            except RETRIED as failure:
                await self._sleep(attempts.pause_after(failure))
