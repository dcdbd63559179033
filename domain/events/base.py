"""What every event class has: a stored type name and fields that know their kinds."""

from __future__ import annotations

from dataclasses import MISSING, dataclass
from dataclasses import fields as dataclass_fields
from typing import (
    TYPE_CHECKING,
    Annotated,
    ClassVar,
    Self,
    TypeVar,
    dataclass_transform,
    get_type_hints,
)
from uuid import UUID

from domain.errors import FieldError, Invalid
from domain.kinds import (
    AgendaKey,
    CalendarDate,
    Choice,
    ContactId,
    Currency,
    EventId,
    Flag,
    Instant,
    Kind,
    Text,
    TimeZone,
    Whole,
    escape_pointer,
    no_names,
)
from domain.nested_kinds import Attributes, Items, References
from domain.text import IDENTIFIER, NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from domain.kinds import ContactNames


class Personal:
    """Marks a field that is encrypted under the contact's data key and gone after an erasure."""


class UntilErased:
    """Marks a personal field that is asked for until the contact is erased, and then left out.

    The rest of such an event says something without it, such as that an amount was never spent.
    """


class LaterField:
    """Marks a field that a type got after events of it were stored: left out, it is not stored.

    So an event that says nothing in it has the bytes that it always had.
    """


class Opens:
    """Marks the id that an event brings into the world: used once in a stream."""


@dataclass(frozen=True)
class Field:
    """One field of an event, in the order in which it is stored."""

    name: str
    kind: Kind
    required: bool
    personal: bool
    opens: bool
    until_erased: bool = False
    is_later: bool = False


@dataclass(frozen=True)
class EncryptedValue:
    """A personal value that was not decrypted: folds carry it without reading it.

    ``ciphertext`` is empty if the contact's key was destroyed.
    """

    ciphertext: bytes

    @property
    def is_erased(self) -> bool:
        """Nobody can decrypt it any more."""
        return not self.ciphertext


Id = Annotated[str, Text(200, IDENTIFIER)]
OpeningId = Annotated[str, Text(200, IDENTIFIER), Opens]
Title = Annotated[str, Text(200, NAME)]
Word = Annotated[str, Text(100, NAME)]
Amount = Annotated[int, Whole()]
CurrencyCode = Annotated[str, Currency()]
YesNo = Annotated[bool, Flag()]
Contact = Annotated[UUID, ContactId()]
EventRef = Annotated[UUID, EventId()]
Moment = Annotated[int, Instant()]
ItemKey = Annotated[str, AgendaKey()]
DateText = Annotated[str, CalendarDate()]
Zone = Annotated[str, TimeZone()]
Party = Annotated[str, Choice(("contact", "business"))]

PersonalText = Annotated[str | EncryptedValue, Text(), Personal]
PersonalName = Annotated[str | EncryptedValue, Text(200, NAME), Personal]
PersonalReferences = Annotated[tuple[tuple[str, str], ...] | EncryptedValue, References(), Personal]
PersonalItems = Annotated[list[object] | EncryptedValue, Items(), Personal]
ExpectedText = Annotated[str | EncryptedValue, Text(), Personal, UntilErased]
PersonalAttributes = Annotated[dict[str, object] | EncryptedValue, Attributes(), Personal]

SOURCE = Text(200, NAME)
"""What the producing system of an event calls itself."""

ACTOR = Text(200, NAME)
"""The person or service on whose behalf something was recorded."""

STAGES = (
    "contact",
    "prospect",
    "customer",
    "client",
    "lapsed_customer",
    "lapsed_client",
    "ended",
)
"""The stages of a relationship, as they are written on the wire."""


