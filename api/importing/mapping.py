"""The mapping file: how the rows of one kind of file become events.

A mapping is TOML. It names the columns, the contact of a row, what makes a row itself, when it
happened, and which event it is, field by field. ``examples/`` has two with comments.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.importing.reading import MappingTable, as_template
from api.importing.rows import FileShape
from api.importing.values import OCCURRENCE, AmountOf, MomentOf, Template, Value
from domain.errors import FieldError, Invalid
from domain.events import CATALOGUE
from domain.events.commerce import PurchaseReversed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from domain.events import Event

_SOURCE = re.compile(r"[a-z0-9.-]{1,32}")


@dataclass(frozen=True)
class Condition:
    """Which rows a rule is for: those whose text is one of the words."""

    text: Template
    words: frozenset[str]

    def holds(self, row: Mapping[str, str]) -> bool:
        """Whether the rule is for this row."""
        return self.text.fill(row) in self.words


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
        return read | (self.when.text.columns() if self.when else set())


@dataclass(frozen=True)
class FileMapping:
    """A whole mapping file, read and checked."""

    name: str
    source: str
    shape: FileShape
    key: tuple[str, ...]
    contact: Template
    registration: Mapping[str, Value] | None
    occurred_at: MomentOf
    rules: tuple[Rule, ...]

    def check_columns(self, present: Iterable[str]) -> None:
        """Every column that is read is one of the file's.

        Raises:
            Invalid: naming those that are not.
        """
        names = tuple(present)
        needed = self.contact.columns() | self.occurred_at.columns()
        for rule in self.rules:
            needed |= rule.columns()
        for value in (self.registration or {}).values():
            needed |= value.columns()
        # The key is what occurrences are counted of, so it cannot hold their count.
        if missing := sorted((needed - {OCCURRENCE} | set(self.key)) - set(names)):
            detail = f"the file has no column {', '.join(missing)}; it has {', '.join(names)}"
            raise Invalid.at("", "unknown-column", detail)


def read_mapping(path: Path) -> FileMapping:
    """The mapping in a TOML file.

    Raises:
        Invalid: it is no mapping; each error points at its place.
        OSError: the file cannot be read.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
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
        source=table.text("source", source),
        shape=_shape(table.optional_table("file") or MappingTable({}, "/file")),
        key=table.words("key"),
        contact=as_template(f"{source}:{contact.text('ref')}", contact.at("ref")),
        registration=None if registration is None else registration.values(),
        occurred_at=table.table("occurred_at").moment(),
        rules=tuple(_rule(rule) for rule in table.tables("event")),
    )
    contact.finish()
    table.finish()
    if registration is not None and mapping.registration is not None:
        _check_fields(CATALOGUE["contact-registered"], mapping.registration, registration.pointer)
    return mapping


def _shape(table: MappingTable) -> FileShape:
    delimiter = table.text("delimiter", ",")
    columns = table.words("columns", ())
    header = table.switch("header", default=not columns)
    encoding = table.encoding("encoding", "utf-8")
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
    )


def _rule(table: MappingTable) -> Rule:
    type_name = table.text("type")
    event = CATALOGUE.get(type_name)
    if event is None or not event.FROM_CLIENTS or type_name == "contact-registered":
        detail = f"{type_name} is not a type of event that rows can be"
        raise Invalid.at(table.at("type"), "unknown-type", detail)
    paired = table.switch("pair_with_purchase", default=False)
    data_table = table.table("data")
    data = data_table.values()
    when_table = table.optional_table("when")
    when = None
    if when_table is not None:
        words = frozenset(when_table.words("is"))
        when = Condition(as_template(when_table.text("text"), when_table.at("text")), words)
        when_table.finish()
    table.finish()
    if paired and event is not PurchaseReversed:
        detail = "only purchase-reversed is paired with a purchase"
        raise Invalid.at(table.at("pair_with_purchase"), "contradiction", detail)
    _check_fields(event, data, data_table.pointer, given={"purchase_id"} if paired else set())
    return Rule(event=event, data=_money_last(data), when=when, paired=paired)


def _money_last(data: Mapping[str, Value]) -> dict[str, Value]:
    """Amounts after the rest, because they are read in the data's currency."""
    return dict(sorted(data.items(), key=lambda item: isinstance(item[1], AmountOf)))


def _check_fields(
    event: type[Event],
    data: Mapping[str, Value],
    pointer: str,
    given: Iterable[str] = (),
) -> None:
    named = {field.name for field in event.FIELDS}
    errors = [
        FieldError(f"{pointer}/{name}", "unknown-field", f"{event.TYPE} has no such field")
        for name in data
        if name not in named or name in set(given)
    ]
    errors += [
        FieldError(f"{pointer}/{field.name}", "missing", f"{event.TYPE} needs it")
        for field in event.FIELDS
        if field.required and field.name not in data and field.name not in set(given)
    ]
    if errors:
        raise Invalid(errors)
