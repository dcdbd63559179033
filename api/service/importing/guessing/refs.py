"""A pattern for the refs of a column, which refuses what a spreadsheet made of some of them."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from api.service.importing.refs import spreadsheet_damage

if TYPE_CHECKING:
    from collections.abc import Sequence

_CLASSES = (
    ("[0-9]", re.compile("[0-9]")),
    ("[A-Z]", re.compile("[A-Z]")),
    ("[a-z]", re.compile("[a-z]")),
)
_PLAIN = re.compile("[0-9A-Za-z_-]+")


def ref_pattern(values: Sequence[str]) -> str | None:
    """A regular expression for the values that nothing spoiled; None where they have no one form.

    >>> ref_pattern(["00123", "00124", "125", '="00126"'])
    '[0-9]{5}'
    >>> ref_pattern(["K-0017", "K-0203"])
    'K-[0-9]{4}'
    """
    sound = [value for value in values if value and spreadsheet_damage(value) is None]
    if not sound:
        return None
    if all("@" in value for value in sound):
        return r"[^@\s=']+@[^@\s]+"
    if all(value.isdigit() and value.isascii() for value in sound):
        return _digits(sound)
    shapes = {tuple(_shape(value)) for value in sound}
    if len(shapes) == 1:
        return _of_shape(shapes.pop(), sound)
    if all(map(_PLAIN.fullmatch, sound)):
        lengths = sorted({len(value) for value in sound})
        return f"[0-9A-Za-z_-]{{{lengths[0]},{lengths[-1]}}}"
    return None


def _digits(sound: Sequence[str]) -> str:
    longest = max(map(len, sound))
    if any(len(value) > 1 and value[0] == "0" for value in sound):
        return f"[0-9]{{{longest}}}"  # a shorter one lost its zeros
    return "[1-9][0-9]{0,19}"  # later ones may be longer


def _shape(value: str) -> list[tuple[str, int]]:
    """The runs of digits and letters, with their lengths."""
    kinds = [
        next((name for name, pattern in _CLASSES if pattern.fullmatch(one)), _literal(one))
        for one in value
    ]
    return [(kind, len(list(run))) for kind, run in groupby(kinds)]


def _of_shape(shape: tuple[tuple[str, int], ...], sound: Sequence[str]) -> str:
    parts, start = [], 0
    for kind, length in shape:
        texts = {value[start : start + length] for value in sound}
        same = len(texts) == 1 and len(sound) > 1 and kind != "[0-9]"
        parts.append(
            _literal(texts.pop()) if same else kind + (f"{{{length}}}" if length > 1 else "")
        )
        start += length
    return "".join(parts)


def _literal(text: str) -> str:
    """The text as a pattern; a hyphen means nothing outside of a set."""
    return re.escape(text).replace("\\-", "-")
