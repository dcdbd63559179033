"""Which event was changed, where the events of an archive do not give a root that was signed.

A root says only that one of the events under it is another. An archive holds more that follows from
each event: its line in ``readable/`` and its leaf in a tile. The first of them that differs names
the event. Where none differs, they were changed with it, and the first event is named that no
earlier checkpoint covers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.archive import layout
from ledger.archive.refusals import ArchiveRefused
from ledger.transparency.tiles import TILE_WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ledger.archive.body import Member
    from ledger.archive.history import RootDiffers

_HASH_BYTES = 32
_LEAVES = f"{layout.LOG}tile/0/"


def narrow(
    fault: RootDiffers,
    chunk: str,
    members: Iterable[Member],
    read: Callable[[str], bytes],
) -> ArchiveRefused:
    """The refusal, with the event that was changed where a member names it.

    ``chunk`` is the member with the events, ``members`` what the events make of the members that
    follow it, ``read`` reads the next member of the archive.
    """
    covered = range(fault.first, fault.last + 1)
    try:
        for name, expected in members:
            position = first_difference(name, read(name), expected)
            if position in covered:
                why = f"this event is not the one that {name} and {fault.checkpoint} are of"
                return ArchiveRefused(f"{why}: it was changed", chunk, position)
    except ArchiveRefused:
        pass  # what follows is damaged too, and says less
    return ArchiveRefused(
        f"the events up to {fault.last:,} do not give the root in {fault.checkpoint}: from here to"
        " there one was changed, added, moved or taken away, or the checkpoint was changed",
        fault.member,
        fault.first,
    )


def first_difference(name: str, content: bytes, expected: bytes) -> int | None:
    """The position of the first event whose line or leaf in that member is another.

    None where the member is the same, or says nothing about single events.
    """
    if content == expected:
        return None
    if name.startswith("readable/"):
        first = int(name.removeprefix("readable/").partition(".")[0])
        return first + _first_other(content.split(b"\n"), expected.split(b"\n"))
    if name.startswith(_LEAVES):
        number = name.removeprefix(_LEAVES).partition(".")[0].replace("x", "").replace("/", "")
        return int(number) * TILE_WIDTH + 1 + _first_other(_hashes(content), _hashes(expected))
    return None


def _hashes(tile: bytes) -> list[bytes]:
    return [tile[at : at + _HASH_BYTES] for at in range(0, len(tile), _HASH_BYTES)]


def _first_other(parts: list[bytes], expected: list[bytes]) -> int:
    pairs = zip(parts, expected, strict=False)
    shorter = min(len(parts), len(expected))
    return next((n for n, (one, other) in enumerate(pairs) if one != other), shorter)
