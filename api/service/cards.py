"""The welcome card of a contact, at a point in both times, with what is personal decrypted."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from api.service.agendas.answering import names_at
from api.service.agendas.listing import AgendaFilter, contact_rows, wanted_day
from api.service.agendas.reading import Agendas, Decrypting
from api.service.answers.cards import Card, CardContent
from api.service.questions import group_of, subject_in
from api.service.referral_trees import Trees
from domain.card.card import card

if TYPE_CHECKING:
    from uuid import UUID

    from api.service.questions import Question
    from domain.agenda.days import Day

MOST_ITEMS = 5
"""How many items of the agenda a card shows, the most urgent ones."""

SHOWN = (
    "advice-given",
    "contact-registered",
    "event-corrected",
    "gesture-made",
    "need-discovered",
    "occasion-learned",
    "preference-learned",
    "promise-made",
    "recognition-given",
    "registration-amended",
    "resource-shared",
    "steward-assigned",
    "touch-made",
)
"""The types of which a card, or an item of its agenda, tells something personal."""


class FoundCard(NamedTuple):
    """What the card of a contact shows, and when and by what that may change.

    It holds up to, not including, the instant ``until_at`` (microseconds of UTC), or until
    something is recorded of the contact, of one of its aliases, or of one of the ``others``, which
    are streams of other contacts.
    """

    contact_id: UUID
    content: CardContent
    until_at: int
    aliases: tuple[UUID, ...]
    others: frozenset[UUID]

    def at(self, question: Question) -> Card:
        """The whole card, with the question that it was found for."""
        return Card(
            contact_id=self.contact_id,
            as_of=question.as_of,
            as_known_at=question.as_known_at,
            **dict(self.content),
        )


def welcome_card(question: Question, contact_id: UUID) -> FoundCard:
    """The card of a contact, or of the survivor that stands for it.

    Raises:
        ContactNotFound: nobody had registered it by then.
    """
    ledger, moment = question.ledger, question.moment
    source = Decrypting(ledger, SHOWN)
    survivor, group = group_of(source, moment.aliases, moment.position, contact_id)
    subject = subject_in(survivor, group)
    agendas = Agendas(ledger, moment)
    agendas.keep(survivor, subject.history)
    found = card(
        survivor,
        agendas.relationship(survivor, moment.at),
        agendas.referrals(survivor),
        moment.policies,
        moment.aliases.survivor_of,
    )
    trees = Trees(agendas)
    exposure = trees.exposure(survivor) if found.complaints else {}
    leaving_at = trees.exposure_changes_at(survivor) if found.complaints else None
    day = wanted_day(ledger, None, moment.at)
    # After the tree was read, whose facts may lie ahead of their time as well.
    until_at = _until(agendas, survivor, min(found.changes_at, leaving_at or found.changes_at), day)
    rows = contact_rows(agendas, survivor, day, AgendaFilter())[:MOST_ITEMS]
    others = names_at(ledger, moment, wanted=True)
    named: set[UUID] = set()

    def name_of(contact: UUID) -> str | None:
        if contact == survivor:
            return found.name
        named.add(contact)
        return others(contact)

    shown = {fact.id for fact in found.done_for_them}
    recorded = {one.id: one for one in group if one.id in shown}
    content = CardContent.of(found, rows, recorded, name_of, exposure)
    members_of = moment.aliases.members
    rests_on = {one for contact in agendas.read | named for one in members_of(contact)}
    aliases = members_of(survivor)
    return FoundCard(
        survivor,
        content,
        until_at,
        tuple(one for one in aliases if one != survivor),
        frozenset(rests_on.difference(aliases)),
    )


def _until(agendas: Agendas, contact: UUID, changes_at: int, day: Day) -> int:
    """The first instant at which a card may show something else: when the day ends, at the latest.

    ``changes_at`` is that at which what is beside its agenda may.
    """
    seen = agendas.agenda(contact, day.first_at)
    candidates = [changes_at, day.ends_at, seen.changes_at, agendas.next_fact_at(day.first_at)]
    # An item is overdue from the instant after it was due.
    candidates += [item.due_at + 1 for item in seen.items]
    return min(one for one in candidates if one is not None and one > day.first_at)
