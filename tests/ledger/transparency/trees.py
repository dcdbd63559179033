"""The Merkle tree as RFC 6962 writes it, and trees that are kept in memory."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256


def leaves(count: int) -> tuple[bytes, ...]:
    """The hashes of so many leaves, each of an entry of its own."""
    return tuple(sha256(b"\x00entry %d" % number).digest() for number in range(count))


class RecursiveTree:
    """``MTH``, ``PATH`` and ``PROOF`` over leaf hashes, word for word. Source: RFC 6962, 2.1.

    ``D[start:end]`` is written as its two ends.
    """

    def __init__(self, hashes: tuple[bytes, ...]) -> None:
        self.hashes = hashes
        self.mth = lru_cache(maxsize=None)(self._mth)

    def _mth(self, start: int, end: int) -> bytes:
        n = end - start
        if n == 0:
            return sha256(b"").digest()
        if n == 1:
            return self.hashes[start]
        k = _largest_power_of_two_below(n)
        return sha256(b"\x01" + self.mth(start, start + k) + self.mth(start + k, end)).digest()

    def path(self, m: int, start: int, end: int) -> list[bytes]:
        n = end - start
        if n == 1:
            return []
        k = _largest_power_of_two_below(n)
        if m < k:
            return [*self.path(m, start, start + k), self.mth(start + k, end)]
        return [*self.path(m - k, start + k, end), self.mth(start, start + k)]

    def proof(self, m: int, n: int) -> list[bytes]:
        return self._subproof(m, 0, n, whole=True)

    def _subproof(self, m: int, start: int, end: int, *, whole: bool) -> list[bytes]:
        n = end - start
        if m == n:
            return [] if whole else [self.mth(start, end)]
        k = _largest_power_of_two_below(n)
        if m <= k:
            return [
                *self._subproof(m, start, start + k, whole=whole),
                self.mth(start + k, end),
            ]
        return [
            *self._subproof(m - k, start + k, end, whole=False),
            self.mth(start, start + k),
        ]

    def node(self, level: int, n: int) -> bytes:
        """A reader of complete nodes that knows nothing of levels."""
        start, end = n << level, (n + 1) << level
        assert end <= len(self.hashes), "the node is not complete"
        return self.mth(start, end)


def _largest_power_of_two_below(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k
