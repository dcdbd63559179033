"""What one transaction is going to record: appends decided one after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING

from domain.decisions import Request, decide
from domain.decisions.erasure import erase
from domain.errors import FieldError, Invalid, Refused, VersionMismatch
from domain.events.governance import EventCorrected, PolicyPublished
from domain.instants import DAY
from domain.policy import digest
from domain.recorded import POLICY_STREAM, RecordedEvent
from ledger.addressing import Addressing
from ledger.drafts import Append, AppendedEvent, AppendResult
from ledger.erasure import ErasureResult, erased_contact
from ledger.identifiers import address_id, companion_id
from ledger.mapper import EVERYTHING
from ledger.published_policies import policy_version
from ledger.replays import check_same
from ledger.working import Working

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from uuid import UUID

    from domain.aliases import Aliases
    from domain.kinds import ContactNames
    from domain.policy import Policy
    from domain.timeline import PolicyTimeline, PolicyVersion
    from ledger.clock import RecordingClock, Stamp
    from ledger.drafts import Draft
    from ledger.erasure import Erasure
    from ledger.identifiers import EventIds
    from ledger.mapper import LedgerMapper, LedgerStoredEvent
    from ledger.state_cache import ContactStates
    from ledger.stores.events import EventStore, Row

MOST_AHEAD = DAY
"""How far ahead of the wall clock an event may occur."""


@dataclass(frozen=True, kw_only=True)
class Publication:
    """A policy to publish; in force from now where ``effective_from`` is absent."""

    policy: Policy
    effective_from: int | None


@dataclass(kw_only=True)
class DecisionContext:
    """What all batches of a ledger share; only the committer's thread touches it."""

    namespace: UUID | None
    names: ContactNames
    ids: EventIds
    clock: RecordingClock
    states: ContactStates
    mapper: LedgerMapper
    recorder: EventStore
    policies: PolicyTimeline
    aliases: Aliases
    head: int
    newest_at: int
    """When the newest event was recorded; 0 before the first. For the loader of the context."""


