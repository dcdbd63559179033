"""The mapping file: how the rows of one kind of file become events.

A mapping is TOML. It names the columns, the contact of a row, what makes a row itself, when it
happened, and which event it is, field by field. ``examples/`` has two with comments.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from api.service.importing.amounts import SIGNS, sign_of
from api.service.importing.reading import MappingTable, as_template
from api.service.importing.refs import ContactOf, ContactRef
from api.service.importing.rows import FileShape
from api.service.importing.values import OCCURRENCE, AmountOf, MomentOf, Template, TextOf, Value
from api.service.text_files import read_given_text
from domain.errors import FieldError, Invalid
from domain.events import CATALOGUE
from domain.events.base import SOURCE
from domain.events.commerce import PurchaseReversed
from domain.kinds import ContactId

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from domain.events import Event

_SOURCE = re.compile(r"[a-z0-9.-]{1,32}")


class Condition(Protocol):
    """Which rows a rule is for."""

    def columns(self) -> set[str]:
        """The columns it reads."""
        ...

    def holds(self, row: Mapping[str, str]) -> bool:
        """Whether the rule is for this row.

        Raises:
            Invalid: the row's text cannot be read as what is asked for.
        """
        ...


@dataclass(frozen=True)
class WordCondition:
    """For rows whose text is one of the words."""

    text: Template
    words: frozenset[str]

    def columns(self) -> set[str]:
        return self.text.columns()

    def holds(self, row: Mapping[str, str]) -> bool:
        return self.text.fill(row) in self.words


@dataclass(frozen=True)
class SignCondition:
    """For rows whose amount has one of the signs; a row without an amount has none."""

    amount: Template
    signs: frozenset[str]
    decimal_mark: str
    group_mark: str

    def columns(self) -> set[str]:
        return self.amount.columns()

    def holds(self, row: Mapping[str, str]) -> bool:
        text = self.amount.fill(row)
        return bool(text) and sign_of(text, self.decimal_mark, self.group_mark) in self.signs


@dataclass(frozen=True)
class Rule:
    """One event type and how its data is made. ``paired``: its purchase is looked for."""

    event: type[Event]
    data: Mapping[str, Value]
    when: Condition | None = None
    paired: bool = False

    def columns(self) -> set[str]:
        """The columns it reads."""
        read = {column for value in self.data.values() for column in value.columns()}
        return read | (self.when.columns() if self.when else set())


@dataclass(frozen=True)
class FileMapping:
    """A whole mapping file, read and checked."""

    name: str
    source: str
    shape: FileShape
    key: tuple[str, ...]
    contact: ContactRef
    registration: Mapping[str, Value] | None
    occurred_at: MomentOf
    rules: tuple[Rule, ...]

    def amounts(self) -> list[tuple[AmountOf, Value | None]]:
        """Every amount that is read, with the currency that it is read in."""
        return [
            (value, rule.data.get("currency"))
            for rule in self.rules
            for value in rule.data.values()
            if isinstance(value, AmountOf)
        ]

    def id_columns(self) -> set[str]:
        """The columns that hold ids: of contacts, of rows and of what events are about."""
        found = self.contact.columns() | set(self.key)
        for rule in self.rules:
            for name, value in rule.data.items():
                if name.endswith("_id") or isinstance(value, ContactOf):
                    found |= value.columns()
        return found - {OCCURRENCE}

    def check_columns(self, present: Iterable[str]) -> None:
        """Every column that is read is one of the file's.

        Raises:
            Invalid: naming those that are not.
        """
        names = tuple(present)
        if missing := self.missing_columns(names):
            detail = f"the file has no column {', '.join(missing)}; it has {', '.join(names)}"
            raise Invalid.at("", "unknown-column", detail)

    def missing_columns(self, present: Iterable[str]) -> list[str]:
        """The columns that are read and are none of these."""
        needed = self.contact.columns() | self.occurred_at.columns()
        for rule in self.rules:
            needed |= rule.columns()
        for value in (self.registration or {}).values():
            needed |= value.columns()
        # The key is what occurrences are counted of, so it cannot hold their count.
        return sorted((needed - {OCCURRENCE} | set(self.key)) - set(present))


def read_mapping(path: Path) -> FileMapping:
    """The mapping in a TOML file.

    Raises:
        Invalid: it is no mapping; each error points at its place.
        OSError: the file cannot be read.
    """
    try:
        document = tomllib.loads(read_given_text(path))
    except (ValueError, RecursionError) as error:
        raise Invalid.at("", "unreadable-mapping", f"{path.name} is not TOML: {error}") from None
    try:
        return mapping_of(document)
    except Invalid as error:
        raise Invalid(error.errors, f"{path.name}: {error}") from None


def mapping_of(document: Mapping[str, object]) -> FileMapping:
    """The mapping that a document describes.

    Raises:
        Invalid: each error points at its place in the document.
    """
    table = MappingTable(document, "")
    contact = table.table("contact")
    registration = contact.optional_table("registration")
    source = contact.text("source")
    if not _SOURCE.fullmatch(source):
        detail = "must be 1 to 32 of a-z, 0-9, . and -"
        raise Invalid.at(contact.at("source"), "out-of-range", detail)
    name = table.text("name")
    mapping = FileMapping(
        name=name,
        source=_system(table, table.text("source", source)),
        shape=_shape(table.optional_table("file") or MappingTable({}, "/file")),
        key=table.words("key"),
        contact=ContactRef(
            source, as_template(contact.text("ref"), contact.at("ref")), contact.pattern("pattern")
        ),
        registration=None if registration is None else registration.values(),
        occurred_at=table.table("occurred_at").moment(),
        rules=tuple(_rule(rule) for rule in table.tables("event")),
    )
    contact.finish()
    table.finish()
    if registration is not None and mapping.registration is not None:
        _check_fields(CATALOGUE["contact-registered"], mapping.registration, registration.pointer)
    return mapping


def _system(table: MappingTable, source: str) -> str:
    try:
        return SOURCE.read(source)
    except Invalid as error:
        raise error.within(table.at("source")) from None


def _shape(table: MappingTable) -> FileShape:
    delimiter = table.text("delimiter", ",")
    columns = table.words("columns", ())
    header = table.switch("header", default=not columns)
    encoding = table.encoding("encoding", "utf-8")
    skip_lines = table.count("skip_lines", 0)
    table.finish()
    if delimiter != "whitespace" and len(delimiter) != 1:
        detail = 'must be one character, or "whitespace"'
        raise Invalid.at(table.at("delimiter"), "out-of-range", detail)
    if not header and not columns:
        detail = "a file without a header needs the names of its columns here"
        raise Invalid.at(table.at("columns"), "missing", detail)
    return FileShape(
        delimiter=None if delimiter == "whitespace" else delimiter,
        header=header,
        columns=columns or None,
        encoding=encoding,
        skip_lines=skip_lines,
    )


def _rule(table: MappingTable) -> Rule:
    type_name = table.text("type")
    event = CATALOGUE.get(type_name)
    if event is None or not event.FROM_PRODUCERS or type_name == "contact-registered":
        detail = f"{type_name} is not a type of event that rows can be"
        raise Invalid.at(table.at("type"), "unknown-type", detail)
    paired = table.switch("pair_with_purchase", default=False)
    data_table = table.table("data")
    data = data_table.values()
    when_table = table.optional_table("when")
    when = None if when_table is None else _condition(when_table)
    table.finish()
    if paired and event is not PurchaseReversed:
        detail = "only purchase-reversed is paired with a purchase"
        raise Invalid.at(table.at("pair_with_purchase"), "contradiction", detail)
    _check_fields(event, data, data_table.pointer, given={"purchase_id"} if paired else set())
    return Rule(
        event=event, data=_money_last(_with_contacts(event, data)), when=when, paired=paired
    )


def _condition(table: MappingTable) -> Condition:
    condition: Condition
    if "amount" in table.content:
        amount = as_template(table.text("amount"), table.at("amount"))
        signs = frozenset(table.words("sign"))
        if not signs <= set(SIGNS):
            raise Invalid.at(table.at("sign"), "not-a-choice", f"must be of {', '.join(SIGNS)}")
        condition = SignCondition(amount, signs, *table.marks())
    else:
        text = as_template(table.text("text"), table.at("text"))
        condition = WordCondition(text, frozenset(table.words("is")))
    table.finish()
    return condition


def _with_contacts(event: type[Event], data: Mapping[str, Value]) -> dict[str, Value]:
    """The same, with a look at the refs of other contacts."""
    contacts = {field.name for field in event.FIELDS if isinstance(field.kind, ContactId)}
    return {
        name: ContactOf(value.template) if name in contacts and isinstance(value, TextOf) else value
        for name, value in data.items()
    }


def _money_last(data: Mapping[str, Value]) -> dict[str, Value]:
    """Amounts after the rest, because they are read in the data's currency."""
    return dict(sorted(data.items(), key=lambda item: isinstance(item[1], AmountOf)))


def _check_fields(
    event: type[Event],
    data: Mapping[str, Value],
    pointer: str,
    given: Iterable[str] = (),
) -> None:
    named = [field.name for field in event.FIELDS if field.name not in set(given)]
    detail = f"{event.TYPE} has no such field here; its fields are: {', '.join(named) or 'none'}"
    errors = [
        FieldError(f"{pointer}/{name}", "unknown-field", detail)
        for name in data
        if name not in named
    ]
    errors += [
        FieldError(f"{pointer}/{field.name}", "missing", f"{event.TYPE} needs it")
        for field in event.FIELDS
        if field.required and field.name not in data and field.name not in set(given)
    ]
    if errors:
        raise Invalid(errors)
