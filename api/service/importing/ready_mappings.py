"""The mappings that come with the program, for the exports that many owners have.

Each is a TOML file in ``ready/``, and its name is what ``rapport import --mapping`` takes.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from api.service.importing.mapping import mapping_of
from api.service.text_files import read_given_text
from domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from api.service.importing.mapping import FileMapping

_FOLDER = Path(__file__).with_name("ready")
_SUFFIX = ".toml"

VCARD = "vcard"
"""The name of the ready mapping for files of vCards."""


def ready_names() -> tuple[str, ...]:
    """The names of all ready mappings, in alphabetical order."""
    return tuple(sorted(one.stem for one in _FOLDER.glob(f"*{_SUFFIX}")))


def ready_text(name: str) -> str:
    """The TOML of a ready mapping, with its comments.

    Raises:
        Invalid: there is none of that name.
    """
    if name not in ready_names():
        detail = f"{name} is no ready mapping; there are {', '.join(ready_names())}"
        raise Invalid.at("", "unknown-mapping", detail)
    return read_given_text(_FOLDER / f"{name}{_SUFFIX}")


@cache
def ready_mapping(name: str) -> FileMapping:
    """The ready mapping of that name.

    Raises:
        Invalid: there is none of that name.
    """
    return mapping_of(tomllib.loads(ready_text(name)))


def fitting_mappings(columns: Iterable[str]) -> list[FileMapping]:
    """The ready mappings whose columns a file has; first the one that reads most of it."""
    names = tuple(columns)
    fitting = [
        mapping
        for mapping in map(ready_mapping, ready_names())
        if not mapping.shape.vcards and not mapping.missing_columns(names)
    ]
    return sorted(fitting, key=lambda one: (-_headers_read(one, names), one.name))


def nearest_mapping(columns: Iterable[str]) -> FileMapping | None:
    """The ready mapping that lacks the fewest of its columns, if any reads one of these."""
    names = tuple(columns)
    read = [
        mapping
        for mapping in map(ready_mapping, ready_names())
        if not mapping.shape.vcards and _headers_read(mapping, names)
    ]
    return min(read, key=lambda one: (*_distance(one, names), one.name), default=None)


def _distance(mapping: FileMapping, columns: tuple[str, ...]) -> tuple[float, int]:
    """Which part of the needed columns are missing; of equal ones more are read first."""
    missing = len(mapping.missing_columns(columns)) / len(mapping.needed_headers())
    return missing, -_headers_read(mapping, columns)


def _headers_read(mapping: FileMapping, columns: tuple[str, ...]) -> int:
    return len({one.header_in(columns) for one in mapping.shape.named} - {None})
