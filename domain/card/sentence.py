"""One line to read on the way to the door: who they are, what they like, what we owe them.

Every sentence says who, since when and as what; then, of what is open between us, the one thing
that comes first. The words fit any gender. Source: the care document, section 3.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from domain.agenda.sentences import FAVOURS
from domain.instants import day_of, parse_date
from domain.phrases import day_in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from domain.agenda.items import Item
    from domain.card.card import Card

NEAR_DAYS = 7
"""How near an occasion must be to be spoken of."""

MOST_CHARACTERS = 80
"""How much of a text of ours is read out."""

_STAGES = {
    "contact": "a contact",
    "prospect": "prospect",
    "customer": "customer",
    "client": "client",
    "lapsed_customer": "lapsed customer",
    "lapsed_client": "lapsed client",
}


def sentence(
    card: Card, agenda: Sequence[Item], name_of: Callable[[UUID], str | None] = lambda _: None
) -> str:
    """The line. ``agenda`` is what is to be done for them, ``name_of`` the names of others."""
    words = _Words(card, agenda, name_of)
    told = ", ".join([words.who(), *words.habits()])
    first = next(words.matters(), None)
    return f"{told}; {first}." if first else f"{told}."


class _Words:
    """The parts of one line."""

    def __init__(
        self, card: Card, agenda: Sequence[Item], name_of: Callable[[UUID], str | None]
    ) -> None:
        self._card = card
        self._agenda = agenda
        self._name_of = name_of
        self._found = card.relationship
        self._time_zone = card.relationship.machine.time_zone

    def who(self) -> str:
        """The name, and what they have been since when."""
        card, found = self._card, self._found
        who = _short(card.name) if card.name else "Somebody whose name cannot be read"
        if card.evidence_erased and not card.name:
            who = "Somebody whose personal data was erased"
        if found.since is None:
            return f"{who}, of whom nothing is known yet"
        since = self._day(found.since)
        if found.stage == "ended":
            return f"{who}, with whom the relationship has been over since {since}"
        return f"{who}, {_STAGES[found.stage]} since {since}"

    def habits(self) -> Iterator[str]:
        """What they usually buy and how often, of those who still do."""
        habits = self._card.habits
        if self._found.stage not in ("customer", "client"):
            return
        if habits.usual is not None:
            yield f"usually {habits.usual.category}"
        if habits.is_regular and habits.rhythm_days is not None:
            days = habits.rhythm_days
            yield "here every day" if days <= 1 else f"here every {days} days"

    def matters(self) -> Iterator[str]:
        """What is open between us, the most pressing first."""
        yield from self._complaints()
        yield from self._promises()
        if self._found.stage == "ended":
            return
        yield from self._thanks()
        yield from self._occasions()
        yield from self._needs()
        if "quiet" in self._found.flags and self._found.stage in ("customer", "client"):
            yield "they have been quiet for longer than usual"

    def _complaints(self) -> Iterator[str]:
        worst = sorted(self._card.complaints, key=lambda one: -one.severity)
        for one in worst:
            kind = {1: "a small", 2: "a serious", 3: "a very serious"}[one.severity]
            yield f"{kind} complaint has been open since {self._day(one.open_since)}"

    def _promises(self) -> Iterator[str]:
        dated = sorted(self._card.promises, key=lambda one: (one.due_on is None, one.due_on or ""))
        for one in dated:
            by = f" by {self._words_of(parse_date(one.due_on))}" if one.due_on else ""
            if one.summary:
                yield f"we promised them{by}: {_short(one.summary).rstrip('.')}"
            else:
                yield f"we owe them what we promised{by}"

    def _thanks(self) -> Iterator[str]:
        for item in self._agenda:
            if item.kind in ("thanks", "thanks-won"):
                yield f"we owe them thanks {self._favour(item)}"

    def _favour(self, item: Item) -> str:
        if (favour := FAVOURS.get(item.told.get("what", ""))) is not None:
            return favour
        other = item.told.get("other")
        name = self._name_of(UUID(other)) if isinstance(other, str) else None
        sent = f"for sending {_short(name) if name else 'somebody'}"
        return f"{sent}, who bought from us" if item.kind == "thanks-won" else sent

    def _occasions(self) -> Iterator[str]:
        for one in self._card.occasions:
            if one.in_days <= NEAR_DAYS:
                when = {0: "today", 1: "tomorrow"}.get(one.in_days)
                yield f"their {one.kind} is {when or f'on {self._words_of(one.on)}'}"

    def _needs(self) -> Iterator[str]:
        for one in self._card.needs:
            if one.stated:
                yield f"they said that they need: {_short(one.stated).rstrip('.')}"

    def _day(self, instant: int) -> str:
        return self._words_of(date.fromordinal(day_of(instant, self._time_zone)))

    def _words_of(self, day: date) -> str:
        """The day, with its year if it is not that of the day of the card."""
        today = date.fromordinal(day_of(self._found.at, self._time_zone))
        near = abs(day - today) <= timedelta(days=NEAR_DAYS)
        return day_in_words(day, day if near else today)


def _short(text: str) -> str:
    """A text as a part of one line: without its line breaks, and cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= MOST_CHARACTERS else f"{line[: MOST_CHARACTERS - 3].rstrip()}..."
