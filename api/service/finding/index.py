"""The index of one ledger: what each contact's record is, searched by word, prefix and mistake."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from api.service.finding.contact_numbers import ContactNumbers
from api.service.finding.name_words import NameWords
from api.service.finding.queries import Query, is_all_in
from api.service.finding.records import Records
from api.service.finding.sharing import Sharing
from api.service.finding.terms import FORMER, MATCHED, NAME, lines_of, name_words, shown_name
from domain.spelling import search_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

MOST_RANKED = 300
"""How many contacts with every word are ranked; more are listed after them as they come."""

MOST_GUESSED = 1_000
"""How many contacts are looked at for a word that may be another with a mistake."""


class Match(NamedTuple):
    """A contact that was found: by which of its lines, and its name as it is written."""

    contact: UUID
    matched: str
    name: str | None


class SearchIndex:
    """What can be searched of every contact of a ledger. For one thread at a time."""

    def __init__(self) -> None:
        self.numbers = ContactNumbers()
        self.records = Records()
        self.words = NameWords()
        self.sharing = Sharing(self.records)

    def knows(self, contact: UUID) -> bool:
        """Whether the contact was ever put in, also where nothing of it is left."""
        return self.numbers.find(contact) is not None

    def contact_record(self, contact: UUID) -> bytes:
        """The record of a contact; empty where there is none."""
        number = self.numbers.find(contact)
        return b"" if number is None else self.records.get(number)

    def put(self, contact: UUID, record: bytes) -> None:
        """Let this be the record of a contact; an empty one leaves nothing of it."""
        number = self.numbers.add(contact)
        before = self.records.get(number)
        if record != before:
            self.words.remove(number, name_words(before))
            self.sharing.remove(number, before)
            self.records.put(number, record)
            self.sharing.add(number, record)
            self.words.add(number, name_words(record))

    def drop(self, contact: UUID) -> None:
        """Forget what is known of a contact."""
        if self.knows(contact):
            self.put(contact, b"")

    def find(self, query: Query, most: int) -> list[Match]:
        """Up to ``most`` contacts, the best first: those with every word, then with mistakes."""
        found: dict[int, str] = {}
        hits = self._hits(query)
        for rank in sorted(
            query.rank(self.records.get(number), number) for number in islice(hits, MOST_RANKED)
        ):
            found[rank.number] = rank.matched
        for number in islice(hits, max(0, most - len(found))):
            found[number] = query.rank(self.records.get(number), number).matched
        if len(found) < most:
            found.update(self._similar(query, found))
        return [self._match(number, matched) for number, matched in islice(found.items(), most)]

    def find_part(self, part: str, most: int) -> list[Match]:
        """Up to ``most`` contacts with this in one of their names, oldest registration first."""
        text = " ".join(search_words(part)).encode()
        if not text:  # accents alone would be found in every name
            return []
        hits = (number for number in self.records.having(text) if self._is_in_name(number, text))
        found = sorted(islice(hits, max(most, MOST_RANKED)))
        return [self._match(number, MATCHED[NAME]) for number in found[:most]]

    def _is_in_name(self, number: int, text: bytes) -> bool:
        return any(text in one for one in lines_of(self.records.get(number), NAME, FORMER))

    def _match(self, number: int, matched: str) -> Match:
        name = shown_name(self.records.get(number))
        return Match(self.numbers.contact(number), matched, name)

    def _hits(self, query: Query) -> Iterator[int]:
        """The contacts with every word of a reading of the query, each once."""
        seen: set[int] = set()
        for number in islice(self.records.with_line(query.line), MOST_RANKED):
            if number not in seen:
                seen.add(number)
                yield number
        for reading in query.readings:
            rarest = min(reading, key=lambda word: sum(map(self.records.count, word.any)))
            for prefix in rarest.any:
                for number in self.records.with_word(prefix):
                    if number not in seen:
                        seen.add(number)
                        if is_all_in(reading, self.records.get(number)):
                            yield number

    def _similar(self, query: Query, known: Iterable[int]) -> dict[int, str]:
        """The contacts whose names have every word of the query, some of them with mistakes."""
        near = {word: self.words.near(word) for word in query.plain}
        candidates = sorted(
            (distance, one) for words in near.values() for one, distance in words.items()
        )
        numbers = (number for _, one in candidates for number in self.words.having(one))
        seen = set(known)
        found: list[tuple[int, int, int, str]] = []
        for number in islice(dict.fromkeys(numbers), MOST_GUESSED):
            if number not in seen:
                record = self.records.get(number)
                if (mistakes := query.mistakes_in(record, near)) is not None:
                    words = name_words(record)
                    matched = _line_with_most(record, near)
                    found.append((mistakes, len(words), number, matched))
        return {number: matched for *_, number, matched in sorted(found)}


def _line_with_most(record: bytes, near: dict[str, dict[str, int]]) -> str:
    """Whether the present name or a former one has more of the words."""

    def count(kind: bytes) -> int:
        words = {one for line in lines_of(record, kind) for one in line.decode().split()}
        return sum(word in words or not words.isdisjoint(near[word]) for word in near)

    return MATCHED[NAME if count(NAME) >= count(FORMER) else FORMER]
