"""The ledger as a transparency log: checkpoints, keys, tiles, proofs and entries.

Source: C2SP tlog-tiles v0.1.0 below ``/log``; the audit document, "The transparency log".
"""

from __future__ import annotations

import re

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse
from starlette.requests import Request
from starlette.responses import Response

from api.http.access import LOG_SCOPES, allow
from api.http.dependencies import LedgerInPath
from api.http.openapi import log_examples
from api.http.openapi.responses import problems, response_of
from api.http.routing import LedgerRoute
from api.http.wire.path_types import PositionInPath, TileLevel, TileName
from api.http.wire.query_types import FirstSize, LeafPosition, SecondSize, TreeSize
from api.service.answers.log import ConsistencyProof, InclusionProof
from domain.errors import EventNotFound, Invalid
from ledger.transparency.tiles import BundleAt, TileAt, TilePathRefused, parse_tile_path

router = APIRouter(
    prefix="/v1/ledgers/{ledger}/log",
    tags=["Transparency log"],
    dependencies=[allow(*LOG_SCOPES)],
    route_class=LedgerRoute,
)

TEXT = "text/plain"
BINARY = "application/octet-stream"

FOR_EVER = "max-age=31536000, immutable"
"""Of what never changes. Not ``public``: with access keys, who may read it is not for caches."""

NOT_KEPT = "no-cache"

BYTES = {"type": "string", "format": "binary"}


class Octets(Response):
    """Bytes that are no text."""

    media_type = BINARY


@router.get(
    "/checkpoint",
    summary="Get the newest signed checkpoint",
    responses={
        200: response_of(
            "A signed note: origin, size, root, and the signatures below.",
            log_examples.CHECKPOINT,
            "Cache-Control",
            "Rapport-Position",
            media_type=TEXT,
        )
    },
    response_class=PlainTextResponse,
)
def read_checkpoint(served: LedgerInPath) -> Response:
    """Keep a checkpoint: then no event under it can change without detection.

    A checkpoint of size n covers the positions 1 to n. While something is recorded a new one is
    signed at least every second. Source: C2SP tlog-checkpoint, signed-note.
    """
    signed = served.ledger.transparency.checkpoint()
    headers = {"Cache-Control": NOT_KEPT, "Rapport-Position": str(signed.size)}
    return Response(signed.note, headers=headers, media_type=TEXT)


@router.get(
    "/key",
    summary="List the verifier keys of the checkpoints",
    responses={
        200: response_of(
            "One verifier key a line, the newest first.",
            log_examples.VERIFIER,
            "Cache-Control",
            media_type=TEXT,
        )
    },
    response_class=PlainTextResponse,
)
def read_log_key(served: LedgerInPath) -> Response:
    """If you can, get the key by another way than the checkpoints, and keep it.

    A server that serves false checkpoints serves a false key too. Retired keys stay listed, for
    what they have signed.
    """
    lines = "".join(f"{one.to_text()}\n" for one in served.ledger.transparency.verifiers())
    return Response(lines, headers={"Cache-Control": NOT_KEPT}, media_type=TEXT)


@router.get(
    "/tile/entries/{tile:path}",
    summary="Get a bundle of entries",
    responses={
        200: response_of(
            "Up to 256 entries, each after its length in two bytes, big-endian.",
            log_examples.BUNDLE,
            "Cache-Control",
            media_type=BINARY,
            schema=BYTES,
        ),
        **problems("not-found"),
    },
    response_class=Octets,
)
def read_entry_bundle(request: Request, served: LedgerInPath, tile: TileName) -> Response:
    """A bundle has the entries under one tile, from which an auditor can derive the tree again.

    An entry says stream, version, type, instant and SHA-256 of a stored event, never its content.
    Source: C2SP tlog-tiles.
    """
    _require_canonical(request)
    at = parse_tile_path(f"tile/entries/{tile}")
    assert isinstance(at, BundleAt)
    return _immutable_response(served.ledger.transparency.bundle(at))


