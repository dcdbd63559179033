"""Columns that a mapping names: found under one of several spellings, and cleaned.

Files of one kind differ in the spelling of a header, leave a column out, or have the number of a
customer in one column for some rows and in another for the rest. ``[column.NAME]`` says so once,
and everything else in the mapping reads ``{NAME}``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from api.service.importing.reading import MappingTable
    from api.service.importing.values import Template

    Read = Callable[[Mapping[str, str]], str]


@dataclass(frozen=True)
class NamedColumn:
    """One column of a mapping's own.

    ``headers`` are spellings, of which the first that the file has is read; or ``text`` is made of
    other columns. ``fallbacks`` are the columns that are read, in turn, where it is empty, and
    ``default`` is what it has where these are empty too. ``strip`` is taken off both ends, as often
    as it is there; a text of ``blank`` is as good as none. Of a text with ``split`` in it only
    ``part`` is read, counted from 1. ``setting`` says what the person who imports must say where
    the file lacks the column; None where nobody is asked.
    """

    name: str
    headers: tuple[str, ...]
    text: Template | None = None
    fallbacks: tuple[str, ...] = ()
    strip: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()
    split: str = ""
    part: int = 1
    upper: bool = False
    lower: bool = False
    optional: bool = False
    default: str = ""
    setting: str | None = None

    def columns(self) -> set[str]:
        """The columns that it is made of besides those of its headers."""
        return set(self.fallbacks) | (self.text.columns() if self.text else set())

    def header_in(self, present: Collection[str]) -> str | None:
        """The file's own spelling of the header; upper and lower case make no difference."""
        spelled = {name.casefold(): name for name in reversed(tuple(present))}
        for header in self.headers:
            if header in present:
                return header
            if header.casefold() in spelled:
                return spelled[header.casefold()]
        return None

    def with_default(self, said: str) -> NamedColumn:
        """The same with what the person who imports says, in the case that the column has."""
        return replace(self, default=self._in_case(said.strip()))

    def reader(self, present: Collection[str]) -> Read:
        """What reads it from a row of a file with these columns; empty where it has none."""
        header = self.header_in(present)
        sources = (*(() if header is None else (header,)), *self.fallbacks)

        def read(columns: Mapping[str, str]) -> str:
            if self.text and (text := self._clean(" ".join(self.text.fill(columns).split()))):
                return text
            for source in sources:
                if text := self._clean(columns.get(source, "")):
                    return text
            return self.default

        return read

    def _clean(self, text: str) -> str:
        text = text.strip()
        if self.split:
            parts = text.split(self.split)
            text = parts[self.part - 1].strip() if self.part <= len(parts) else ""
        while True:
            before = text
            for mark in self.strip:
                text = text.removeprefix(mark).removesuffix(mark).strip()
            if text == before:
                break
        if text in self.blank:
            return ""
        return self._in_case(text)

    def _in_case(self, text: str) -> str:
        if self.upper:
            return text.upper()
        return text.lower() if self.lower else text


def read_named_columns(table: MappingTable | None) -> tuple[NamedColumn, ...]:
    """The columns of a mapping's table ``[column]``, in their order.

    Raises:
        Invalid: a key is unknown or has a wrong value, or a fallback stands below.
    """
    if table is None:
        return ()
    columns = tuple(_read(name, table.table(name)) for name in table.content)
    for place, column in enumerate(columns):
        later = {one.name for one in columns[place:]}
        for key, read in (("fallback", column.fallbacks), ("text", column.columns())):
            if wrong := later & set(read):
                detail = f"{', '.join(sorted(wrong))} must stand above {column.name}"
                raise Invalid.at(f"{table.pointer}/{column.name}/{key}", "contradiction", detail)
    return columns


def _read(name: str, table: MappingTable) -> NamedColumn:
    # What nobody needs to look for in the file may have no header at all.
    needs_none = not {"text", "setting", "default"}.isdisjoint(table.content)
    headers = table.words("header", () if needs_none else None)
    column = NamedColumn(
        name=name,
        headers=headers,
        fallbacks=table.words("fallback", ()),
        text=table.optional_template("text"),
        strip=table.words("strip", ()),
        blank=table.words("blank", ()),
        split=table.optional_text("split") or "",
        part=table.count("part", 1),
        upper=table.switch("upper", default=False),
        lower=table.switch("lower", default=False),
        default=table.optional_text("default") or "",
        setting=table.optional_text("setting"),
        optional=table.switch("optional", default=not headers or "setting" in table.content),
    )
    table.finish()
    _refuse_contradictions(column, table)
    return column


def _refuse_contradictions(column: NamedColumn, table: MappingTable) -> None:
    if column.upper and column.lower:
        raise Invalid.at(table.at("lower"), "contradiction", "is for upper or lower, not both")
    if "" in column.strip:
        raise Invalid.at(table.at("strip"), "out-of-range", "must not have an empty text")
    if column.text is not None and column.headers:
        detail = "is made of other columns, or has a header, not both"
        raise Invalid.at(table.at("text"), "contradiction", detail)
    if column.part < 1:
        raise Invalid.at(table.at("part"), "out-of-range", "must be 1 or more")
