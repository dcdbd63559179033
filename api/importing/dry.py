"""Where a dry run goes: the same decisions as a ledger's, in memory, and nothing written."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from domain.contact import ContactState
from domain.decisions import Request, decide
from domain.errors import Invalid, LedgerError
from domain.presets import PRESETS
from domain.recorded import Recorded
from ledger.batch import MOST_AHEAD
from ledger.drafts import Appended, AppendedEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.policy import Policy
    from ledger.drafts import Append, Draft

MOST_REF_BYTES = 200


class DryRun:
    """An empty ledger that forgets everything at the end; it holds the file's events in memory.

    What only the real ledger knows is not checked: contacts it holds, merged or erased, purchases
    that it knows already, and its policy.
    """

    namespace = UUID("7d1f6d6c-3a53-4a43-8f0a-7a0d9a6b6f01")

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._states: dict[UUID, ContactState] = {}
        self._changed: dict[UUID, ContactState] = {}
        self._position = 0

    def contact_id(self, name: str) -> UUID:
        """The contact of ``source:ref``.

        Raises:
            ValueError: the ref is empty or too long; the mapping vouches for the source.
        """
        if not 1 <= len(name.partition(":")[2].encode()) <= MOST_REF_BYTES:
            raise ValueError(f"the ref must have 1 to {MOST_REF_BYTES} bytes")
        return uuid5(self.namespace, name)

    def registered(self, contact_ids: Sequence[UUID]) -> set[UUID]:
        """Those of the contacts whom an earlier row registered."""
        return {contact_id for contact_id in contact_ids if self.contact(contact_id).registered}

    def append_each(self, appends: Sequence[Append]) -> Future[list[Appended | LedgerError]]:
        """Decide each by itself."""
        future: Future[list[Appended | LedgerError]] = Future()
        future.set_result([self._append(append) for append in appends])
        return future

    def _append(self, append: Append) -> Appended | LedgerError:
        self._changed = {}
        try:
            events = tuple(self._take(i, draft) for i, draft in enumerate(append.drafts))
        except LedgerError as error:
            return error
        finally:
            changed, self._changed = self._changed, {}
        self._states.update(changed)
        version = self.contact(append.drafts[-1].contact_id).version
        return Appended(events=events, position=self._position, version=version)

    def contact(self, contact_id: UUID) -> ContactState:
        """What is known of a contact so far."""
        known = self._changed.get(contact_id) or self._states.get(contact_id)
        return known or ContactState.initial(contact_id)

    def policy_at(self, at: int) -> Policy:
        """The policy that a ledger starts with."""
        return PRESETS["retail"]

    def _take(self, index: int, draft: Draft) -> AppendedEvent:
        now = self._clock()
        assert draft.event is not None
        assert draft.id is not None
        assert draft.occurred_at is not None
        if draft.occurred_at > now + MOST_AHEAD:
            detail = "must be at most 24 hours after the time of recording"
            raise Invalid.at("/occurred_at", "invalid-time", detail)
        request = Request(
            contact_id=draft.contact_id,
            id=draft.id,
            event=draft.event,
            occurred_at=draft.occurred_at,
            names=self.contact_id,
        )
        state = self.contact(draft.contact_id)
        decided = decide(state, request, self)
        if draft.contact_id not in self._changed:
            self._changed[draft.contact_id] = state = state.copy()
        for one in decided[:1]:
            self._position += 1
            state.evolve(
                Recorded(
                    contact_id=draft.contact_id,
                    version=state.version + 1,
                    position=self._position,
                    id=draft.id,
                    occurred_at=draft.occurred_at,
                    recorded_at=now,
                    source=draft.source,
                    actor=None,
                    causation_id=None,
                    event=one.event,
                )
            )
        return AppendedEvent(
            index=index,
            id=draft.id,
            type=draft.type,
            contact_id=draft.contact_id,
            version=state.version,
            position=self._position,
            recorded_at=now,
            replayed=not decided,
        )
