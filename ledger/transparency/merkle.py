"""The Merkle tree of a log: its hashes, its proofs, and how they are checked.

A *node* ``(level, n)`` spans the leaves ``[n * 2**level, (n + 1) * 2**level)``, cut off at the size
of the tree. Nodes that are not cut off are complete and never change again. Every hash of a proof
is that of a node, so proofs need complete nodes only, wherever those are kept.

Source: RFC 6962, section 2.1. Checking goes from the leaf up, as in RFC 9162, sections 2.1.3.2 and
2.1.4.2, for which the hashes and proofs are the same.
"""

from __future__ import annotations

from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from domain.errors import Unproven

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HASH_BYTES = 32
"""The length of every hash."""

EMPTY_ROOT = sha256().digest()
"""The root of the tree without leaves: SHA-256 of nothing."""

MOST_LEAVES = 2**63 - 1
"""The largest tree of which anything is proved: what the common tools count with."""

_TOGETHER = 8192
"""How many leaves are hashed level by level at a time."""


class ProofRefused(Unproven):
    """The proof does not show what it should, or no such proof exists."""


class HashReader(Protocol):
    """Where complete nodes are read from."""

    def node(self, level: int, n: int) -> bytes:
        """The root of the complete subtree of the leaves ``[n * 2**level, (n + 1) * 2**level)``."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf that holds this entry."""
    return sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """The hash of each entry's leaf, in order; faster than one at a time."""
    return [sha256(b"\x00" + entry).digest() for entry in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node above these two."""
    return sha256(b"\x01" + left + right).digest()


def parent_hashes(hashes: Sequence[bytes]) -> list[bytes]:
    """The hashes one level up from consecutive hashes, paired from the first; an odd last is left.

    The first has to stand at an even place of its level.
    """
    return [
        sha256(b"\x01" + left + right).digest()
        for left, right in zip(hashes[::2], hashes[1::2], strict=False)
    ]


def root(reader: HashReader, size: int) -> bytes:
    """The root of the tree of this size.

    Raises:
        ProofRefused: the size is none.
    """
    _require_size(size)
    return _cut_root(reader, size, size) if size else EMPTY_ROOT


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """The nodes ``(level, n)`` whose hashes prove the leaf ``index`` in a tree of ``size``.

    In the order of the proof, from the leaf up; the last right one may be cut off at ``size``.

    >>> inclusion_ranges(4, 7)
    [(0, 5), (1, 3), (2, 0)]

    Raises:
        ProofRefused: the tree has no such leaf.
    """
    _require_size(size)
    if not 0 <= index < size:
        raise ProofRefused(f"a tree of {size} leaves has no such leaf")
    return _siblings(index, 0, size)


def consistency_ranges(first: int, second: int) -> list[tuple[int, int]]:
    """The nodes ``(level, n)`` whose hashes prove that the tree of ``first`` begins that of
    ``second``, in the order of the proof; none where ``first`` is 0 or equals ``second``.

    >>> consistency_ranges(6, 8)
    [(1, 2), (1, 3), (2, 0)]

    Raises:
        ProofRefused: the first size is larger than the second.
    """
    _require_sizes(first, second)
    if first in {0, second}:
        return []
    level = _trailing_zeros(first)
    seed = [] if first == 1 << level else [(level, (first >> level) - 1)]
    return seed + _siblings(first - 1, level, second)


def inclusion_proof(reader: HashReader, index: int, size: int) -> list[bytes]:
    """``PATH(index, D[size])``: the hashes from the leaf up, at most one for each level.

    Raises:
        ProofRefused: the tree has no such leaf.
    """
    return [_hash_of(reader, level, n, size) for level, n in inclusion_ranges(index, size)]


def consistency_proof(reader: HashReader, first: int, second: int) -> list[bytes]:
    """``PROOF(first, D[second])``; empty where ``first`` is 0 or equals ``second``.

    Raises:
        ProofRefused: the first size is larger than the second.
    """
    return [_hash_of(reader, level, n, second) for level, n in consistency_ranges(first, second)]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """The entry with this leaf hash is the leaf ``index`` of the tree of this size and root.

    ``leaf`` is ``leaf_hash(entry)``, not the entry.

    Raises:
        ProofRefused: the proof does not show it.
    """
    nodes = inclusion_ranges(index, size)
    _require_hashes((leaf, root, *proof))
    _require_length(proof, len(nodes))
    found = leaf
    for (_, n), sibling in zip(nodes, proof, strict=True):
        found = node_hash(found, sibling) if n & 1 else node_hash(sibling, found)
    if found != root:
        raise ProofRefused(f"the proof of leaf {index} does not lead to the root of {size} leaves")


def verify_consistency(
    first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> None:
    """The tree of size ``first`` and its root is how that of ``second`` and its root begins.

    Raises:
        ProofRefused: the proof does not show it.
    """
    nodes = consistency_ranges(first, second)
    _require_hashes((first_root, second_root, *proof))
    _require_length(proof, len(nodes))
    for size, given in ((first, first_root), (second, second_root)):
        if size == 0 and given != EMPTY_ROOT:
            raise ProofRefused("a tree without leaves has another root")
    if first == second and first_root != second_root:
        raise ProofRefused(f"there are two roots of {first} leaves")
    if not nodes:
        return
    whole = first == 1 << _trailing_zeros(first)
    seed = first_root if whole else proof[0]
    old, new = seed, seed
    for (_, n), sibling in list(zip(nodes, proof, strict=True))[0 if whole else 1 :]:
        if n & 1:  # a node on the right is newer than the first tree
            new = node_hash(new, sibling)
        else:
            old = node_hash(sibling, old)
            new = node_hash(sibling, new)
    if old != first_root:
        raise ProofRefused(f"the proof does not lead to the root of {first} leaves")
    if new != second_root:
        raise ProofRefused(f"the proof does not lead to the root of {second} leaves")


class Frontier:
    """The complete nodes on the right edge of a growing tree: enough for its root at any size.

    At most one hash for each level, whatever the size. Not for several threads at once.
    """

    def __init__(self) -> None:
        self._size = 0
        self._nodes: list[bytes] = []  # by level; those of levels without a bit in the size are old

    @classmethod
    def of(cls, reader: HashReader, size: int) -> Frontier:
        """The frontier of the tree of this size, to continue from.

        Raises:
            ProofRefused: the size is none.
        """
        _require_size(size)
        frontier = cls()
        frontier._size = size
        frontier._nodes = [
            reader.node(level, (size >> level) - 1) if size >> level & 1 else b""
            for level in range(size.bit_length())
        ]
        return frontier

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return self._size

    def append(self, leaf: bytes) -> None:
        """One leaf more, given by its hash."""
        self._extend([leaf])

    def extend(self, leaves: Iterable[bytes]) -> None:
        """More leaves, given by their hashes, which may be more than fit into memory."""
        rest = iter(leaves)
        while hashes := list(islice(rest, _TOGETHER)):
            self._extend(hashes)

    def root(self) -> bytes:
        """The root of the tree of the leaves so far."""
        found = b""
        for level, node in enumerate(self._nodes):
            if self._size >> level & 1:
                found = node_hash(node, found) if found else node
        return found or EMPTY_ROOT

    def _extend(self, hashes: list[bytes]) -> None:
        assert {HASH_BYTES}.issuperset(map(len, hashes)), "leaves are given by their hashes"
        before = self._size
        self._size += len(hashes)
        level = 0
        while hashes:
            if level == len(self._nodes):
                self._nodes.append(b"")
            if before >> level & 1:
                hashes.insert(0, self._nodes[level])
            if len(hashes) & 1:
                self._nodes[level] = hashes.pop()
            hashes = parent_hashes(hashes)
            level += 1


def _siblings(index: int, level: int, size: int) -> list[tuple[int, int]]:
    """The nodes beside the way from leaf ``index`` to the root, from that level on."""
    return [
        (above, (index >> above) ^ 1)
        for above in range(level, (size - 1).bit_length())
        if ((index >> above) ^ 1) << above < size
    ]


def _hash_of(reader: HashReader, level: int, n: int, size: int) -> bytes:
    if (n + 1) << level <= size:
        return reader.node(level, n)
    return _cut_root(reader, size, size - (n << level))


def _cut_root(reader: HashReader, size: int, width: int) -> bytes:
    """The root of the last ``width`` leaves, which begin where their node does."""
    found = b""
    for level in range(width.bit_length()):
        if width >> level & 1:
            node = reader.node(level, (size >> level) - 1)
            found = node_hash(node, found) if found else node
    return found


def _trailing_zeros(number: int) -> int:
    return (number & -number).bit_length() - 1


def _require_size(size: int) -> None:
    if not 0 <= size <= MOST_LEAVES:
        raise ProofRefused("no tree has less than no or more than 2**63 - 1 leaves")


def _require_sizes(first: int, second: int) -> None:
    _require_size(first)
    _require_size(second)
    if first > second:
        raise ProofRefused(f"a tree of {first} leaves is not how one of {second} begins")


def _require_hashes(hashes: Sequence[bytes]) -> None:
    # Of other lengths two hashes side by side could be read in more ways than one.
    if any(len(one) != HASH_BYTES for one in hashes):
        raise ProofRefused(f"a hash has {HASH_BYTES} bytes")


def _require_length(proof: Sequence[bytes], wanted: int) -> None:
    if len(proof) != wanted:
        raise ProofRefused(f"{len(proof)} hashes where the proof has {wanted}")
