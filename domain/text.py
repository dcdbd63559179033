"""What a text may be: one rule for each kind of text, the same at every entrance.

Every text is kept in NFC, so that two spellings of one text are one. Stored events are not touched:
``as_compared`` says what they and what comes in have in common. Source: the errata of the design,
9; Unicode Standard Annexes 9 (bidirectional text), 15 (NFC) and 44 (White_Space).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from domain.errors import Invalid

INVALID_TEXT = "invalid-text"
"""The code of every refusal here."""

OUTER = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
    "\u200b\u2060\ufeff"
)
"""What is white space at the ends of a text: Unicode's White_Space, and its spaces of no width."""

# Cc, the overrides, embeddings and isolates that turn text around, and halves of characters.
_REFUSED = "\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_REFUSED_IN_LINES = re.compile(f"[{_REFUSED}]")
_REFUSED_IN_A_LINE = re.compile(f"[\t\n{_REFUSED}]")

# The same for the regular expressions of JSON Schema, which a test holds against the rules.
_BEYOND_ASCII = r"\u007f-\u009f\u202a-\u202e\u2066-\u2069"
_OUTER = (
    r"[\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u2060"
    r"\u3000\ufeff]"
)
_END = (
    r"[^\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200b\u2028-\u202f\u205f\u2060"
    r"\u2066-\u2069\u3000\ufeff]"
)


@dataclass(frozen=True)
class TextRule:
    """What is asked of one kind of text, and in which form it is kept.

    ``trims`` takes white space from both ends, ``bare`` refuses it there. ``visible`` asks for a
    character that is neither a separator (Z) nor one of the others (C). ``lines`` keeps LF and TAB,
    and makes an LF of each CRLF.
    """

    said: str
    trims: bool = False
    bare: bool = False
    visible: bool = False
    lines: bool = False

    def apply(self, text: str) -> str:
        """The text in the form in which it is kept; applied again it stays as it is.

        Raises:
            Invalid: ``invalid-text``, naming the character that is in the way by its code point.
        """
        if text.isascii() and text.isprintable() and (self.lines or _is_bare(text)):
            return text  # nearly all texts, and ten times as fast
        kept = self._trim(text)
        refused = _REFUSED_IN_LINES if self.lines else _REFUSED_IN_A_LINE
        if found := refused.search(kept):
            _refuse(f"must not hold {character_name(found[0])}: send the text without it")
        if self.bare and kept[:1] in OUTER and kept:
            _refuse(f"must not begin with {character_name(kept[0])}: send the text without it")
        if self.bare and kept[-1:] in OUTER and kept:
            _refuse(f"must not end with {character_name(kept[-1])}: send the text without it")
        if self.visible and text and not any(map(_is_visible, kept)):
            _refuse(
                f"must hold a visible character, and {character_name(text[0])} is none: "
                "send at least one letter, digit or sign"
            )
        return unicodedata.normalize("NFC", kept)

    def as_compared(self, text: str) -> str:
        """What two texts of this kind have in common where they say the same; never refuses.

        Of a text that ``apply`` takes it is what ``apply`` makes of it.
        """
        if text.isascii() and text.isprintable() and (self.lines or _is_bare(text)):
            return text
        return unicodedata.normalize("NFC", self._trim(text))

    def _trim(self, text: str) -> str:
        if self.lines:
            return text.replace("\r\n", "\n")
        return text.strip(OUTER) if self.trims else text

    def pattern(self) -> str:
        """What may be sent, as a regular expression of JSON Schema.

        It cannot say which other characters are invisible: of those alone a text is refused too.
        """
        if self.lines:
            return rf"^([^\u0000-\u0008\u000b-\u001f{_BEYOND_ASCII}]|\r\n)*$"
        inner = rf"[^\u0000-\u001f{_BEYOND_ASCII}]"
        core = f"(?:{_END}|{_END}{inner}*{_END})"
        return f"^{_OUTER}*{core}{_OUTER}*$" if self.trims else f"^{core}$"


NAME = TextRule(
    "in NFC, white space at both ends is dropped, something visible, one line",
    trims=True,
    visible=True,
)
"""Names of people and things, and the labels that one looks things up by."""

IDENTIFIER = TextRule(
    "in NFC, no white space at its ends, something visible, one line",
    bare=True,
    visible=True,
)
"""What a producer calls something: refs, ids in data, the names of systems."""

FREE = TextRule("in NFC, LF and TAB stay, CRLF becomes LF", lines=True)
"""Notes, reasons, addresses: whatever somebody wrote down."""


def character_name(character: str) -> str:
    """A character by its code point, and by its name where it has one."""
    point = f"U+{ord(character):04X}"
    named = unicodedata.name(character, "")
    return f"{point} ({named})" if named else point


def _refuse(detail: str) -> None:
    raise Invalid.at("", INVALID_TEXT, detail)


def _is_bare(text: str) -> bool:
    """Whether a printable ASCII text has something in it, and no space at its ends."""
    return text[:1] not in ("", " ") and text[-1] != " "


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] not in "ZC"
