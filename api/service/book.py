"""The book of a ledger and its watch lists, at a point in both times, folded when asked for."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING
from uuid import UUID

from api.service.answers.book import BookAnswer
from api.service.known_contacts import KnownContacts, every_contact
from api.service.marks import MARKING
from api.service.profiles import decrypted_history
from api.service.questions import known_at
from api.service.referral_trees import Trees
from api.service.replays.replay import judging
from api.service.rewards import rewards_of
from domain.book.book import Book, BookQuestion, Within
from domain.book.entries import entries_of
from domain.book.watch import WatchEntry, watch_entry
from domain.errors import Invalid
from domain.events.care import StewardAssigned
from domain.instants import month_of, start_of_month
from domain.text import NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from api.service.labels import Labels
    from domain.book.book import BookTotals
    from ledger.ledger import Ledger
    from projections.folding import Moment

_OF_STEWARDS = (StewardAssigned.TYPE, *MARKING)


def book_of(
    ledger: Ledger,
    moment: Moment,
    question: BookQuestion,
    labels: Labels,
    most_events: int | None,
) -> BookAnswer:
    """The book of the months that are asked about, up to the moment.

    Raises:
        Invalid: there is more to fold than one answer may.
    """
    found = book_at(ledger, moment, question, most_events)
    return BookAnswer.of(
        question,
        found,
        labels,
        as_of=moment.at,
        as_known_at=known_at(ledger, moment.position),
        policy_version=judging(moment),
    )


def book_at(
    ledger: Ledger, moment: Moment, question: BookQuestion, most_events: int | None
) -> BookTotals:
    """The book as it is folded.

    Raises:
        Invalid: the months are the wrong way round, or there is more to fold than one answer may.
    """
    if question.from_ is not None and question.to is not None and question.from_ > question.to:
        raise Invalid.at("/from", "contradiction", "must not be later than to")
    zone = moment.time_zone or "UTC"
    from_at = None if question.from_ is None else start_of_month(question.from_, zone)
    to_at = None if question.to is None else start_of_month(question.to, zone, 1)
    within = question.within
    book = Book(question.by, from_at, to_at, lambda at: month_of(at, zone), within)
    contacts = KnownContacts(ledger, moment)
    trees = Trees(contacts)
    by_steward = "steward" in (question.by, within and within.by)
    for contact in _contacts_in(ledger, contacts, within, most_events):
        relationship = contacts.relationship(contact)
        steward_at = _steward_at(ledger, moment, contact) if by_steward else _nobody
        rewards = rewards_of(contacts, contact)
        edges = contacts.edges_to(contact)
        book.add(
            contact,
            relationship,
            entries_of(relationship, rewards, steward_at),
            is_referred=any(trees.has_credit(edge) for edge in edges),
        )
    return book.result()


def contact_book(ledger: Ledger, moment: Moment, contact: UUID, labels: Labels) -> BookAnswer:
    """What one contact brought and cost up to the moment, a row for each currency."""
    question = BookQuestion(by="contact", within=Within("contact", str(contact)))
    return book_of(ledger, moment, question, labels, None)


def _contacts_in(
    ledger: Ledger, contacts: KnownContacts, within: Within | None, most_events: int | None
) -> Iterable[UUID]:
    """Every contact; within the row of one contact that one, if it is known."""
    if within is None or within.by != "contact" or within.key is None:
        return every_contact(ledger, contacts, most_events)
    try:
        contact = UUID(within.key)
    except ValueError:
        return ()
    is_known = contacts.moment.aliases.survivor_of(contact) == contact
    return (contact,) if is_known and contacts.history(contact).facts else ()


def watch_list(
    ledger: Ledger, moment: Moment, name: str, most_events: int | None
) -> list[WatchEntry]:
    """The contacts on a watch list, those who brought most first.

    Raises:
        Invalid: there is more to fold than one answer may.
    """
    contacts = KnownContacts(ledger, moment)
    found = (
        watch_entry(name, contact, contacts.relationship(contact))
        for contact in every_contact(ledger, contacts, most_events)
    )
    return sorted((one for one in found if one is not None), key=lambda one: one.order)


def _nobody(_at: int) -> None:
    """Stewards are not asked for."""


def _steward_at(ledger: Ledger, moment: Moment, contact: UUID) -> Callable[[int], str | None]:
    """Who of ours looked after a contact at an instant, decrypted; null after an erasure."""
    aliases, position = moment.aliases, moment.position
    history = decrypted_history(ledger, aliases, contact, position, _OF_STEWARDS)
    assigned = [
        (fact.occurred_at, fact.event.steward)
        for fact in history.facts
        if isinstance(fact.event, StewardAssigned)
    ]
    instants = [at for at, _ in assigned]

    def steward_at(at: int) -> str | None:
        place = bisect_right(instants, at)
        steward: object = assigned[place - 1][1] if place else None
        return NAME.as_compared(steward) if isinstance(steward, str) else None

    return steward_at
