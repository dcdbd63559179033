"""The catalogue of events: what is sent, and what each field accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docs.generating.markdown import first_sentence, opening, said, table, words
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
Every fact that a ledger can hold, by its `type`. Fields marked *personal* are sealed under the
contact's own key; what is required *until erased* is left out of events of a contact that was
erased, and required of all others. Absent and `null` are the same; unknown fields are refused.
The same as JSON Schema: `GET /v1/event-types/{type}`. What follows from each is said in
[the rules](rules.md).
"""


_TEXTS = {NAME: "name", IDENTIFIER: "id", FREE: "text"}
_RULE = """\
Every text is of one of three kinds, and each kind has one rule, the same at every entrance: JSON,
msgpack, CloudEvents, lines, paths, queries, tables, mappings and the command line. A text is kept
in NFC, so that two spellings of it are one; its length is counted as it is sent, and as it is kept.
Refused are control characters (Cc) other than LF and TAB in texts of several lines, the
bidirectional overrides, embeddings and isolates U+202A to U+202E and U+2066 to U+2069, and halves
of characters. *Something visible* is a character outside the general categories Z and C. White
space at the ends is Unicode's White_Space and the spaces of no width, U+200B, U+2060 and U+FEFF.
The refusal is 422 `invalid-text`; its `detail` names the character by its code point. `source` and
`actor` of an event are names, `{contact}` holds an id, and its ref is in NFC before the contact's
UUID is made of it.

Events that were stored before there was this rule stay as they are. A resend is compared by the
rule on both sides and is known again, also where its text is refused today. A contact that is
stored under the bytes of its ref as they were sent still answers to them.
"""


def events_page() -> str:
    """Every event type with its fields, by the part of the catalogue that it belongs to."""
    parts = [opening("Event types", "`domain/events`", _EVENTS), _texts()]
    for part in _PARTS:
        parts.append(f"## {part.__name__.split('.')[-1].capitalize()}\n\n{said(part)}\n")
        parts.extend(
            _event(made) for made in CATALOGUE.values() if made.__module__ == part.__name__
        )
    return "\n".join(parts)


def _texts() -> str:
    """What is asked of each kind of text."""
    said = {
        NAME: "White space at both ends is dropped.",
        IDENTIFIER: "White space at its ends is refused.",
        FREE: "White space, LF and TAB stay; CRLF becomes LF.",
    }
    rows = [
        (_TEXTS[rule], said[rule], "yes" if rule.visible else "", "yes" if rule.lines else "")
        for rule in (NAME, IDENTIFIER, FREE)
    ]
    heads = ("kind", "ends and lines", "something visible", "several lines")
    return f"## Texts\n\n{_RULE}\n{table(heads, rows)}"


def _event(made: type[Event]) -> str:
    rows = [
        (
            f"`{field.name}`",
            describe(field.kind) + (", used once in a stream" if field.opens else ""),
            _required(field),
            "yes" if field.personal else "",
        )
        for field in made.FIELDS
    ]
    writer = "" if made.FROM_CLIENTS else "\nOnly the ledger writes it; sending it is refused.\n"
    fields = table(("field", "value", "required", "personal"), rows)
    return f"### `{made.TYPE}`\n\n{said(made)}\n{writer}\n{fields}"


def _required(field: Field) -> str:
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
