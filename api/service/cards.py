"""The welcome card of a contact, at a point in both times, with what is personal decrypted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.service.agendas.answering import names_at
from api.service.agendas.listing import AgendaFilter, contact_rows, wanted_day
from api.service.agendas.reading import Agendas, Decrypting
from api.service.answers.cards import Card
from api.service.questions import group_of, subject_in
from domain.card.card import card

if TYPE_CHECKING:
    from uuid import UUID

    from api.service.questions import Question

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


def welcome_card(question: Question, contact_id: UUID) -> Card:
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
    day = wanted_day(ledger, None, moment.at)
    rows = contact_rows(agendas, survivor, day, AgendaFilter())[:MOST_ITEMS]
    others = names_at(ledger, moment, wanted=True)

    def name_of(contact: UUID) -> str | None:
        return found.name if contact == survivor else others(contact)

    shown = {fact.id for fact in found.done_for_them}
    recorded = {one.id: one for one in group if one.id in shown}
    return Card.of(question, found, rows, recorded, name_of)
