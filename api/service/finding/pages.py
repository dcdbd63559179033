"""Contacts that are found by what they are called, with where they stand: a page of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from api.service.answers.lists import (
    Duplicate,
    Duplicates,
    FoundContact,
    FoundContacts,
    SearchIndex,
)
from api.service.finding.duplicates import possible_duplicates
from api.service.finding.phones import PHONENUMBERS
from api.service.marks import MARKING
from api.service.profiles import decrypted_history
from api.service.questions import At, Question, moment_of
from domain.consents import allows, consents_of
from domain.events.contacts import ConsentChanged

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from api.service.finding.finder import Finder
    from api.service.finding.index import Match
    from api.service.server import OpenLedger
    from projections.answers import StatusRow

_MORE = 4
"""How many times as many are looked for where filters and merges leave too few for a page."""


@dataclass(frozen=True)
class ContactFilter:
    """Which contacts are looked for."""

    q: str | None = None
    name: str | None = None
    stage: str | None = None
    flag: str | None = None
    purpose: str | None = None
    channel: str | None = None
    among: Collection[UUID] | None = None

    @property
    def is_search(self) -> bool:
        """Whether contacts are looked for by what they are called."""
        return self.q is not None or self.name is not None

    def find(self, finder: Finder, most: int) -> list[Match]:
        """Up to ``most`` contacts that are called so, the best first; each stream by itself."""
        if self.q is not None:
            return finder.find(self.q, most)
        assert self.name is not None, "it is a search"
        return finder.find_part(self.name, most)

    def has(self, row: StatusRow) -> bool:
        """Whether the row is of the stage and has the flag, and among those who are wanted."""
        if self.among is not None and row.contact_id not in self.among:
            return False
        return self.stage in (None, row.stage) and (self.flag is None or self.flag in row.flags)

    def is_allowed(self, question: Question, row: StatusRow) -> bool:
        """Whether the contact allows us what is wanted."""
        if self.purpose is None or self.channel is None:
            return True
        types = (ConsentChanged.TYPE, *MARKING)
        history = decrypted_history(
            question.ledger, question.aliases, row.contact_id, question.position, types
        )
        return allows(consents_of(history, question.as_of), self.purpose, self.channel)


@dataclass(frozen=True)
class FoundPage:
    """Some of those who were found; ``more`` is the place among all where the next page begins."""

    items: tuple[FoundContact, ...]
    more: int | None
    position: int


def index_of(served: OpenLedger) -> SearchIndex:
    """How far the index of a ledger is."""
    return SearchIndex.model_validate(served.finder.state_for_answer())


def found_page(
    served: OpenLedger, question: Question, wanted: ContactFilter, skipped: int, limit: int
) -> FoundPage:
    """The contacts that are called so from a place on, the best first."""
    most = skipped + limit + 1
    while True:
        found = wanted.find(served.finder, most)
        page = _page(served, question, wanted, found, skipped, limit)
        if page.more is not None or len(found) < most:
            return page
        most *= _MORE


def found_contacts(
    served: OpenLedger, wanted: ContactFilter, limit: int, now: int
) -> FoundContacts:
    """The first of the contacts that are called so, as of now."""
    at = moment_of(served.ledger, served.aliases, At(), now)
    question = Question(served.ledger, at.at, at.position, at.policies, at.aliases)
    page = found_page(served, question, wanted, 0, limit)
    return FoundContacts(items=page.items, index=index_of(served), next_cursor=None)


def duplicates_page(served: OpenLedger, skipped: int, limit: int) -> Duplicates:
    """Some of the possible duplicates, the likeliest first, without a cursor to more."""
    aliases = served.aliases.at(served.ledger.head())
    pairs = served.finder.with_index(lambda index: possible_duplicates(index, aliases))
    return Duplicates(
        items=tuple(Duplicate.model_validate(one) for one in pairs[skipped : skipped + limit]),
        index=index_of(served),
        phone_library=PHONENUMBERS,
        next_cursor=None,
    )


def _page(
    served: OpenLedger,
    question: Question,
    wanted: ContactFilter,
    found: list[Match],
    skipped: int,
    limit: int,
) -> FoundPage:
    survivors: dict[UUID, Match] = {}
    for one in found:
        survivors.setdefault(question.aliases.survivor_of(one.contact), one)
    waiting = list(survivors.items())[skipped:]
    items: list[FoundContact] = []
    place, position = skipped, 0
    some = limit + 1  # with the first of the next page, so that one part is mostly all
    for first in range(0, max(1, len(waiting)), some):  # once at least, for the position
        part = waiting[first : first + some]
        statuses = served.projections.contact_statuses([survivor for survivor, _ in part])
        position = statuses.position
        names = served.finder.names_of([survivor for survivor, _ in part])
        for survivor, one in part:
            if len(items) == limit:
                return FoundPage(tuple(items), place, position)
            place += 1
            row = statuses.rows.get(survivor)
            if row is not None and wanted.has(row) and wanted.is_allowed(question, row):
                told = {**asdict(row), "name": names.get(survivor), "matched": one.matched}
                items.append(FoundContact.model_validate(told))
    return FoundPage(tuple(items), None, position)
