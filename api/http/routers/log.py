"""The ledger as a transparency log: checkpoints, keys, tiles, proofs and entries.

Source: C2SP tlog-tiles v0.1.0 below ``/log``; the audit document, "The transparency log".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.responses import Response

from api.http.access import LOG_SCOPES
from api.http.endpoint import Answer, Routes, Shown
from api.http.openapi import examples, shapes
from api.http.wire.parameters import FIRST_SIZE, LEAF_POSITION, SECOND_SIZE, TREE_SIZE
from api.service.answers.log import ConsistencyProof, InclusionProof
from domain.errors import EventNotFound, Invalid
from ledger.transparency.tiles import BundleAt, TileAt, TilePathRefused, parse_tile_path

if TYPE_CHECKING:
    from api.http.call import Call
    from ledger.transparency.log import TransparencyLog

ROUTES = Routes("Transparency log")

TEXT = "text/plain"
BINARY = "application/octet-stream"

FOR_EVER = "max-age=31536000, immutable"
"""Of what never changes. Not ``public``: with access keys, who may read it is not for caches."""

NOT_KEPT = "no-cache"


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/log/checkpoint",
    scopes=LOG_SCOPES,
    summary="The last signed checkpoint",
    answers={
        200: Shown(
            description="A signed note: origin, size, root, and the signatures below.",
            schema=shapes.TEXT,
            example=examples.CHECKPOINT,
            headers=("Cache-Control", "Rapport-Position"),
        )
    },
    offered=(TEXT,),
)
def read_checkpoint(call: Call) -> Response:
    """What the ledger stands by: keep one, and nothing under it can change unseen.

    A checkpoint of size n covers the positions 1 to n. While something is recorded a new one is
    signed at least every second. Source: C2SP tlog-checkpoint, signed-note.
    """
    signed = _log(call).checkpoint()
    headers = {"Cache-Control": NOT_KEPT, "Rapport-Position": str(signed.size)}
    return Response(signed.note, headers=headers, media_type=TEXT)


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/log/key",
    scopes=LOG_SCOPES,
    summary="The keys that checkpoints are verified with",
    answers={
        200: Shown(
            description="One verifier key a line, the newest first.",
            schema=shapes.TEXT,
            example=examples.VERIFIER,
            headers=("Cache-Control",),
        )
    },
    offered=(TEXT,),
)
def read_log_key(call: Call) -> Response:
    """Get it by another way than the checkpoints if you can, and keep it.

    Who serves false checkpoints serves a false key too. Retired keys stay listed, for what they
    have signed.
    """
    lines = "".join(f"{one.written()}\n" for one in _log(call).verifiers())
    return Response(lines, headers={"Cache-Control": NOT_KEPT}, media_type=TEXT)


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/log/tile/entries/{tile}",
    scopes=LOG_SCOPES,
    summary="A bundle of entries",
    answers={
        200: Shown(
            description="Up to 256 entries, each after its length in two bytes, big-endian.",
            schema=shapes.BYTES,
            example=examples.BUNDLE,
            headers=("Cache-Control",),
        )
    },
    offered=(BINARY,),
    problems=("not-found",),
)
def read_entry_bundle(call: Call) -> Response:
    """What the leaves of one tile hold, for whoever derives the tree again.

    An entry says stream, version, type, instant and SHA-256 of a stored event, never its content.
    Source: C2SP tlog-tiles.
    """
    _require_canonical(call)
    at = parse_tile_path(f"tile/entries/{call.request.path_params['tile']}")
    assert isinstance(at, BundleAt)
    return _kept(_log(call).bundle(at))


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/log/tile/{level}/{tile}",
    scopes=LOG_SCOPES,
    summary="A tile of the tree's hashes",
    answers={
        200: Shown(
            description="Up to 256 hashes of 32 bytes, side by side.",
            schema=shapes.BYTES,
            example=examples.TILE,
            headers=("Cache-Control",),
        )
    },
    offered=(BINARY,),
    problems=("not-found",),
)
def read_tile(call: Call) -> Response:
    """Hashes of every eighth level, from which every other hash follows.

    The place is written in groups of three digits, all but the last after an `x`: tile 1,234,067 is
    `x001/x234/067`. A tile that is not full ends in `.p/` and its width. Source: C2SP tlog-tiles.
    """
    _require_canonical(call)
    # Not decoded: a slash that is encoded belongs to a segment, and no segment has one.
    path = call.request.path_params
    at = parse_tile_path(f"tile/{path['level']}/{path['tile']}")
    assert isinstance(at, TileAt)
    return _kept(_log(call).tile(at))


def _require_canonical(call: Call) -> None:
    """Let pass a path of which nothing is encoded: a tile has one name, and no other.

    Raises:
        TilePathRefused: something is.
    """
    if b"%" in call.request.scope["raw_path"].rpartition(b"/log/tile/")[2]:
        raise TilePathRefused("a tile's path is sent as it is, with nothing encoded")


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/log/entries/{position}",
    scopes=LOG_SCOPES,
    summary="The entry of one event",
    answers={
        200: Shown(
            description="The bytes that the leaf of the event hashes.",
            schema=shapes.BYTES,
            example=examples.ENTRY,
            headers=("Cache-Control",),
        )
    },
    offered=(BINARY,),
    problems=("event-not-found",),
)
def read_log_entry(call: Call) -> Response:
    """Msgpack of `[1, stream, version, type, recorded_at, SHA-256 of the stored state]`.

    The stream is 16 bytes, the instant in microseconds. The leaf is SHA-256 of a zero byte and
    these bytes (RFC 6962 section 2.1); leaf n is the event at position n + 1.
    """
    text = call.text("position")
    if not re.fullmatch("[1-9][0-9]{0,15}", text):
        raise EventNotFound("positions are whole numbers from 1")
    return _kept(_log(call).entry(int(text)))


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/log/proofs/inclusion",
    scopes=LOG_SCOPES,
    summary="The proof that an event stands in the log",
    query=(LEAF_POSITION, TREE_SIZE),
    answers={
        200: Shown(
            description="The hashes beside the way from the leaf to the root, from the leaf up.",
            example=examples.INCLUSION,
        )
    },
    problems=("event-not-found", "not-yet-sealed"),
)
def read_inclusion(call: Call) -> Answer:
    """Without `tree_size`, in the tree of the last checkpoint. Source: RFC 6962 section 2.1.1."""
    position, size = call.get(LEAF_POSITION), call.get(TREE_SIZE)
    assert position is not None
    if size is not None and position > size:
        detail = f"must be at least the position, {position}: that event is in no smaller tree"
        raise Invalid.at("/tree_size", "contradiction", detail)
    return Answer(body=InclusionProof.model_validate(_log(call).inclusion(position, size)))


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/log/proofs/consistency",
    scopes=LOG_SCOPES,
    summary="The proof that an earlier tree is how a later one begins",
    query=(FIRST_SIZE, SECOND_SIZE),
    answers={
        200: Shown(
            description="The hashes that lead to both roots; none where one tree is empty or both "
            "are the same.",
            example=examples.CONSISTENCY,
        )
    },
    problems=("not-yet-sealed",),
)
def read_consistency(call: Call) -> Answer:
    """Between any two sizes up to that of the last checkpoint. Source: RFC 6962 section 2.1.2."""
    log = _log(call)
    first, second = call.get(FIRST_SIZE), call.get(SECOND_SIZE)
    assert first is not None
    if second is None:
        second = log.checkpoint().size
    elif first > second:
        raise Invalid.at("/first", "contradiction", f"must be at most the later size, {second}")
    found = {"first": first, "second": second, "hashes": log.consistency(first, second)}
    return Answer(body=ConsistencyProof.model_validate(found))


def _log(call: Call) -> TransparencyLog:
    return call.open_ledger.ledger.transparency


def _kept(content: bytes) -> Response:
    return Response(content, headers={"Cache-Control": FOR_EVER}, media_type=BINARY)
