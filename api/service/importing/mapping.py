"""The mapping file: how the rows of one kind of file become events.

A mapping is TOML. It names the columns, the contact of a row, what makes a row itself, when it
happened, and which event it is, field by field. ``examples/`` has two with comments.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from api.service.importing.conditions import read_condition, read_skip_rule
from api.service.importing.named_columns import read_named_columns
from api.service.importing.reading import MappingTable
from api.service.importing.refs import ContactOf, ContactRef
from api.service.importing.repeats import write_repeats_out
from api.service.importing.rows import FileShape
from api.service.importing.values import OCCURRENCE, AmountOf, TextOf, Value
from api.service.text_files import read_given_text
from domain.errors import FieldError, Invalid
from domain.events import CATALOGUE
from domain.events.base import SOURCE
from domain.events.commerce import PurchaseReversed
from domain.imports import MARK_LENGTH
from domain.kinds import ContactId

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from api.service.importing.conditions import Condition, SkipRule
    from api.service.importing.moments import MomentOf
    from api.service.importing.named_columns import NamedColumn
    from api.service.importing.rows import Row
    from api.service.importing.values import Template
    from domain.events import Event

_SOURCE = re.compile(r"[a-z0-9.-]{1,32}")


@dataclass(frozen=True)
class Rule:
    """One event type and how its data is made. ``paired``: its purchase is looked for.

    Of the rules without ``also`` the first that is for a row makes its event. A rule with ``also``
    makes one more, whose id follows from that text. ``occurred_at``: when it happened, where that
    is not when the row did.
    """

    event: type[Event]
    data: Mapping[str, Value]
    when: Condition | None = None
    paired: bool = False
    also: Template | None = None
    occurred_at: MomentOf | None = None

    def columns(self) -> set[str]:
        """The columns it reads."""
        read = {column for value in self.data.values() for column in value.columns()}
        for part in (self.when, self.also, self.occurred_at):
            read |= set() if part is None else part.columns()
        return read


@dataclass(frozen=True)
class FileMapping:
    """A whole mapping file, read and checked.

    ``skip`` are the rules of rows that are left out. Where ``grouped``, rows of one key that stand
    together are one event. ``about`` says for people which files it is for. ``digest`` is the
    SHA-256 of the document that it was read from, and of what was said to it.
    """

    name: str
    source: str
    shape: FileShape
    key: tuple[str, ...]
    contact: ContactRef
    registration: Mapping[str, Value] | None
    occurred_at: MomentOf
    rules: tuple[Rule, ...]
    skip: tuple[SkipRule, ...] = ()
    grouped: bool = False
    about: str = ""
    digest: bytes = b""

    @property
    def needs_events(self) -> bool:
        """Whether each row must have an event; else it may be no more than a registration."""
        return self.registration is None or any(rule.also is None for rule in self.rules)

    def settings(self) -> dict[str, str]:
        """What the person who imports can say, by name, and what it means."""
        return {one.name: one.setting for one in self.shape.named if one.setting is not None}

    def with_settings(self, said: Mapping[str, str]) -> FileMapping:
        """The same with what the person who imports says.

        Raises:
            Invalid: the mapping asks for no such thing.
        """
        if unknown := sorted(set(said) - set(self.settings())):
            names = ", ".join(self.settings()) or "nothing"
            detail = f"{self.name} has no setting {', '.join(unknown)}, but {names}"
            raise Invalid.at("", "unknown-setting", detail)
        named = tuple(
            replace(one, default=said.get(one.name, one.default)) for one in self.shape.named
        )
        digest = _digest([self.digest.hex(), said]) if said else self.digest
        return replace(self, shape=replace(self.shape, named=named), digest=digest)

    def key_of(self, row: Row) -> list[str]:
        """What makes the row itself."""
        return [row.columns[column] for column in self.key]

    def is_of_group(self, row: Row, first: Row) -> bool:
        """Whether a row belongs to the group that another one began."""
        if row.problem is not None or first.problem is not None:
            return False
        return self.key_of(row) == self.key_of(first)

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
        """Every column that is read is one of the file's, or made of some of them.

        Raises:
            Invalid: naming those that are not.
        """
        names = tuple(present)
        if missing := self.missing_columns(names):
            detail = f"the file has no column {', '.join(missing)}; it has {', '.join(names)}"
            raise Invalid.at("", "unknown-column", detail)
        if unsaid := self.unsaid(names):
            told = "; ".join(f"say --set {name}=..., {meaning}" for name, meaning in unsaid.items())
            raise Invalid.at("", "setting-missing", f"the file does not say everything: {told}")

    def unsaid(self, present: Iterable[str]) -> dict[str, str]:
        """The settings that must be said, because the file has no such column."""
        names = tuple(present)
        return {
            one.name: one.setting
            for one in self.shape.named
            if one.setting is not None and not one.default and one.header_in(names) is None
        }

    def missing_columns(self, present: Iterable[str]) -> list[str]:
        """The columns that must be in a file and are none of these, by all their spellings."""
        names = set(present)
        missing = self._plain_columns() - names
        missing |= {
            " or ".join(column.headers)
            for column in self._required_columns()
            if column.header_in(names) is None
        }
        return sorted(missing)

    def needed_headers(self) -> tuple[frozenset[str], ...]:
        """What a header must have: of each set one, as it stands or in lower case."""
        plain = [frozenset({name}) for name in self._plain_columns()]
        own = [
            frozenset({*column.headers, *map(str.casefold, column.headers)})
            for column in self._required_columns()
        ]
        return (*plain, *own)

    def _required_columns(self) -> list[NamedColumn]:
        return [column for column in self.shape.named if not column.optional]

    def _plain_columns(self) -> set[str]:
        """The columns of the file that are read by their own name."""
        parts = {name for column in self.shape.named for name in column.columns()}
        return (self._columns_read() | parts) - {column.name for column in self.shape.named}

    def _columns_read(self) -> set[str]:
        read = self.contact.columns() | self.occurred_at.columns()
        for rule in self.rules:
            read |= rule.columns()
        for skip in self.skip:
            read |= skip.condition.columns()
        for value in (self.registration or {}).values():
            read |= value.columns()
        # The key is what occurrences are counted of, so it cannot hold their count.
        return read - {OCCURRENCE} | set(self.key)


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
    table = MappingTable(write_repeats_out(document), "")
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
        shape=replace(
            _shape(table.optional_table("file") or MappingTable({}, "/file")),
            named=read_named_columns(table.optional_table("column")),
        ),
        key=table.words("key"),
        contact=ContactRef(source, contact.template("ref"), contact.pattern("pattern")),
        registration=None if registration is None else registration.values(),
        occurred_at=table.table("occurred_at").moment(),
        rules=_rules(table.tables("event")),
        skip=tuple(read_skip_rule(one) for one in table.optional_tables("skip")),
        grouped=table.switch("group", default=False),
        about=table.optional_text("about") or "",
        digest=_digest(document),
    )
    contact.finish()
    table.finish()
    if registration is not None and mapping.registration is not None:
        _check_fields(CATALOGUE["contact-registered"], mapping.registration, registration.pointer)
    return replace(mapping, shape=replace(mapping.shape, needed=mapping.needed_headers()))


def _digest(document: object) -> bytes:
    return sha256(json.dumps(document, sort_keys=True, default=str).encode()).digest()


def _system(table: MappingTable, source: str) -> str:
    try:
        read = SOURCE.read(source)
    except Invalid as error:
        raise error.within(table.at("source")) from None
    if len(read) + MARK_LENGTH > SOURCE.most:
        detail = f"must be at most {SOURCE.most - MARK_LENGTH} characters: an import's id follows"
        raise Invalid.at(table.at("source"), "too-long", detail)
    return read


def _shape(table: MappingTable) -> FileShape:
    kind = table.text("kind", "delimited")
    if kind not in ("delimited", "vcard"):
        raise Invalid.at(table.at("kind"), "not-a-choice", "must be delimited or vcard")
    delimiter = table.text("delimiter", ",")
    columns = table.words("columns", ())
    header = table.switch("header", default=not columns)
    encoding = table.encoding("encoding")
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
        vcards=kind == "vcard",
    )


def _rules(tables: list[MappingTable]) -> tuple[Rule, ...]:
    rules = tuple(_rule(table) for table in tables)
    named = [rule.also for rule in rules if rule.also is not None]
    for rule, table in zip(rules, tables, strict=True):
        if rule.also is not None and named.count(rule.also) > 1:
            detail = "ids of events follow from it, so no two can have the same"
            raise Invalid.at(table.at("also"), "contradiction", detail)
    return rules


def _rule(table: MappingTable) -> Rule:
    type_name = table.text("type")
    event = CATALOGUE.get(type_name)
    if event is None or not event.FROM_PRODUCERS or type_name == "contact-registered":
        detail = f"{type_name} is not a type of event that rows can be"
        raise Invalid.at(table.at("type"), "unknown-type", detail)
    paired = table.switch("pair_with_purchase", default=False)
    also = table.optional_template("also")
    moment_table = table.optional_table("occurred_at")
    occurred_at = None if moment_table is None else moment_table.moment()
    data_table = table.table("data")
    data = data_table.values()
    when_table = table.optional_table("when")
    when = None if when_table is None else read_condition(when_table)
    table.finish()
    if paired and event is not PurchaseReversed:
        detail = "only purchase-reversed is paired with a purchase"
        raise Invalid.at(table.at("pair_with_purchase"), "contradiction", detail)
    _check_fields(event, data, data_table.pointer, given={"purchase_id"} if paired else set())
    data = _money_last(_with_contacts(event, data))
    return Rule(event, data, when, paired, also, occurred_at)


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
