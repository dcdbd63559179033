"""The same as ``inquiring``, in coroutines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

from api.client.accounts import PreviewedChange, ReplayedStatus
from api.client.operations import Result, id_of, is_running, pauses
from api.client.retries import RETRIED
from api.client.sending import AsyncSender

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from datetime import datetime
    from uuid import UUID

    from api.client.accounts import (
        ConsistencyProof,
        Erased,
        FoundContact,
        InclusionProof,
        Operation,
        Person,
        Policy,
        Restatement,
        Standing,
        StandingRow,
        StatusRow,
        Summary,
    )
    from api.client.events import ContactName

T = TypeVar("T")


class AsyncInquiring(AsyncSender):
    """The part of ``AsyncClient`` for auditors, owners and whoever looks after people's data."""

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
    ) -> AsyncGenerator[StatusRow, None]:
        """Where contacts stand, by ``sort``: ``score`` or ``since``; ``page`` at a time (1..1000).

        Of large ledgers and other times or policies, ``replay`` tells the same at once.
        """
        return self._pages(
            self._inquire.statuses(
                stage, flag, as_of, as_known_at, policy_version, sort, min_position, page
            )
        )

    def contacts(
        self,
        *,
        name: str | None = None,
        stage: str | None = None,
        flag: str | None = None,
        consent: tuple[str, str] | None = None,
        min_position: int | None = None,
        page: int = 500,
    ) -> AsyncGenerator[FoundContact, None]:
        """Contacts by name or part of one, by stage, by flag, or who they are that allow something.

        ``consent`` is a purpose and a channel, such as ``("marketing", "email")``.
        """
        return self._pages(self._inquire.contacts(name, stage, flag, consent, min_position, page))

    async def standing(
        self,
        contact: ContactName,
        *,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
    ) -> Standing:
        """How a contact stands as a referral partner: now, or at ``as_of``."""
        asked = self._inquire.standing(contact, as_of, as_known_at, policy_version, min_position)
        return await self._ask(asked)

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
    ) -> AsyncGenerator[StandingRow, None]:
        """Referral partners, the most influential first; ``page`` at a time (1..1000).

        Of other times, knowledge or policies they come by their ids, unless ``sort`` is
        ``influence``, which takes a ledger of up to 20,000 events.
        """
        return self._pages(
            self._inquire.standings(
                standing, as_of, as_known_at, policy_version, sort, min_position, page
            )
        )

    def policies(self) -> AsyncGenerator[Policy, None]:
        """Every version of the policy that was published, the first first."""
        return self._pages(self._inquire.policies())

    async def summary(
        self,
        *,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
    ) -> Summary:
        """How many contacts are in each stage: now, or at ``as_of``."""
        asked = self._inquire.summary(as_of, as_known_at, policy_version, min_position)
        return await self._ask(asked)

    def restatements(
        self,
        *,
        since_position: int = 0,
        contact: ContactName | None = None,
        min_position: int | None = None,
        page: int = 500,
    ) -> AsyncGenerator[Restatement, None]:
        """Which stages that had been believed the events after a position changed."""
        return self._pages(self._inquire.restatements(since_position, contact, min_position, page))

    async def replay(
        self,
        *,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
    ) -> Operation:
        """Begin to work out where every contact stood: ``wait`` for it, then ``replayed`` has it.

        The same question has the same lines and the same ``digest``, for ever.
        """
        return await self._ask(self._inquire.replay(as_of, as_known_at, policy_version))

    async def preview(
        self,
        policy: str | Mapping[str, object],
        *,
        effective_from: datetime | None = None,
        from_: datetime | None = None,
        to: datetime | None = None,
    ) -> Operation:
        """Begin to work out whom a policy would make another; nothing is published.

        ``policy`` is the name of a preset, or a document. ``wait`` for it, then ``previewed`` has
        the contacts.
        """
        return await self._ask(self._inquire.preview(policy, effective_from, from_, to))

    async def rebuild(self, projection: str) -> Operation:
        """Begin to build a projection anew; its ``result`` says what differed, if anything did."""
        return await self._ask(self._inquire.rebuild(projection))

    async def operation(self, operation: Operation | UUID) -> Operation:
        """How far it is now."""
        return await self._ask(self._inquire.operation(id_of(operation)))

    async def wait(
        self, operation: Operation | UUID, *, timeout_seconds: float = math.inf
    ) -> Operation:
        """The operation once it ended, or as it stands when so many seconds were waited."""
        found = await self.operation(operation)
        for pause in pauses(timeout_seconds):
            if not is_running(found):
                break
            await self._sleep(pause)
            found = await self.operation(operation)
        return found

    async def cancel(self, operation: Operation | UUID) -> Operation:
        """Ask it to end, which it does at its next step: ``wait`` tells when."""
        return await self._ask(self._inquire.cancel(id_of(operation)))

    def replayed(self, operation: Operation | UUID) -> AsyncGenerator[ReplayedStatus, None]:
        """The contacts of a replay that has succeeded, by id, in constant memory.

        They were held against their digest once the last is given; a cut connection is mended.
        """
        return self._result(id_of(operation), ReplayedStatus)

    def previewed(self, operation: Operation | UUID) -> AsyncGenerator[PreviewedChange, None]:
        """The contacts that a preview would make another, by id; as ``replayed``."""
        return self._result(id_of(operation), PreviewedChange)

    async def inclusion(self, position: int, *, tree_size: int | None = None) -> InclusionProof:
        """The proof that an event stands in the tree of that size, or of the last checkpoint."""
        return await self._ask(self._inquire.inclusion(position, tree_size))

    async def consistency(self, first: int, second: int | None = None) -> ConsistencyProof:
        """The proof that a tree of ``first`` events is how one of ``second``, or the last, begins.

        Keep a checkpoint, and ask with its size: then nobody can have rewritten what it covers.
        """
        return await self._ask(self._inquire.consistency(first, second))

    async def entry(self, position: int) -> bytes:
        """What the leaf of an event is the hash of; it says nothing of the event's content."""
        return await self._ask(self._inquire.entry(position))

    async def person(self, contact: ContactName) -> Person:
        """Everything that is held about somebody, in clear; it stands in the audit trail."""
        return await self._ask(self._inquire.person(contact))

    async def person_page(self, contact: ContactName) -> bytes:
        """The same as a page of HTML that stands alone, for the person to read."""
        return await self._ask(self._inquire.person_page(contact))

    async def erase(self, contact: ContactName, *, requested_by: str, reason: str) -> Erased:
        """Make what is personal about somebody unreadable for ever. It cannot be undone.

        ``requested_by`` stays readable: say a role, such as ``the person``. Asked again, it answers
        the same.
        """
        return await self._ask(self._inquire.erase(contact, requested_by, reason))

    async def _result(self, operation_id: UUID, cls: type[T]) -> AsyncGenerator[T, None]:
        result, attempts = Result(cls), self._retries.begin()
        while True:
            try:
                async with self._lines(self._inquire.result(operation_id)) as (headers, lines):
                    result.begin()
                    async for line in lines:
                        if (found := result.take(line)) is not None:
                            attempts = self._retries.begin()
                            yield found
                    result.require_whole(headers["etag"])
                    return
            except RETRIED as failure:
                await self._sleep(attempts.pause_after(failure))
