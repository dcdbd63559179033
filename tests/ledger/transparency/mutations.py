"""Bytes with something wrong in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

_INSERTED = (b"\x00", b"\n", b" ", b"+", b"=", b"\xff", "—".encode(), b"0", b"\xe2\x80")


def flipped(content: bytes, chance: Random) -> bytes:
    """The content with one bit turned over."""
    place = chance.randrange(len(content))
    return _flip(content, place, chance.randrange(8))


def one_thing_wrong(content: bytes) -> Iterator[bytes]:
    """Every bit turned over, every byte missing or doubled, every end, and something put in."""
    for place in range(len(content)):
        for bit in range(8):
            yield _flip(content, place, bit)
        yield content[:place] + content[place + 1 :]
        yield content[:place]
        for inserted in (content[place : place + 1], *_INSERTED):
            yield content[:place] + inserted + content[place:]
    for inserted in _INSERTED:
        yield content + inserted


def many_things_wrong(content: bytes, chance: Random, count: int) -> Iterator[bytes]:
    """The content after one to eight random changes each, so many times."""
    for _ in range(count):
        changed = content
        for _ in range(chance.randint(1, 8)):
            changed = _changed(changed, chance)
        if changed != content:
            yield changed


def _changed(content: bytes, chance: Random) -> bytes:
    start = chance.randint(0, len(content))
    end = min(len(content), start + chance.randint(0, 9))
    return chance.choice(
        [
            content[:start] + content[end:],
            content[:start] + content[start:end] * 2 + content[end:],
            content[:start] + content[start:end][::-1] + content[end:],
            content[:start] + chance.randbytes(end - start) + content[end:],
            content[:start] + chance.choice(_INSERTED) + content[start:],
            content[end:] + content[:end],
            flipped(content, chance) if content else b"\n",
        ]
    )


def _flip(content: bytes, place: int, bit: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]
