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

from api.service.importing.conditions import read_skip_rule
from api.service.importing.named_columns import read_named_columns
from api.service.importing.named_values import refuse_unknown_names
from api.service.importing.reading import MappingTable
from api.service.importing.refs import ContactOf, ContactRef
from api.service.importing.repeats import write_repeats_out
from api.service.importing.rows import FileShape
from api.service.importing.rules import check_fields, read_rules
from api.service.importing.values import OCCURRENCE, AmountOf, Value
from api.service.text_files import read_given_text
from domain.errors import FieldError, Invalid
from domain.events.base import SOURCE
from domain.events.contacts import ContactRegistered
from domain.imports import MARK_LENGTH

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from api.service.importing.conditions import SkipRule
    from api.service.importing.moments import MomentOf
    from api.service.importing.named_columns import NamedColumn
    from api.service.importing.rows import Row
    from api.service.importing.rules import Rule

_SOURCE = re.compile(r"[a-z0-9.-]{1,32}")


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
            Invalid: the mapping asks for no such thing, or there is no such currency or time zone.
        """
        if unknown := sorted(set(said) - set(self.settings())):
            names = ", ".join(self.settings()) or "nothing"
            detail = f"{self.name} has no setting {', '.join(unknown)}, but {names}"
            raise Invalid.at("", "unknown-setting", detail)
        named = tuple(
            one.with_default(said[one.name]) if one.name in said else one
            for one in self.shape.named
        )
        digest = _digest([self.digest.hex(), said]) if said else self.digest
        made = replace(self, shape=replace(self.shape, named=named), digest=digest)
        made.refuse_unknown_names(said)
        return made

    def refuse_unknown_names(self, said: Collection[str] = ()) -> None:
        """Refuse a currency or a time zone that the mapping names, or gets said, and there is not.

        Raises:
            Invalid: naming each, at a setting that was ``said`` or at its place in the mapping.
        """
        events = [(f"/event/{n}/data", rule.event, rule.data) for n, rule in enumerate(self.rules)]
        if self.registration is not None:
            events.append(("/contact/registration", ContactRegistered, self.registration))
        own = [(f"/event/{n}/occurred_at", rule.occurred_at) for n, rule in enumerate(self.rules)]
        moments = [("/occurred_at", self.occurred_at)]
        moments += [(at, moment) for at, moment in own if moment is not None]
        refuse_unknown_names(events, moments, self.shape.named, said)

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
            ColumnsMissing: naming those that are not.
            SettingsMissing: the file does not say everything.
        """
        names = tuple(present)
        if missing := self.missing_columns(names):
            detail = f"the file has no column {', '.join(missing)}; it has {', '.join(names)}"
            raise ColumnsMissing.at("", "unknown-column", detail)
        if unsaid := self.unsaid(names):
            raise SettingsMissing(unsaid)

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


class ColumnsMissing(Invalid):
    """A file has no such column."""


class SettingsMissing(Invalid):
    """A file does not say everything: ``settings`` are what must be said, and what they mean."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.settings = settings
        told = "; ".join(f"{name}, {meaning}" for name, meaning in settings.items())
        super().__init__(
            [
                FieldError(f"/{name}", "setting-missing", f"is {settings[name]}")
                for name in settings
            ],
            f"the file does not say everything: {told}",
        )


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
        rules=read_rules(table.tables("event")),
        skip=tuple(read_skip_rule(one) for one in table.optional_tables("skip")),
        grouped=table.switch("group", default=False),
        about=table.optional_text("about") or "",
        digest=_digest(document),
    )
    contact.finish()
    table.finish()
    if registration is not None and mapping.registration is not None:
        check_fields(ContactRegistered, mapping.registration, registration.pointer)
    mapping.refuse_unknown_names()
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
