"""Which ready mapping is for a file, said in the words of who is asked: a command line or HTTP."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from api.service.importing.guessing.layout import layout_of
from api.service.importing.lines import UnreadableFile, open_text
from api.service.importing.mapping import ColumnsMissing, SettingsMissing
from api.service.importing.ready_mappings import (
    VCARD,
    fitting_mappings,
    nearest_mapping,
    ready_names,
)
from api.service.importing.rejects import columns_mark
from api.service.importing.vcards import begins_with_card
from domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from api.service.importing.mapping import FileMapping


@dataclass(frozen=True)
class Entrance:
    """How a mapping and settings are named where a file comes in."""

    mapping: Callable[[str], str]
    settings: Callable[[Iterable[str]], str]
    between: str

    def fit(self, name: str, settings: Iterable[str]) -> str:
        """The mapping with the settings that must be said to it."""
        return self.between.join(filter(None, (self.mapping(name), self.settings(settings))))


COMMAND_LINE = Entrance(
    "--mapping {}".format, lambda asked: " ".join(f"--set {name}=..." for name in asked), " "
)
HTTP = Entrance(
    "mapping={}".format,
    lambda asked: f"set={';'.join(f'{name}=...' for name in asked)}" if asked else "",
    "&",
)


def refuse_other_kind(mapping: FileMapping, file: BinaryIO, entrance: Entrance) -> None:
    """Refuse a mapping for vCards where the file has none, and any other where it has.

    Raises:
        Invalid: naming the mapping that fits.
        UnreadableFile: it is no text.
    """
    first_line = open_text(file, mapping.shape.encoding).peek()
    has_cards = begins_with_card(first_line)
    if has_cards and not mapping.shape.vcards:
        detail = (
            f"the file is one of vCards, and the mapping {mapping.name} is for columns: try"
            f" {entrance.mapping(VCARD)}"
        )
        raise Invalid.at("", "wrong-kind-of-file", detail)
    if mapping.shape.vcards and not has_cards and columns_mark(first_line) is None:
        detail = (
            "the file is no file of vCards, which begins with BEGIN:VCARD, and the mapping"
            f" {mapping.name} is for those"
        )
        columns: tuple[str, ...] = ()
        with suppress(UnreadableFile):
            columns = layout_of(file).columns
        raise Invalid.at("", "wrong-kind-of-file", f"{detail}{fitting_advice(columns, entrance)}")


def refuse_other_columns(
    mapping: FileMapping, columns: tuple[str, ...], entrance: Entrance, advice: str = ""
) -> None:
    """Refuse a file without a column that the mapping reads.

    ``advice`` is what is said of it in place of the ready mapping that fits.

    Raises:
        Invalid: saying which columns, or which settings, and what to do.
    """
    try:
        mapping.check_columns(columns)
    except SettingsMissing as error:
        told = f"{error}; say {entrance.settings(error.settings)}"
        raise Invalid(error.within("/set").errors, told) from None
    except ColumnsMissing as error:
        (one,) = error.errors
        more = advice or fitting_advice(columns, entrance, mapping.name)
        raise Invalid.at(one.pointer, one.code, f"{one.detail}{more}") from None


def fitting_advice(columns: Iterable[str], entrance: Entrance, chosen: str | None = None) -> str:
    """Which ready mapping is for a file with these columns, as the end of a sentence.

    Where none is, it says which there are and which came nearest, unless ``chosen`` is a mapping of
    somebody's own.
    """
    names = tuple(columns)
    if fitting := fitting_mappings(names):
        best = fitting[0]
        asked = best.unsaid(names)
        return f"; it looks like {best.about}: try {entrance.fit(best.name, asked)}"
    if chosen is not None and chosen not in ready_names():
        return ""
    there_are = f"; no ready mapping fits, of {', '.join(ready_names())}"
    if (nearest := nearest_mapping(names)) is None:
        return there_are
    lacking = ", ".join(nearest.missing_columns(names))
    return f"{there_are}; {nearest.name} comes nearest, and needs {lacking} besides"
