"""The words of names, to find one that was typed with a mistake.

Source: Boytsov, "Indexing methods for approximate dictionary searching" (2011), for the distance
with transpositions of neighbours; it is counted by ``rapidfuzz``.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from typing import TYPE_CHECKING

from rapidfuzz import process
from rapidfuzz.distance import OSA

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LEAST_LETTERS = 3
_LONG = 6


def mistakes_in(word: str) -> int:
    """How many mistakes a word may have: two where it is long, and none in what has digits."""
    if len(word) < _LEAST_LETTERS or any(one.isdigit() for one in word):
        return 0
    return 2 if len(word) >= _LONG else 1


class NameWords:
    """Every word of a name, with the numbers of the contacts who have it; by length of the word."""

    def __init__(self) -> None:
        self._by_length: dict[int, dict[str, array[int]]] = defaultdict(dict)

    def add(self, number: int, words: Iterable[str]) -> None:
        """Note the words of a contact."""
        for word in words:
            if mistakes_in(word):
                known = self._by_length[len(word)]
                if word in known:
                    known[word].append(number)
                else:
                    known[word] = array("I", (number,))

    def remove(self, number: int, words: Iterable[str]) -> None:
        """Take back what was added; a word that nobody has any more is gone."""
        for word in words:
            numbers = self._by_length.get(len(word), {}).get(word)
            if numbers is not None:
                numbers.remove(number)
                if not numbers:
                    del self._by_length[len(word)][word]

    def near(self, word: str) -> dict[str, int]:
        """The words that this one may be meant for, each with how many mistakes it has then."""
        most = mistakes_in(word)
        found: dict[str, int] = {}
        for length in range(len(word) - most, len(word) + most + 1) if most else ():
            known = self._by_length.get(length)
            if known:
                near = process.extract(
                    word, list(known), scorer=OSA.distance, score_cutoff=most, limit=None
                )
                found.update((one, distance) for one, distance, _ in near if distance)
        return found

    def having(self, word: str) -> Sequence[int]:
        """The numbers of the contacts with this word in a name."""
        return self._by_length.get(len(word), {}).get(word, ())
