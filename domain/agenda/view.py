"""One contact at an instant, as the rules of the agenda look at it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from domain.agenda.acts import acts_of, deferrals_of, deferred_until
from domain.agenda.items import MUTED_BY, Item
from domain.consents import about, consents_of, is_purpose
from domain.events.governance import PersonalDataErased
from domain.matters import matters_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from domain.events import Event
    from domain.history import Fact
    from domain.matters import Matters
    from domain.relationship import Relationship
    from domain.timeline import PolicyTimeline


class ContactView:
    """What was known of a contact and had happened by an instant.

    ``instants`` are those after it at which the agenda may be another without a further fact.
    """

    def __init__(
        self, contact_id: UUID, relationship: Relationship, policies: PolicyTimeline
    ) -> None:
        self.contact_id = contact_id
        self.relationship = relationship
        self.policies = policies
        self.at = relationship.at
        self.policy = policies.in_force(self.at).policy
        self.care = self.policy.care
        self.time_zone = relationship.machine.time_zone
        self.facts = relationship.history.facts[: relationship.absorbed]
        self.stage = relationship.stage
        self.acts = acts_of(self.facts)
        self.deferrals = deferrals_of(self.facts)
        counted = relationship.machine.commerce.counted_purchases()
        self.counted = {purchase.fact_id for purchase in counted}
        self.instants: list[int] = []
        self._by_type: dict[type[Event], list[Fact]] = {}
        for fact in self.facts:
            self._by_type.setdefault(type(fact.event), []).append(fact)
        self._muted = {purpose: self._is_muted(purpose) for purpose in set(MUTED_BY.values())}

    def of(self, *kinds: type[Event]) -> Iterator[tuple[Fact, Any]]:
        """The facts of one type or several in their order, each with its event."""
        found = [fact for kind in kinds for fact in self._by_type.get(kind, ())]
        if len(kinds) > 1:
            found.sort(key=lambda fact: (fact.occurred_at, fact.position))
        for fact in found:
            yield fact, fact.event

    @cached_property
    def matters(self) -> Matters:
        """The complaints, promises and needs by the instant, and how each of them ended."""
        return matters_of(self.facts)

    @property
    def is_erased(self) -> bool:
        """Whether the personal data was erased by then."""
        return PersonalDataErased in self._by_type

    @property
    def since(self) -> int:
        """From when on the stage holds."""
        return self.relationship.intervals[-1].from_at if self.relationship.intervals else self.at

    def stage_at(self, at: int) -> str:
        """The stage that was shown at an earlier instant."""
        for interval in reversed(self.relationship.intervals):
            if interval.from_at <= at:
                return interval.stage
        return "contact"

    def note(self, instant: int) -> None:
        """Say that the agenda may be another from an instant on, if that lies ahead."""
        if instant > self.at:
            self.instants.append(instant)

    def item(
        self,
        kind: str,
        opened_by: Fact | None,
        opens_at: int,
        due_at: int,
        *,
        subject: str | None = None,
        gone_at: int | None = None,
        events: tuple[UUID, ...] | None = None,
        **told: Any,
    ) -> Iterator[Item]:
        """The item where it exists at the instant, and else nothing."""
        self.note(opens_at)
        if gone_at is not None:
            self.note(gone_at)
        if opens_at > self.at or (gone_at is not None and gone_at <= self.at):
            return
        if subject is None and opened_by is not None:
            subject = str(opened_by.id)
        key = kind if subject is None else f"{kind}:{subject}"
        put_off_until = deferred_until(self.deferrals, key, opens_at)
        if put_off_until is not None:
            self.note(put_off_until)
        yield Item(
            kind=kind,
            contact_id=self.contact_id,
            stream=self.contact_id if opened_by is None else opened_by.contact_id,
            subject=subject,
            opens_at=opens_at,
            due_at=due_at,
            gone_at=gone_at,
            events=events if events is not None else (opened_by.id,) if opened_by else (),
            muted=self._muted.get(MUTED_BY.get(kind, ""), False),
            deferred_until=put_off_until,
            told=told,
        )

    def _is_muted(self, purpose: str) -> bool:
        """Whether something was said about a purpose, and every channel of it is refused now."""
        said = [
            one
            for one in consents_of(self.relationship.history, self.at)
            if is_purpose(one.purpose, purpose)
        ]
        said.sort(key=lambda one: one.said_at)
        by_channel = {about(purpose, one.channel): one.granted for one in said}
        return bool(by_channel) and not any(by_channel.values())