class Batch:
    """The events of one transaction. What ``take`` refuses leaves nothing in it.

    Positions are given here already: only one thread writes, and the recorder checks the first.
    """

    def __init__(self, context: DecisionContext, appends: Sequence[Append]) -> None:
        self._context = context
        self.policies = context.policies
        self.stored: list[LedgerStoredEvent] = []
        self.recorded: list[RecordedEvent] = []
        self.erased: set[UUID] = set()
        """Whose keys are to be destroyed once the batch is durable."""
        self._made: dict[int, RecordedEvent] = {}
        """By the number of the event's id, because a UUID hashes itself in Python."""
        drafts = [draft for append in appends for draft in append.drafts]
        ids = [draft.id for draft in drafts if draft.id is not None]
        contacts = [draft.contact_id for draft in drafts]
        for draft in [draft for draft in drafts if draft.addresses]:
            named = [address.contact_id for address in draft.addresses]
            contacts += named
            if draft.id is not None and context.namespace is not None:
                ids += [address_id(context.namespace, draft.id, one) for one in named]
        self._rows: Mapping[UUID, Row] = context.recorder.rows_by_id(ids)
        """The stored events whose ids the drafts bear, or their addresses will, not read yet."""
        self.beginning = context.states.meet(contacts)
        """Contacts in these appends of whom nothing was recorded so far."""

    @property
    def first_position(self) -> int:
        """Where the batch's first event is to stand."""
        return self._context.head + 1

    def take(self, append: Append) -> AppendResult:
        """Decide an append: known ids, preconditions, validation, decisions, in this order.

        Raises:
            EventIdReused, VersionMismatch, Invalid, Refused: and nothing of the append is recorded.
        """
        replayed = dict(self._replays(append))
        fresh = [(i, draft) for i, draft in enumerate(append.drafts) if i not in replayed]
        stamp = self._context.clock.stamp()
        tells_refs = [draft for draft in append.drafts if draft.addresses]
        working = self._working(alone=len(fresh) == 1 and not tells_refs)
        addressing = self._addressing(working) if tells_refs else None
        if fresh:
            self._check_preconditions(append)
            _validate(append, fresh, stamp.now)
        appended = [AppendedEvent(index, known, True) for index, known in replayed.items()]
        if addressing is not None:
            for index in replayed:  # a name that was another's may be free now
                addressing.take(append.drafts[index], index, _pointer(append, index), stamp)
        own: dict[int, RecordedEvent] = {}
        for index, draft in fresh:
            known = own.get(draft.id.int) if draft.id is not None else None
            if known is not None:
                check_same(draft, replace(known, position=0), self._context.names)
                appended.append(AppendedEvent(index, known, True))
                continue
            made = self._decide(append, index, draft, stamp, working)
            working.add(made)
            if made:
                own[made[0].id.int] = made[0]
                appended.append(AppendedEvent(index, made[0], False))
            if addressing is not None:
                addressing.take(draft, index, _pointer(append, index), stamp)
        self._record(working)
        if replayed:
            appended.sort(key=attrgetter("index"))
        result = self._answer(append, appended)
        return result if addressing is None else _with_addresses(result, addressing)

    def _working(self, *, alone: bool) -> Working:
        context = self._context
        return Working(context.states, context.aliases, self.policies, alone=alone)

    def _addressing(self, working: Working) -> Addressing:
        first_position = self.first_position + len(self.stored)
        context = self._context
        return Addressing(working, first_position, context.ids, context.namespace, self._find_event)

    def publish(self, publication: Publication) -> PolicyVersion:
        """Put a policy on the policy stream as its next version."""
        document = publication.policy.document()
        stamp = self._context.clock.stamp()
        version = len(self.policies.versions) + 1
        effective_from = publication.effective_from
        event = PolicyPublished(
            policy_version=version,
            effective_from=stamp.now if effective_from is None else effective_from,
            policy=document,
            sha256=digest(document),
        )
        recorded = RecordedEvent(
            contact_id=POLICY_STREAM,
            version=version,
            position=self.first_position + len(self.stored),
            id=self._context.ids.next(),
            occurred_at=stamp.now,
            recorded_at=stamp.recorded_at,
            source=None,
            actor=None,
            causation_id=None,
            event=event,
            is_dated_behind=stamp.is_behind,
        )
        self.stored.append(self._context.mapper.to_stored_event(recorded))
        self.recorded.append(recorded)
        published = policy_version(recorded, publication.policy)
        self.policies = self.policies.with_version(published)
        return published

    def erase(self, erasure: Erasure) -> ErasureResult:
        """Record that a person was erased, on every stream of theirs; already so is not an error.

        Raises:
            ContactNotFound: nobody is registered under that id.
        """
        context = self._context
        state_of, clock, aliases = context.states.get, context.clock, context.aliases
        group = aliases.members(aliases.survivor_of(erasure.contact_id))
        decided = erase(group, erasure.event, state_of)
        working = self._working(alone=False)
        stamp, first = clock.stamp(), self._context.ids.next()
        position = self.first_position + len(self.stored)
        for place, one in enumerate(decided):
            made = RecordedEvent(
                contact_id=one.contact_id,
                version=state_of(one.contact_id).version + 1,
                position=position + place,
                id=first if place == 0 else self._context.ids.next(),
                occurred_at=stamp.now,
                recorded_at=stamp.recorded_at,
                source=None,
                actor=None,
                causation_id=None if place == 0 else first,
                event=one.event,
                is_dated_behind=stamp.is_behind,
            )
            working.add([made])
        self._record(working)
        self.erased.update(group)
        contacts = tuple(erased_contact(state_of(contact)) for contact in group)
        return ErasureResult(contacts=contacts, fresh=bool(decided))

    def _replays(self, append: Append) -> Iterator[tuple[int, RecordedEvent]]:
        for index, draft in enumerate(append.drafts):
            known = None if draft.id is None else self._find_event(draft.id)
            if known is not None:
                check_same(draft, known, self._context.names)
                yield index, known

    def _find_event(self, event_id: UUID) -> RecordedEvent | None:
        if (made := self._made.get(event_id.int)) is not None:
            return made
        row = self._rows.get(event_id) if self._rows else None
        return None if row is None else self._context.mapper.to_event(*row, decrypt=EVERYTHING)

    def _check_preconditions(self, append: Append) -> None:
        if append.if_version is None and not append.if_new:
            return
        version = self._context.states.get(append.drafts[0].contact_id).version
        if append.if_version not in (None, version) or (append.if_new and version):
            raise VersionMismatch(version)

    def _decide(
        self, append: Append, index: int, draft: Draft, stamp: Stamp, working: Working
    ) -> list[RecordedEvent]:
        assert draft.event is not None, "a draft without an event has a problem"
        assert draft.contact_id != POLICY_STREAM, "no name of a contact reads as the nil UUID"
        request = Request(
            contact_id=draft.contact_id,
            id=draft.id or self._context.ids.next(),
            event=draft.event,
            occurred_at=stamp.now if draft.occurred_at is None else draft.occurred_at,
            actor=draft.actor,
            names=self._context.names,
        )
        state = working.contact(draft.contact_id)
        try:
            decided = decide(state, request, working)
        except Invalid as error:
            raise error.within(_pointer(append, index)) from None
        except Refused as error:
            if len(append.drafts) > 1:
                error.extra["index"] = index
            raise
        position = self.first_position + len(self.stored) + len(working.made)
        return [
            RecordedEvent.create(
                contact_id=one.contact_id,
                version=(working.contact(one.contact_id) if place else state).version + 1,
                position=position + place,
                id=self._companion_id(request.id) if place else request.id,
                occurred_at=request.occurred_at,
                recorded_at=stamp.recorded_at,
                source=draft.source,
                actor=None if place else draft.actor,
                causation_id=request.id if place else draft.causation_id,
                event=one.event,
                is_dated_behind=stamp.is_behind and draft.occurred_at is None,
            )
            # The request's own event, and after it what the ledger writes because of it.
            for place, one in enumerate(decided)
        ]

    def _companion_id(self, event_id: UUID) -> UUID:
        assert self._context.namespace is not None, "a ledger without its namespace takes no events"
        return companion_id(self._context.namespace, event_id)

    def _record(self, working: Working) -> None:
        self.stored += [self._context.mapper.to_stored_event(made) for made in working.made]
        self.recorded += working.made
        working.keep()
        for made in working.made:
            self._made[made.id.int] = made

    def _answer(self, append: Append, events: list[AppendedEvent]) -> AppendResult:
        contact_id = append.drafts[-1].contact_id
        stored = [one.last_position for one in events]
        position = max(stored) if stored else self._newest_position(contact_id)
        version = self._context.states.get(contact_id).version
        return AppendResult(
            events=tuple(events),
            position=position,
            contact_id=contact_id,
            version=version,
            survivors=self._context.aliases.survivors_of(
                draft.contact_id for draft in append.drafts
            ),
        )

    def _newest_position(self, contact_id: UUID) -> int:
        for recorded in reversed(self.recorded):
            if recorded.contact_id == contact_id:
                return recorded.position
        newest = self._context.recorder.newest(contact_id)
        return newest.position if newest else 0


