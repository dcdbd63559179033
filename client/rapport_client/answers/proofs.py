"""Answers about the transparency log."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class InclusionProof:
    """The hashes beside the path from an event's leaf to the root, from the leaf up."""

    leaf_index: int
    tree_size: int
    leaf_hash: bytes
    root_hash: bytes
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, kw_only=True)
class ConsistencyProof:
    """The hashes from which the roots of both trees follow, of ``first`` and ``second`` events."""

    first: int
    second: int
    hashes: tuple[bytes, ...]
