"""Layouts of what a store keeps: which each part has, and which this program needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.errors import Corrupt

if TYPE_CHECKING:
    from collections.abc import Iterable


class PartLayout(NamedTuple):
    """The number of the layout that a part has, and of the one that this program reads and writes.

    ``part`` is for messages.
    """

    part: str
    found: int
    wanted: int


def refuse_newer(layouts: Iterable[PartLayout]) -> None:
    """Let pass layouts that this program knows.

    Raises:
        Corrupt: a newer program wrote one of them.
    """
    for one in layouts:
        if one.found > one.wanted:
            raise newer(*one)


def newer(part: str, found: int, wanted: int) -> Corrupt:
    """What is said of a layout that this program does not know."""
    return Corrupt(
        f"{part} has layout {found}, and this Rapport's is {wanted}: it was written by a newer "
        "Rapport; install that version"
    )


def older(part: str, found: int, wanted: int) -> Corrupt:
    """What is said of a layout that this program has left behind."""
    return Corrupt(
        f"{part} has layout {found}, and this Rapport's is {wanted}: it was written by an older "
        "one; stop what serves it, and run rapport upgrade"
    )
