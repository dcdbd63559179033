"""Proofs of the transparency log."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from api.service.answers.document import Document
from ledger.transparency.notes import to_base64


def _text(value: object) -> object:
    return to_base64(value) if isinstance(value, bytes) else value


Base64 = Annotated[
    str,
    BeforeValidator(_text),
    WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
]
"""Bytes, as base64. Source: RFC 4648, section 4."""


class InclusionProof(Document):
    """The hashes beside the way from a leaf to the root, from the leaf up.

    Source: RFC 6962, section 2.1.1.
    """

    leaf_index: int
    tree_size: int
    leaf_hash: Base64
    root_hash: Base64
    hashes: tuple[Base64, ...]


class ConsistencyProof(Document):
    """The hashes that lead to the roots of a tree and of a later one that begins with it.

    Source: RFC 6962, section 2.1.2.
    """

    first: int
    second: int
    hashes: tuple[Base64, ...]
