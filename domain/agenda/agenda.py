"""The agenda of one contact at an instant: what we owe, and until when that stays so.

``agenda`` is the only implementation of these rules: lists, feeds and the projection call it.
Source: the care document, section 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.agenda.items import LASTING, Item
from domain.agenda.keeping import gestures, keeps, lessons, requests, touches
from domain.agenda.occasions import occasions
from domain.agenda.owed import competitors, complaints, disclosures, needs, promises, thanks
from domain.agenda.referred import Referrals, Referrer, referred_items
from domain.agenda.renewals import renewals
from domain.agenda.view import ContactView

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from domain.relationship import Relationship
    from domain.timeline import PolicyTimeline


class Agenda(NamedTuple):
    """The items at an instant, in order, and the next one at which they may be others.

    None where they stay forever as they are.
    """

    at: int
    items: tuple[Item, ...]
    changes_at: int | None


def agenda(
    contact_id: UUID,
    relationship: Relationship,
    referrals: Referrals,
    policies: PolicyTimeline,
) -> Agenda:
    """The agenda of a contact as it is at the instant of the relationship.

    The dates of occasions, and what touches were about, must be decrypted in its history.
    """
    seen = ContactView(contact_id, relationship, policies)
    made = referred_items(referrer_of(seen), referrals, policies, seen.at)
    items = [*own_items(seen, referrals), *occasion_items(seen), *made.items]
    return Agenda(
        seen.at,
        tuple(sorted(within_limits(seen, items), key=lambda item: item.order)),
        changes_of(seen, made.changes_at),
    )


def own_items(seen: ContactView, referrals: Referrals) -> Iterator[Item]:
    """The items that rest on the contact's own history, but for occasions."""
    yield from disclosures(seen)
    yield from complaints(seen)
    yield from promises(seen)
    yield from thanks(seen, {edge.event_id for edge in referrals.edges})
    yield from keeps(seen)
    yield from renewals(seen)
    yield from needs(seen)
    yield from competitors(seen)
    yield from touches(seen)
    yield from requests(seen)
    yield from gestures(seen)
    yield from lessons(seen)


def occasion_items(seen: ContactView) -> Iterator[Item]:
    """The items that tell a birthday, which stand in no file."""
    return occasions(seen)


def within_limits(seen: ContactView, items: list[Item]) -> list[Item]:
    """The items that there are for the contact at all: few for the ended and the erased."""
    if seen.stage == "ended" or seen.is_erased:
        return [item for item in items if item.kind in LASTING]
    return items


def referrer_of(seen: ContactView) -> Referrer:
    """The contact as one who sends us people."""
    return Referrer(
        contact_id=seen.contact_id,
        acts=seen.acts,
        deferrals=seen.deferrals,
        streams={fact.id: fact.contact_id for fact in seen.facts},
    )


def changes_of(seen: ContactView, *others: int | None) -> int | None:
    """The next instant at which the agenda may be another."""
    own = seen.relationship.next_breakpoint
    policy = seen.policies.next_change(seen.at)
    candidates = [own, policy, *others, *seen.instants]
    later = [instant for instant in candidates if instant is not None and instant > seen.at]
    return min(later, default=None)
