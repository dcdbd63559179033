"""JSON and msgpack, in and out: bodies read with every doubt refused, answers as accepted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import msgpack
from starlette.requests import ClientDisconnect

from api.http.problems import NotAcceptable, TooLarge, UnsupportedMediaType
from api.service.answers.document import Document
from api.service.strict_parsing import JSON, MSGPACK, MSGPACK_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starlette.requests import Request

DOCUMENTS = (JSON, *MSGPACK_NAMES)
"""What is read and answered wherever nothing else is said."""

JSONL = "application/jsonl"
LINES = (JSONL, "application/x-ndjson")
EVENT_STREAM = "text/event-stream"

MAX_BODY_BYTES = 1024 * 1024
LINGER_BYTES = 8 * 1024 * 1024
"""How much more is read and dropped, so that a client that is still sending can hear the answer."""

# Made once: making one costs as much as encoding an answer.
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def media_type(header: str) -> str:
    """The media type of a ``Content-Type``, without parameters, in lower case."""
    return header.partition(";")[0].strip().lower()


def require_readable(request: Request, also: Sequence[str] = ()) -> str:
    """The media type of the request's body: JSON or msgpack, or what is ``also`` read there.

    Raises:
        UnsupportedMediaType: it is another, or absent, or encoded.
    """
    found, charsets = _content_type(request.headers.get("content-type", ""))
    if found not in DOCUMENTS and found not in also:
        said = f"not {found}" if found else "and the Content-Type must say so"
        raise UnsupportedMediaType(
            f"the body must be {' or '.join((JSON, MSGPACK, *also))}, {said}"
        )
    if any(charset not in ("utf-8", "utf8") for charset in charsets):
        raise UnsupportedMediaType("JSON is read as UTF-8 only")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("encoded bodies are not read; send it as it is")
    return found


@lru_cache(maxsize=256)
def _content_type(header: str) -> tuple[str, tuple[str, ...]]:
    """The media type of the header, and the charsets that it names."""
    parameters = (part.partition("=") for part in header.lower().split(";")[1:])
    charsets = (value.strip(' "') for name, _, value in parameters if name.strip() == "charset")
    return media_type(header), tuple(charsets)


async def read_body(request: Request, most_bytes: int = MAX_BODY_BYTES) -> bytes:
    """The whole body; of one that is longer than ``most_bytes`` nothing beyond is kept.

    Raises:
        TooLarge: it is longer, whatever Content-Length said.
        ClientDisconnect: the client left before it had sent everything.
    """
    error = TooLarge(f"a body may have at most {most_bytes} bytes")
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced[:20]) > most_bytes + LINGER_BYTES:
        raise error
    chunks: list[bytes] = []
    size, more = 0, True
    while more and size <= most_bytes + LINGER_BYTES:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(chunk)
        if size <= most_bytes:
            chunks.append(chunk)
    if size > most_bytes:
        raise error
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def preferred_type(request: Request, offered: Sequence[str] = DOCUMENTS) -> str:
    """The media type to answer in: the first that is offered, unless another is preferred.

    Raises:
        NotAcceptable: none is accepted.
    """
    header = request.headers.get("accept", "")
    if not header or header == "*/*":
        return offered[0]
    best = _best(header, tuple(offered))
    if best is None:
        raise NotAcceptable(f"answers are {' or '.join(offered)}")
    return best


@lru_cache(maxsize=256)
def _best(header: str, offered: tuple[str, ...]) -> str | None:
    """The first of those that the header likes best, None where it accepts none."""
    ranges = dict(_ranges(header))
    best = max(offered, key=lambda name: _quality(ranges, name))
    return best if _quality(ranges, best) else None


@dataclass(frozen=True)
class PartlyEncoded:
    """An object of which the ``rest`` is JSON already, at least one field of it.

    ``is_weak`` says that its tag is that of the rest alone, because ``begun`` repeats the question.
    """

    begun: Document
    rest: bytes
    is_weak: bool = False


def join_objects(begun: bytes, rest: bytes) -> bytes:
    """One JSON object of two, both of which have fields."""
    return begun[:-1] + b"," + rest[1:]


def encode(value: object, wanted: str) -> bytes:
    """The value in that media type, the same bytes for the same value."""
    if isinstance(value, Document):
        if wanted == JSON:
            return value.json_bytes()
        value = value.plain()
    if isinstance(value, PartlyEncoded):
        if wanted == JSON:
            return join_objects(encode(value.begun, JSON), value.rest)
        value = value.begun.plain() | json.loads(value.rest)
    if wanted == JSON:
        return _ENCODER.encode(value).encode()
    packed: bytes = msgpack.packb(value)
    return packed


def _ranges(header: str) -> Iterable[tuple[str, float]]:
    for part in header.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = float(parameter[2:])
                except ValueError:
                    quality = 0.0
        yield name, quality


def _quality(ranges: dict[str, float], name: str) -> float:
    family = name.partition("/")[0] + "/*"
    return next((ranges[one] for one in (name, family, "*/*") if one in ranges), 0.0)
