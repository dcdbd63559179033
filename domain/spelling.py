"""The form of a text for searching: without case, accents and runs of white space.

What is looked through is folded once, when it is indexed, and what is looked for in the same way.
Source: people.md, section 2; Unicode Standard Annex 15 (NFKD), The Unicode Standard, section 3.13.
"""

from __future__ import annotations

import re
import unicodedata

_LEFT_BY_NFKD = str.maketrans(
    {
        "\u00df": "ss",
        "\u00e6": "ae",
        "\u00f0": "d",
        "\u00f8": "o",
        "\u00fe": "th",
        "\u0111": "d",
        "\u0131": "i",
        "\u0142": "l",
        "\u0153": "oe",
    }
)
"""Letters that Unicode does not take apart, and that people type without: sharp s, ae, eth, o and
l with a stroke, thorn, d with a stroke, dotless i, oe. In lower case, for case is folded first."""

_PARTS_OF_LETTERS = frozenset({0, 7, 8, 9})
"""Combining classes of marks that stay: vowels, nuktas, voicing marks and viramas tell words apart.

Source: Unicode Standard Annex 44, table 15; every other class is of accents, points and tones.
"""


def search_form(text: str) -> str:
    """The text as it is looked for, the same for every spelling that people take for the same.

    >>> search_form("  Ren\u00e9e \u0130pek-\u0141ukasz")
    'renee ipek-lukasz'
    """
    if text.isascii():
        return " ".join(text.casefold().split())
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(
        one
        for one in apart
        if unicodedata.combining(one) in _PARTS_OF_LETTERS and unicodedata.category(one) != "Cf"
    )
    return " ".join(bare.translate(_LEFT_BY_NFKD).split())


_APOSTROPHES = re.compile("['\u2018\u2019\u02bc\u00b4`]")
_BETWEEN_ASCII_WORDS = re.compile("[^0-9a-z]+")


def search_words(text: str) -> list[str]:
    """The words of a name in the form in which they are looked for.

    An apostrophe joins, and every other sign parts: people type both without. A name of
    signs alone is looked for by these.

    >>> search_words("Anne-Marie O'Neill, Dr.")
    ['anne', 'marie', 'oneill', 'dr']
    """
    folded = _APOSTROPHES.sub("", search_form(text))
    if folded.isascii():
        words = _BETWEEN_ASCII_WORDS.sub(" ", folded).split()
    else:
        parted = (one if unicodedata.category(one)[0] in "LMN" else " " for one in folded)
        words = "".join(parted).split()
    return words or folded.split()
