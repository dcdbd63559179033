"""The catalogue of events: what is sent, and what each field accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docs.generating.markdown import docstring, first_sentence, opening, table, words
from domain.events import (
    CATALOGUE,
    care,
    commerce,
    contacts,
    governance,
    referrals,
    service,
)
from domain.kinds import MAX_WHOLE, Choice, Text, Whole
from domain.text import FREE, IDENTIFIER, NAME

if TYPE_CHECKING:
    from domain.events import Event
    from domain.events.base import Field
    from domain.kinds import Kind

_PARTS = (contacts, commerce, service, care, referrals, governance)

_EVENTS = """\
This page lists every fact that a ledger can record, by its `type`. Fields marked *personal* are
encrypted under the data key of the contact. A field that is required *until erased* is left out of
the events of an erased contact, and required for all other contacts. An absent field and `null`
mean the same; unknown fields are refused. `GET /v1/event-types/{type}` gives the same as JSON
Schema. [The rules](rules.md) say what follows from each event.
"""


_TEXTS = {NAME: "name", IDENTIFIER: "id", FREE: "text"}
_RULE = """\
There are three kinds of text. Each kind has one rule, which applies everywhere: in JSON, msgpack,
CloudEvents, lines, paths, queries, tables, mappings and on the command line. A text is stored in
NFC, so two spellings of it are the same text. Its length is limited as it is sent, and as it is
stored. The ledger refuses control characters (Cc) other than LF and TAB in texts of several lines,
the bidirectional overrides, embeddings and isolates U+202A to U+202E and U+2066 to U+2069, and
halves of characters. *Something visible* is a character outside the general categories Z and C.
White space at the ends is Unicode's White_Space and the zero-width spaces U+200B, U+2060 and
U+FEFF. The refusal is 422 `invalid-text`; its `detail` names the character by its code point.
`source` and `actor` of an event are names. `{contact}` contains an id, whose ref is converted to
NFC before the contact's UUID is derived from it.

Events that were stored before this rule existed stay as they are. A repeated request is compared
with them by this rule on both sides, so it is recognised, also if its text would be refused today.
A contact that is stored under the original bytes of its ref can still be addressed by them.
"""


def events_page() -> str:
    """Every event type with its fields, by the part of the catalogue that it belongs to."""
    parts = [opening("Event types", "`domain/events`", _EVENTS), _texts()]
    for part in _PARTS:
        parts.append(f"## {part.__name__.split('.')[-1].capitalize()}\n\n{docstring(part)}\n")
        parts.extend(
            _event(made) for made in CATALOGUE.values() if made.__module__ == part.__name__
        )
    return "\n".join(parts)


def _texts() -> str:
    """What each kind of text requires."""
    ends = {
        NAME: "White space at both ends is dropped.",
        IDENTIFIER: "White space at its ends is refused.",
        FREE: "White space, LF and TAB stay; CRLF becomes LF.",
    }
    rows = [
        (_TEXTS[rule], ends[rule], "yes" if rule.visible else "", "yes" if rule.lines else "")
        for rule in (NAME, IDENTIFIER, FREE)
    ]
    heads = ("kind", "ends and lines", "something visible", "several lines")
    return f"## Texts\n\n{_RULE}\n{table(heads, rows)}"


def _event(made: type[Event]) -> str:
    rows = [
        (
            f"`{field.name}`",
            describe(field.kind) + (", used once in a stream" if field.opens else ""),
            _requirement(field),
            "yes" if field.personal else "",
        )
        for field in made.FIELDS
    ]
    writer = (
        "" if made.FROM_PRODUCERS else "\nOnly the ledger records it. A producer cannot send it.\n"
    )
    fields = table(("field", "value", "required", "personal"), rows)
    return f"### `{made.TYPE}`\n\n{docstring(made)}\n{writer}\n{fields}"


def _requirement(field: Field) -> str:
    if field.until_erased:
        return "until erased"
    return "yes" if field.required else ""


def describe(kind: Kind) -> str:
    """What a kind accepts, in words."""
    match kind:
        case Text():
            return f"{_TEXTS[kind.rule]} of 1 to {kind.most} characters"
        case Whole() if kind.most == MAX_WHOLE:
            return f"whole number from {kind.least} to 2^53 - 1"
        case Whole():
            return f"whole number from {kind.least} to {kind.most}"
        case Choice():
            return words(kind.words)
    sentence = first_sentence(type(kind)).rstrip(".")
    return sentence[0].lower() + sentence[1:] if sentence[1].islower() else sentence
