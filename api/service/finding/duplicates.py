"""Possible duplicates: pairs of contacts that may be one person, with what speaks for and against.

A pair shares an e-mail address, a phone number or a ref, or a name and another thing beside it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from api.service.finding.terms import (
    ADDRESS,
    BIRTHDAY,
    DISTINGUISHED,
    EMAIL_LINE,
    KIND,
    NAME,
    PHONE_LINE,
    POSTAL_CODE,
    REF,
    lines_of,
    shown_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from uuid import UUID

    from api.service.finding.index import SearchIndex
    from domain.aliases import Aliases

SAME = {
    "email": ("same email", 60),
    "phone": ("same phone", 50),
    "address": ("same ref", 60),
    "name": ("same name", 30),
    "birthday": ("same birthday", 30),
    "ref": ("same ref in another source", 25),
    "postal_code": ("same postal code", 20),
}
"""What speaks for a pair, and how many of 100 points it has."""

DIFFERENT = {
    "birthday": ("different birthday", 40),
    "kind": ("different kind", 30),
    "name": ("different name", 15),
    "postal_code": ("different postal code", 10),
    "email": ("different email", 5),
    "phone": ("different phone", 5),
}
"""What speaks against one, and how many points it takes: both are known, and they have none in
common."""

_ENOUGH = ("email", "phone", "address")
_BESIDE_NAME = ("birthday", "ref", "postal_code")
_LINES = {
    "email": EMAIL_LINE,
    "phone": PHONE_LINE,
    "address": ADDRESS,
    "name": NAME,
    "birthday": BIRTHDAY,
    "postal_code": POSTAL_CODE,
    "kind": KIND,
}
_MOST_SCORE = 100

MOST_TOGETHER = 20
"""Of how many with one thing in common every pair is looked at; of more, each with the first."""


@dataclass(frozen=True)
class PossibleDuplicate:
    """Two contacts, each standing for itself, with their names, and the arguments."""

    contacts: tuple[UUID, UUID]
    names: tuple[str | None, str | None]
    speaks_for: tuple[str, ...]
    speaks_against: tuple[str, ...]
    score: int


def possible_duplicates(index: SearchIndex, aliases: Aliases) -> list[PossibleDuplicate]:
    """Every pair, the likeliest first; those said to be two are left out."""
    people = _People(index, aliases)
    pairs = {tuple(sorted(pair)) for pair in _pairs(index, people)}
    found = [people.compare(one, other) for one, other in pairs]
    return sorted(filter(None, found), key=lambda pair: (-pair.score, pair.contacts))


def _pairs(index: SearchIndex, people: _People) -> Iterator[tuple[UUID, UUID]]:
    for line, numbers in index.sharing:
        survivors = [people.survivor(number) for number in sorted(numbers)]
        together = list(dict.fromkeys(survivors))
        if line[:1] != NAME:
            yield from _each_with_each(together)
            continue
        by_thing: dict[tuple[str, bytes], list[UUID]] = defaultdict(list)
        for survivor in together:
            known = people.description(survivor)
            for name in _BESIDE_NAME:
                for thing in known[name]:
                    by_thing[name, thing.partition(b"/")[0]].append(survivor)  # whatever year
        for some in by_thing.values():
            yield from _each_with_each(some)


def _each_with_each(people: Sequence[UUID]) -> Iterable[tuple[UUID, UUID]]:
    if len(people) > MOST_TOGETHER:
        return ((people[0], other) for other in people[1:])
    return combinations(people, 2)


class _People:
    """What is known of those who stand for themselves, from the records of all their streams."""

    def __init__(self, index: SearchIndex, aliases: Aliases) -> None:
        self._index = index
        self._aliases = aliases
        self._known: dict[UUID, Mapping[str, frozenset[bytes]]] = {}

    def survivor(self, number: int) -> UUID:
        """Who stands for the contact of that number."""
        return self._aliases.survivor_of(self._index.numbers.contact(number))

    def description(self, survivor: UUID) -> Mapping[str, frozenset[bytes]]:
        """The lines of somebody, by what they are called in arguments."""
        if survivor not in self._known:
            members = self._aliases.members(survivor)
            records = [self._index.contact_record(one) for one in members]
            known = {
                name: frozenset(line for record in records for line in lines_of(record, kind))
                for name, kind in _LINES.items()
            }
            if own := lines_of(records[0], NAME):  # those merged into it never rename it
                known["name"] = frozenset(own)
            refs = [line for record in records for line in lines_of(record, REF)]
            known["ref"] = frozenset(line.partition(b"\t")[2] for line in refs)
            known["whole ref"] = frozenset(refs)
            known["not"] = frozenset(
                line for record in records for line in lines_of(record, DISTINGUISHED)
            )
            known["ids"] = frozenset(one.hex.encode() for one in members)
            self._known[survivor] = known
        return self._known[survivor]

    def compare(self, one: UUID, other: UUID) -> PossibleDuplicate | None:
        """The pair with its arguments; None where it is none."""
        first, second = self.description(one), self.description(other)
        if first["not"] & second["ids"] or second["not"] & first["ids"]:
            return None
        same = [name for name in SAME if self._is_same(name, first, second)]
        beside = any(name in same for name in _BESIDE_NAME)
        if not any(name in same for name in _ENOUGH) and not ("name" in same and beside):
            return None
        differ = [name for name in DIFFERENT if first[name] and second[name] and name not in same]
        if "kind" in differ and first["kind"] == second["kind"]:
            differ.remove("kind")
        score = sum(SAME[name][1] for name in same) - sum(DIFFERENT[name][1] for name in differ)
        return PossibleDuplicate(
            contacts=(one, other),
            names=(
                shown_name(self._index.contact_record(one)),
                shown_name(self._index.contact_record(other)),
            ),
            speaks_for=tuple(SAME[name][0] for name in same),
            speaks_against=tuple(DIFFERENT[name][0] for name in differ),
            score=max(0, min(score, _MOST_SCORE)),
        )

    @staticmethod
    def _is_same(
        name: str, first: Mapping[str, frozenset[bytes]], second: Mapping[str, frozenset[bytes]]
    ) -> bool:
        if name == "ref":
            common = first["ref"] & second["ref"]
            return bool(common) and not first["whole ref"] & second["whole ref"]
        if name == "birthday":
            return any(_is_same_day(one, other) for one in first[name] for other in second[name])
        return bool(first[name] & second[name])


def _is_same_day(one: bytes, other: bytes) -> bool:
    """Whether two birthdays are one, of which a year may be unknown."""
    day, _, year = one.partition(b"/")
    other_day, _, other_year = other.partition(b"/")
    return day == other_day and (not year or not other_year or year == other_year)