def _with_addresses(result: AppendResult, addressing: Addressing) -> AppendResult:
    """The answer with what became of the refs; a position without events is the last of all."""
    position = result.position
    if addressing.last_position and (result.events or addressing.is_new):
        position = max(position, addressing.last_position)
    elif not result.events:  # all was so: the answer is that of the append by which it became so
        position = max(position, addressing.standing_position)
    return result._replace(
        position=position, addressed=addressing.is_new, left_out=tuple(addressing.left_out)
    )


def _pointer(append: Append, index: int) -> str:
    return append.drafts[index].pointer or (f"/{index}" if len(append.drafts) > 1 else "")


def _validate(append: Append, fresh: list[tuple[int, Draft]], now: int) -> None:
    """Raise all that is wrong with the drafts at once."""
    errors: list[FieldError] = []
    for index, draft in fresh:
        if draft.problem is not None:
            errors.extend(draft.problem.errors)
        corrected = draft.event.occurred_at if isinstance(draft.event, EventCorrected) else None
        for place, instant in (
            ("/occurred_at", draft.occurred_at),
            ("/data/occurred_at", corrected),
        ):
            if instant is not None and instant > now + MOST_AHEAD:
                pointer = _pointer(append, index) + place
                detail = "must be at most 24 hours ahead of the server's clock"
                errors.append(FieldError(pointer, "invalid-time", detail))
    if errors:
        raise Invalid(errors)
