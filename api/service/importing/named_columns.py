"""Columns that a mapping names: found under one of several spellings, and cleaned.

Files of one kind differ in the spelling of a header, leave a column out, or have the number of a
customer in one column for some rows and in another for the rest. ``[column.NAME]`` says so once,
and everything else in the mapping reads ``{NAME}``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from api.service.importing.reading import MappingTable

    Read = Callable[[Mapping[str, str]], str]


@dataclass(frozen=True)
class NamedColumn:
    """One column of a mapping's own.

    ``headers`` are spellings, of which the first that the file has is read. ``fallbacks`` are the
    columns that are read, in turn, where it is empty. ``strip`` is taken off both ends, as often as
    it is there.
    """

    name: str
    headers: tuple[str, ...]
    fallbacks: tuple[str, ...] = ()
    strip: tuple[str, ...] = ()
    upper: bool = False
    lower: bool = False
    optional: bool = False

    def header_in(self, present: Collection[str]) -> str | None:
        """The file's own spelling of the header; upper and lower case make no difference."""
        spelled = {name.casefold(): name for name in reversed(tuple(present))}
        for header in self.headers:
            if header in present:
                return header
            if header.casefold() in spelled:
                return spelled[header.casefold()]
        return None

    def reader(self, present: Collection[str]) -> Read:
        """What reads it from a row of a file with these columns; empty where it has none."""
        header = self.header_in(present)
        sources = (*(() if header is None else (header,)), *self.fallbacks)

        def read(columns: Mapping[str, str]) -> str:
            for source in sources:
                if text := self._clean(columns.get(source, "")):
                    return text
            return ""

        return read

    def _clean(self, text: str) -> str:
        text = text.strip()
        while True:
            before = text
            for mark in self.strip:
                text = text.removeprefix(mark).removesuffix(mark).strip()
            if text == before:
                break
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
        if wrong := later & set(column.fallbacks):
            detail = f"{', '.join(sorted(wrong))} must stand above {column.name}"
            raise Invalid.at(f"{table.pointer}/{column.name}/fallback", "contradiction", detail)
    return columns


def _read(name: str, table: MappingTable) -> NamedColumn:
    column = NamedColumn(
        name=name,
        headers=table.words("header"),
        fallbacks=table.words("fallback", ()),
        strip=table.words("strip", ()),
        upper=table.switch("upper", default=False),
        lower=table.switch("lower", default=False),
        optional=table.switch("optional", default=False),
    )
    table.finish()
    if column.upper and column.lower:
        raise Invalid.at(table.at("lower"), "contradiction", "is for upper or lower, not both")
    if "" in column.strip:
        raise Invalid.at(table.at("strip"), "out-of-range", "must not have an empty text")
    return column
