"""Who an act is with: those that were named, and those who are called as was typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from api.service.agendas.answering import names_at
from api.service.finding.pages import ContactFilter, found_contacts
from ledger.access.scopes import READ

if TYPE_CHECKING:
    from api.console.visit import Visit

MOST_FOUND = 8
"""How many contacts are proposed while a name is typed."""


@dataclass(frozen=True)
class Participant:
    """A contact that the act is with, by the name in the form and as people know it."""

    sent: str
    name: str | None


def participants_of(visit: Visit, names: list[str]) -> list[Participant]:
    """Those who were named, each once, as people know them.

    Raises:
        Invalid: a name is neither a UUID nor source:ref.
    """
    question = visit.question()
    name_of = names_at(visit.served.ledger, question.moment, wanted=visit.may(READ))
    return [
        Participant(one, name_of(question.aliases.survivor_of(visit.contact_named(one))))
        for one in dict.fromkeys(names)
    ]


def chosen_contacts(visit: Visit, typed: str, ticked: list[str]) -> tuple[list[str], list[Any]]:
    """Who is meant by what was typed, and all who are called so.

    Those are meant who are called so and were ticked, else the only one who is called so. Who may
    not read sees nobody, and types the UUID of a contact or source:ref.
    """
    if not visit.may(READ):
        return [typed], []
    found = matches(visit, typed)
    called = [str(one.contact_id) for one in found]
    return [one for one in called if one in ticked] or called[: len(called) == 1], found


def matches(visit: Visit, typed: str) -> list[Any]:
    """The contacts that are called so, the best first."""
    found = found_contacts(visit.served, ContactFilter(q=typed), MOST_FOUND, visit.now)
    return list(found.items)