@router.get(
    "/tile/{level}/{tile:path}",
    summary="Get a tile of the tree's hashes",
    responses={
        200: response_of(
            "Up to 256 hashes of 32 bytes, side by side.",
            log_examples.TILE,
            "Cache-Control",
            media_type=BINARY,
            schema=BYTES,
        ),
        **problems("not-found"),
    },
    response_class=Octets,
)
def read_tile(request: Request, served: LedgerInPath, level: TileLevel, tile: TileName) -> Response:
    """Tiles have the hashes of every eighth level, from which every other hash follows.

    The place is written in groups of three digits, all but the last after an `x`: tile 1,234,067 is
    `x001/x234/067`. A tile that is not full ends in `.p/` and its width. Source: C2SP tlog-tiles.
    """
    _require_canonical(request)
    # Not decoded: a slash that is encoded belongs to a segment, and no segment has one.
    at = parse_tile_path(f"tile/{level}/{tile}")
    assert isinstance(at, TileAt)
    return _immutable_response(served.ledger.transparency.tile(at))


def _require_canonical(request: Request) -> None:
    """Let pass a path of which nothing is encoded: a tile has one name, and no other.

    Raises:
        TilePathRefused: something is.
    """
    if b"%" in request.scope["raw_path"].rpartition(b"/log/tile/")[2]:
        raise TilePathRefused("a tile's path is sent as it is, with nothing encoded")


@router.get(
    "/entries/{position}",
    summary="Get the entry of one event",
    responses={
        200: response_of(
            "The bytes that the leaf of the event hashes.",
            log_examples.ENTRY,
            "Cache-Control",
            media_type=BINARY,
            schema=BYTES,
        ),
        **problems("event-not-found"),
    },
    response_class=Octets,
)
def read_log_entry(served: LedgerInPath, position: PositionInPath) -> Response:
    """An entry is msgpack of `[1, stream, version, type, recorded_at, SHA-256 of the stored
    state]`.

    The stream is 16 bytes, the instant in microseconds. The leaf is SHA-256 of a zero byte and
    these bytes (RFC 6962 section 2.1); leaf n is the event at position n + 1.
    """
    if not re.fullmatch("[1-9][0-9]{0,15}", position):
        raise EventNotFound("positions are whole numbers from 1")
    return _immutable_response(served.ledger.transparency.entry(int(position)))


@router.get(
    "/proofs/inclusion",
    summary="Get the inclusion proof of an event",
    responses={
        200: response_of(
            "The hashes beside the way from the leaf to the root, from the leaf up.",
            log_examples.INCLUSION,
        ),
        **problems("event-not-found", "not-yet-sealed"),
    },
)
def read_inclusion(
    served: LedgerInPath, position: LeafPosition, tree_size: TreeSize = None
) -> InclusionProof:
    """Without `tree_size` it is for the tree of the last checkpoint. Source: RFC 6962 section
    2.1.1.
    """
    if tree_size is not None and position > tree_size:
        detail = f"must be at least the position, {position}: that event is in no smaller tree"
        raise Invalid.at("/tree_size", "contradiction", detail)
    log = served.ledger.transparency
    return InclusionProof.model_validate(log.inclusion(position, tree_size))


@router.get(
    "/proofs/consistency",
    summary="Get the consistency proof of two trees",
    responses={
        200: response_of(
            "The hashes that lead to both roots; none where one tree is empty or both "
            "are the same.",
            log_examples.CONSISTENCY,
        ),
        **problems("not-yet-sealed"),
    },
)
def read_consistency(
    served: LedgerInPath, first: FirstSize, second: SecondSize = None
) -> ConsistencyProof:
    """It is for any two sizes up to that of the last checkpoint. Source: RFC 6962 section 2.1.2."""
    log = served.ledger.transparency
    if second is None:
        second = log.checkpoint().size
    elif first > second:
        raise Invalid.at("/first", "contradiction", f"must be at most the later size, {second}")
    found = {"first": first, "second": second, "hashes": log.consistency(first, second)}
    return ConsistencyProof.model_validate(found)


def _immutable_response(content: bytes) -> Response:
    return Response(content, headers={"Cache-Control": FOR_EVER}, media_type=BINARY)
