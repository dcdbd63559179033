"""The parameters that a query may have: how each is read, and how it is described."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import parse_qsl

from api.service.questions import Knowledge
from domain.errors import FieldError, Invalid
from domain.events import CATALOGUE, STAGES
from domain.instants import parse_instant
from domain.kinds import MAX_WHOLE, ContactId, Text, wrong
from domain.relationship import FLAGS
from domain.standing import STANDINGS
from domain.text import IDENTIFIER
from domain.text import NAME as NAME_RULE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Parameter(Generic[T_co]):
    """One parameter: ``read`` turns its text into its value or raises Invalid."""

    name: str
    read: Callable[[str], T_co]
    schema: dict[str, object]
    description: str
    example: object
    """For the documentation; None where no value would work for whoever reads it."""
    required: bool = False


def read_query(query: bytes, known: Sequence[Parameter[object]]) -> dict[str, object]:
    """The values of a query's parameters by name; absent ones are absent.

    Raises:
        Invalid: one is unknown, given twice, or not what it should be.
    """
    if not query and not any(one.required for one in known):
        return {}
    try:
        pairs = parse_qsl(
            query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50
        )
    except ValueError:
        raise Invalid.at("", "malformed", "the query cannot be read") from None
    by_name = {parameter.name: parameter for parameter in known}
    values: dict[str, object] = {}
    errors: list[FieldError] = []
    for name, text in pairs:
        if name not in by_name:
            detail = f"is no parameter here; known: {', '.join(by_name) or 'none'}"
            errors.append(FieldError(f"/{name[:100]}", "unknown-field", detail))
        elif name in values:
            errors.append(FieldError(f"/{name}", "duplicate-field", "may be given only once"))
        else:
            try:
                values[name] = by_name[name].read(text)
            except Invalid as error:
                errors.extend(error.within(f"/{name}").errors)
    errors += [
        FieldError(f"/{one.name}", "missing", "is required")
        for one in known
        if one.required and one.name not in values and not errors
    ]
    if errors:
        raise Invalid(errors)
    return values


def whole(least: int, most: int = MAX_WHOLE) -> Callable[[str], int]:
    """Reads a whole number in decimal digits."""

    def read(text: str) -> int:
        if not re.fullmatch("[0-9]{1,16}", text):
            wrong("wrong-type", "must be a whole number in digits")
        if not least <= int(text) <= most:
            wrong("out-of-range", f"must be from {least} to {most}")
        return int(text)

    return read


def choice(words: Sequence[str]) -> Callable[[str], str]:
    """Reads one of a few words."""

    def read(text: str) -> str:
        if text not in words:
            wrong("not-a-choice", f"must be one of {', '.join(words)}")
        return text

    return read


def read_moment(text: str) -> int:
    """An RFC 3339 instant; a ``+`` that a form decoded to a space is taken as it was meant."""
    try:
        return parse_instant(text.replace(" ", "+"))
    except ValueError as error:
        wrong("invalid-time", str(error))


def read_knowledge(text: str) -> Knowledge:
    """A position in digits, or an RFC 3339 instant."""
    if text.isascii() and text.isdigit():
        return Knowledge(position=whole(0)(text))
    return Knowledge(at=read_moment(text))


def read_types(text: str) -> tuple[str, ...]:
    """Event types separated by commas."""
    found = tuple(text.split(","))
    for name in found:
        if name not in CATALOGUE:
            wrong("unknown-type", f"{name[:100]!r} is no event type; see /v1/event-types")
    return found


CONTACT_NAME = ContactId().schema()
"""A contact as it is named outside: its UUID or ``source:ref``."""

_ANY_TYPE = "|".join(CATALOGUE)
_INSTANT: dict[str, object] = {"type": "string", "format": "date-time"}
_POSITION: dict[str, object] = {"type": "integer", "minimum": 0, "maximum": MAX_WHOLE}

AS_OF = Parameter(
    "as_of",
    read_moment,
    _INSTANT,
    "World time to answer for; now if absent.",
    "2026-03-01T12:00:00Z",
)
AS_KNOWN_AT = Parameter(
    "as_known_at",
    read_knowledge,
    {"anyOf": [_INSTANT, _POSITION]},
    "Ledger time to answer for: an instant, or a position; all that is known if absent.",
    42,
)
POLICY_VERSION = Parameter(
    "policy_version", whole(1), {"type": "integer", "minimum": 1, "maximum": MAX_WHOLE},
    "Judge all instants by this version of the policy.", 1,
)  # fmt: skip
EXPLAIN = Parameter(
    "explain", choice(("text",)), {"type": "string", "enum": ["text"]},
    "With sentences beside the evidence, for whoever runs the shop.", "text",
)  # fmt: skip
MIN_POSITION = Parameter(
    "min_position", whole(0), _POSITION,
    "Wait up to 5 s until the answer reflects this position, then 503.", 42,
)  # fmt: skip
LIMIT = Parameter(
    "limit", whole(1, 1000), {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
    "How many items at most.", 100,
)  # fmt: skip
CURSOR = Parameter(
    "cursor", Text(500, IDENTIFIER).read,
    {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,500}$"},
    "Where the page before ended: its next_cursor, which only the ledger that gave it understands.",
    None,
)  # fmt: skip
CONFIRM = Parameter(
    "confirm", Text(200, IDENTIFIER).read, Text(200, IDENTIFIER).schema(),
    "The token that the request without it was answered with.", "1772366400000000-" + "A" * 43,
)  # fmt: skip
TYPES = Parameter(
    "types", read_types, {"type": "string", "pattern": f"^({_ANY_TYPE})(,({_ANY_TYPE}))*$"},
    "Event types, separated by commas.", "purchase-made",
)  # fmt: skip
AFTER_VERSION = Parameter(
    "after_version", whole(0), _POSITION, "Only events of a later version of the stream.", 0
)
AFTER_POSITION = Parameter(
    "after_position", whole(0), _POSITION, "Only events at a later position.", 0
)
LEAF_POSITION = Parameter(
    "position", whole(1), {"type": "integer", "minimum": 1, "maximum": MAX_WHOLE},
    "The position of the event.", 42, required=True,
)  # fmt: skip
TREE_SIZE = Parameter(
    "tree_size", whole(1), {"type": "integer", "minimum": 1, "maximum": MAX_WHOLE},
    "The size of the tree to prove it in; that of the last checkpoint if absent.", 42,
)  # fmt: skip
FIRST_SIZE = Parameter(
    "first", whole(0), _POSITION, "The size of the earlier tree.", 3, required=True
)
SECOND_SIZE = Parameter(
    "second", whole(0), _POSITION,
    "The size of the later tree; that of the last checkpoint if absent.", 42,
)  # fmt: skip
AFTER_NUMBER = Parameter("after_number", whole(0), _POSITION, "Only entries of a later number.", 0)
STAGE = Parameter(
    "stage", choice(STAGES), {"type": "string", "enum": list(STAGES)}, "Only this stage.", "client"
)
FLAG = Parameter(
    "flag", choice(FLAGS), {"type": "string", "enum": list(FLAGS)}, "Only with this flag.", "quiet"
)
SORT = Parameter(
    "sort", choice(("score", "since")), {"type": "string", "enum": ["score", "since"]},
    "What to sort by, the greatest first; score if absent, and since of the past.", "since",
)  # fmt: skip
BY_INFLUENCE = Parameter(
    "sort", choice(("influence",)), {"type": "string", "enum": ["influence"]},
    "The most influential first, which is how the present is listed anyway.", "influence",
)  # fmt: skip
STANDING = Parameter(
    "standing", choice(STANDINGS), {"type": "string", "enum": list(STANDINGS)},
    "Only this standing.", "partner",
)  # fmt: skip
_WORD = Text(100, NAME_RULE)
CONSENT_PURPOSE = Parameter(
    "consent_purpose", _WORD.read, _WORD.schema(),
    "Only who allows us this now, by the channel that is then to be given.", "offers",
)  # fmt: skip
CONSENT_CHANNEL = Parameter(
    "consent_channel", _WORD.read, _WORD.schema(),
    "By which way; only together with the purpose.", "email",
)  # fmt: skip
NAME = Parameter(
    "name", Text(200, NAME_RULE).read, Text(200, NAME_RULE).schema(),
    "A name or part of one, whatever its case, accents and runs of white space.", "jansen",
)  # fmt: skip
CONTACT = Parameter(
    "contact", str, CONTACT_NAME,
    "Only this contact's events: a UUID or source:ref.", "pos:17850",
)  # fmt: skip
GROUP = Parameter(
    "group", lambda text: choice(("true", "false"))(text) == "true",
    {"type": "boolean"},
    "With `contact`: the events of all contacts that are one with it by merges.", True,
)  # fmt: skip
RESTATED_CONTACT = Parameter(
    "contact", str, CONTACT_NAME,
    "Only what was restated of this contact: a UUID or source:ref.", "pos:17850",
)  # fmt: skip
SINCE_POSITION = Parameter(
    "since_position", whole(0), _POSITION, "Only what events at a later position restated.", 0
)
