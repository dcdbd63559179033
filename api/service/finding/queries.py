"""What is looked for: a query read as words, and as a phone number where it is one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from api.service.finding.phones import phone_forms
from api.service.finding.terms import MATCHED, REF, name_words
from domain.details import PHONE, compared_detail
from domain.spelling import search_form, search_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DIALLED = re.compile(r"[\d\s()+./-]+")
_LEAST_DIGITS = 3
_KINDS = {kind: place for place, kind in enumerate(MATCHED)}
_CALLED = tuple(MATCHED.values())


class Rank(NamedTuple):
    """How well a record is what is looked for: the least is the best."""

    level: int
    """0: it is the whole of a line; 1: every word is whole; 2: some are beginnings of words."""
    kind: int
    length: int
    number: int

    @property
    def matched(self) -> str:
        """The kind of the line that has most of the words."""
        return _CALLED[self.kind]


class Word:
    """A word that a record must have, or begin with: as it was typed, or as it is in a name."""

    def __init__(self, *spellings: Sequence[str]) -> None:
        """Each spelling is one word or several that must all be there."""
        self.spellings = tuple(
            tuple(f" {one}".encode() for one in spelling)
            for spelling in dict.fromkeys(map(tuple, spellings))
            if spelling
        )
        self.any = tuple(max(spelling, key=len)[1:] for spelling in self.spellings)
        """A beginning for each spelling: every record that has the word has one of these."""

    def is_in(self, text: bytes) -> bool:
        """Whether the text has such a word, or one that begins so."""
        for spelling in self.spellings:
            for one in spelling:
                if one not in text:
                    break
            else:
                return True
        return False

    def is_whole_in(self, text: bytes) -> bool:
        """Whether the text has such a word as a whole."""
        return any(
            all(one + b" " in text or one + b"\n" in text for one in spelling)
            for spelling in self.spellings
        )


def is_all_in(words: Sequence[Word], text: bytes) -> bool:
    """Whether the text has every one of these words."""
    for word in words:  # noqa: SIM110  # a generator takes twice as long, for each contact
        if not word.is_in(text):
            return False
    return True


@dataclass(frozen=True)
class Query:
    """What somebody typed; ``region`` is where phone numbers without a country stand."""

    typed: str
    region: str | None

    @cached_property
    def plain(self) -> tuple[str, ...]:
        """The words as they would be in a name."""
        return tuple(dict.fromkeys(search_words(self.typed)))

    @cached_property
    def readings(self) -> tuple[tuple[Word, ...], ...]:
        """The ways to read it, each as words that must all be there; none where it is empty."""
        words = tuple(Word([one], search_words(one)) for one in search_form(self.typed).split())
        found = [words] if words else []
        if _DIALLED.fullmatch(self.typed.strip()):
            digits = compared_detail(PHONE, self.typed)
            if len(digits) >= _LEAST_DIGITS:
                found.append((Word([digits], phone_forms(self.typed, self.region)[:1]),))
        return tuple(found)

    @cached_property
    def line(self) -> bytes:
        """What a line would be that is this and nothing else."""
        return " ".join(self.plain).encode()

    def rank(self, record: bytes, number: int) -> Rank:
        """The rank of a record with every word of a reading."""
        reading = next((one for one in self.readings if is_all_in(one, record)), self.readings[0])
        most, place, line = 0, 0, b""
        for one in record.split(b"\n"):
            if one[:1] in _KINDS:
                has = 0
                for word in reading:
                    has += word.is_in(one)
                if has > most:  # the kinds of lines stand in their order
                    most, place, line = has, _KINDS[one[:1]], one
        level = 2
        if all(word.is_whole_in(record) for word in reading):
            alone = len(reading) == 1 and place >= _KINDS[REF]
            level = int(not alone and sorted(line[1:].split()) != self._sorted)
        return Rank(level, place, len(line), number)

    @cached_property
    def _sorted(self) -> list[bytes]:
        return sorted(one.encode() for one in self.plain)

    def mistakes_in(self, record: bytes, near: Mapping[str, Mapping[str, int]]) -> int | None:
        """How many mistakes it has, where this record is meant; None where it cannot be."""
        words = name_words(record)
        mistakes = 0
        for word in self.plain:
            if f" {word}".encode() in record:
                continue
            least = min((near[word][one] for one in words if one in near[word]), default=None)
            if least is None:
                return None
            mistakes += least
        return mistakes
