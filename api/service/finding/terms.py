"""What the index holds of one stream: a record of folded lines, made of its history.

A line begins with its kind. What can be searched follows after a space, each word after one; what
is only compared follows at once, so that no search finds it. Every line ends with a line feed,
which no folded text has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from api.service.finding.phones import phone_forms
from domain.details import EMAIL, PHONE
from domain.errors import LedgerError
from domain.events.base import EncryptedValue
from domain.events.contacts import (
    ContactDetailLearned,
    ContactDetailRemoved,
    ContactRegistered,
    ContactsDistinguished,
    OccasionLearned,
    RegistrationAmended,
)
from domain.events.governance import EventCorrected, EventRetracted, PersonalDataErased
from domain.history import effective_history
from domain.noted import noted_of
from domain.profile import profile_of
from domain.spelling import search_form, search_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from uuid import UUID

    from domain.history import History
    from domain.profile import Detail
    from domain.recorded import RecordedEvent

NAME, FORMER, REF, EMAIL_LINE, PHONE_LINE, DIALLED = b"n", b"f", b"r", b"e", b"p", b"q"
"""What can be searched. A number has two lines: as it is compared, and as it is dialled nearby."""

KIND, BIRTHDAY, POSTAL_CODE, SHOWN, DISTINGUISHED = b"k", b"b", b"c", b"d", b"x"
ADDRESS = b"a"
"""A name that leads to the contact: its own, and those of its refs."""

MATCHED = {
    NAME: "name",
    FORMER: "former_name",
    REF: "ref",
    EMAIL_LINE: "email",
    PHONE_LINE: "phone",
    DIALLED: "phone",
}
"""The kinds of lines that can be searched, as answers call them, the most telling first."""

INDEXED = (
    ContactDetailLearned,
    ContactDetailRemoved,
    ContactRegistered,
    ContactsDistinguished,
    EventCorrected,
    EventRetracted,
    OccasionLearned,
    PersonalDataErased,
    RegistrationAmended,
)
"""The events that change what is in the index."""

HIDDEN = "\x03"
"""Before a word that is in alphabetical order with the others, and that no search finds."""

_SPACES = re.compile(r"[ \n]")
_SPACE = "\x02"
"""A space in what is only shown: no text has this character, and no search finds it."""

TYPES = tuple(cls.TYPE for cls in INDEXED)


@dataclass(frozen=True)
class Place:
    """What the ledger makes of refs and numbers; ``contact_of`` reads ``source:ref``."""

    contact_of: Callable[[str], UUID]
    region: str | None


def record_of(events: Iterable[RecordedEvent], contact: UUID, place: Place) -> bytes:
    """The record of a stream, by its decrypted events of ``TYPES``; empty for the erased."""
    known = list(events)
    if any(isinstance(one.event, PersonalDataErased) for one in known):
        return b""
    history = effective_history(known, contact)
    lines = list(_lines(history, contact, place))
    return "".join(dict.fromkeys(lines)).encode() if lines else b""


def _lines(history: History, contact: UUID, place: Place) -> Iterator[str]:
    profile = profile_of(history, contact, lambda other: other)
    yield from _name_lines(history, profile.name)
    for source, ref in profile.refs:
        yield _line(REF, f"{search_form(source)}:{search_form(ref)}", f"\t {search_form(ref)}")
        if (address := _address(place, source, ref)) is not None:
            yield _address_line(address)
    for detail in profile.details:
        yield from _detail_lines(detail, place.region)
    if profile.kind:
        yield _address_line(contact)
        yield _thing(KIND, profile.kind)
    for fact in history.facts:
        if isinstance(fact.event, ContactsDistinguished):
            yield _thing(DISTINGUISHED, fact.event.other.hex)
    for day in _birthdays(history):
        yield _thing(BIRTHDAY, day)
    if profile.name:
        yield _thing(SHOWN, _SPACES.sub(_SPACE, profile.name))


def _name_lines(history: History, name: str | None) -> Iterator[str]:
    present = search_words(name) if name else []
    if present:
        yield _line(NAME, *present)
    for fact in history.facts:
        former = getattr(fact.event, "name", None)
        if isinstance(former, str) and (words := search_words(former)) and words != present:
            yield _line(FORMER, *words)


def _detail_lines(detail: Detail, region: str | None) -> Iterator[str]:
    if detail.kind == EMAIL:
        yield _line(EMAIL_LINE, search_form(detail.value))
    elif detail.kind == PHONE:
        compared, *dialled = phone_forms(detail.value, region)
        yield _line(PHONE_LINE, compared)
        yield from (_line(DIALLED, one) for one in dialled)
    if isinstance(detail.postal_code, str):
        yield _thing(POSTAL_CODE, "".join(search_words(detail.postal_code)))


def _line(kind: bytes, *words: str) -> str:
    return f"{kind.decode()} {' '.join(words)}\n"


def _address(place: Place, source: str, ref: str) -> UUID | None:
    """The contact that a ref names; None where it names none, or no ledger knows."""
    try:
        return place.contact_of(f"{source}:{ref}")
    except (ValueError, LedgerError):
        return None


def _address_line(contact: UUID) -> str:
    return f"{ADDRESS.decode()}{HIDDEN}{contact.hex}\n"


def _thing(kind: bytes, text: str) -> str:
    return f"{kind.decode()}{text}\n"


def _birthdays(history: History) -> Iterator[str]:
    for fact in noted_of(history).occasions:
        event = fact.event
        if isinstance(event, OccasionLearned) and search_form(event.kind) == "birthday":
            if isinstance(event.month, EncryptedValue) or isinstance(event.day, EncryptedValue):
                continue
            year = event.year if isinstance(event.year, int) else ""
            yield f"{event.month:02}-{event.day:02}/{year}"


def lines_of(record: bytes, *kinds: bytes) -> list[bytes]:
    """The lines of some kinds in a record, without their kind."""
    return [one[1:] for one in record.split(b"\n") if one[:1] in kinds]


def name_words(record: bytes) -> list[str]:
    """The words of all names in a record."""
    lines = (one.decode().split() for one in lines_of(record, NAME, FORMER))
    return list(dict.fromkeys(chain.from_iterable(lines)))


def shown_name(record: bytes) -> str | None:
    """The name of a contact as it is written."""
    found = lines_of(record, SHOWN)
    return found[0].decode().replace(_SPACE, " ") if found else None