class Event:
    """A fact about one contact. Subclasses are made by ``event``."""

    TYPE: ClassVar[str]
    FIELDS: ClassVar[tuple[Field, ...]]
    NAMES: ClassVar[frozenset[str]]
    READING: ClassVar[dict[str, tuple[Kind, bool]]]
    """By name, the kind of each field and whether it is required: what reading looks at."""
    NO_SUCH_FIELD: ClassVar[str]
    """How a field is refused that the type does not have."""
    OPENS: ClassVar[str | None]
    """The field whose id such an event brings into the world, if it brings one."""
    EXPECTED: ClassVar[tuple[str, ...]]
    """The fields that only events of the erased may lack, which a decision looks at."""
    FROM_PRODUCERS: ClassVar[bool]

    @classmethod
    def read(cls, data: object, names: ContactNames = no_names) -> Self:
        """The event that JSON-like data describes.

        Raises:
            Invalid: with every error found; pointers are relative to ``data``.
        """
        return cls._read(data, names)

    @classmethod
    def read_kept(cls, data: object, names: ContactNames = no_names) -> Self:
        """As ``read``, but texts need only be such as were stored before they had a rule.

        Such an event is not for recording: it is compared with one that is stored.
        """
        return cls._read(data, names, kept=True)

    @classmethod
    def _read(cls, data: object, names: ContactNames, *, kept: bool = False) -> Self:
        if not isinstance(data, dict):
            raise Invalid.at("", "wrong-type", "must be an object")
        errors: list[FieldError] = []
        if not data.keys() <= cls.NAMES:
            errors.extend(
                FieldError(f"/{escape_pointer(name)}", "unknown-field", cls.NO_SUCH_FIELD)
                for name in data
                if name not in cls.NAMES
            )
        values: dict[str, object] = dict.fromkeys(cls.READING)
        for name, (kind, required) in cls.READING.items():
            if (value := data.get(name)) is not None:
                try:
                    values[name] = (kind.read_kept if kept else kind.read)(value, names)
                except Invalid as error:
                    errors.extend(error.within(f"/{name}").errors)
            elif required:
                errors.append(FieldError(f"/{name}", "missing", "is required"))
        if errors:
            raise Invalid(errors)
        # The constructor of a frozen dataclass takes as long as reading the values.
        made = object.__new__(cls)
        object.__setattr__(made, "__dict__", values)
        if found := tuple(made.check()):
            raise Invalid(found)
        return made

    def check(self) -> Iterator[FieldError]:
        """What is wrong between fields that are right by themselves."""
        yield from ()

    def as_compared(self) -> dict[str, object]:
        """The fields by name, in what they have in common with the same in other spellings."""
        return {
            field.name: field.kind.as_compared(self.__dict__[field.name]) for field in self.FIELDS
        }

    def says_the_same_as(self, other: Event) -> bool:
        """Whether the other is of this type and says this, perhaps in another spelling."""
        if type(other) is not type(self):
            return False
        return self == other or self.as_compared() == other.as_compared()

    def with_spelling(self, name: str, value: str) -> Self:
        """The same event with the text of one field in another spelling."""
        made = object.__new__(type(self))
        object.__setattr__(made, "__dict__", {**self.__dict__, name: value})
        return made

    def show(self) -> dict[str, object]:
        """The data as JSON-like values; absent fields are left out, erased ones are null."""
        shown: dict[str, object] = {}
        for field in self.FIELDS:
            value = getattr(self, field.name)
            if isinstance(value, EncryptedValue):
                shown[field.name] = None
            elif value is not None:
                shown[field.name] = field.kind.show(value)
        return shown

    def personal_fields(self) -> Iterator[str]:
        """The names of the personal fields that hold something."""
        for field in self.FIELDS:
            if field.personal and getattr(self, field.name) is not None:
                yield field.name


E = TypeVar("E", bound=Event)

CATALOGUE: dict[str, type[Event]] = {}
"""Every event class by its stored type; filled when ``domain.events`` is imported."""


@dataclass_transform(frozen_default=True, kw_only_default=True)
def event(type_name: str, *, from_producers: bool = True) -> Callable[[type[E]], type[E]]:
    """Make a class a frozen, keyword-only event stored under ``type_name`` forever."""

    def register(cls: type[E]) -> type[E]:
        made = dataclass(frozen=True, kw_only=True)(cls)
        assert type_name not in CATALOGUE, f"{type_name} is taken"
        made.TYPE = type_name
        made.FROM_PRODUCERS = from_producers
        made.FIELDS = tuple(_field_descriptions(made))
        made.NAMES = frozenset(field.name for field in made.FIELDS)
        made.READING = {field.name: (field.kind, field.required) for field in made.FIELDS}
        there_are = ", ".join(field.name for field in made.FIELDS) or "none"
        made.NO_SUCH_FIELD = f"{made.TYPE} has no such field; its fields are: {there_are}"
        made.OPENS = next((field.name for field in made.FIELDS if field.opens), None)
        made.EXPECTED = tuple(field.name for field in made.FIELDS if field.until_erased)
        CATALOGUE[type_name] = made
        return made

    return register


def _field_descriptions(cls: type[Event]) -> Iterator[Field]:
    hints: Mapping[str, object] = get_type_hints(cls, include_extras=True)
    for declared in dataclass_fields(cls):  # type: ignore[arg-type]  # made a dataclass by event
        marks = _marks(hints[declared.name])
        assert declared.default in (MISSING, None), "an absent field reads as None"
        (kind,) = (mark for mark in marks if isinstance(mark, Kind))
        yield Field(
            name=declared.name,
            kind=kind,
            required=declared.default is MISSING,
            personal=Personal in marks,
            opens=Opens in marks,
            until_erased=UntilErased in marks,
            is_later=LaterField in marks,
        )


def _marks(hint: object) -> tuple[object, ...]:
    """The marks of an annotation, also where it is ``Annotated[...] | None``."""
    found: tuple[object, ...] = getattr(hint, "__metadata__", ())
    for part in getattr(hint, "__args__", ()):
        found += getattr(part, "__metadata__", ())
    return found
