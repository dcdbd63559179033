"""JSON and msgpack, in and out: bodies read with every doubt refused, answers as accepted."""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

import msgpack
from starlette.requests import ClientDisconnect

from api.http.problems import NotAcceptable, TooLarge, UnsupportedMediaType
from api.service.answers.document import Document
from domain.errors import FieldError, Invalid
from domain.text import INVALID_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starlette.requests import Request

JSON = "application/json"
MSGPACK = "application/vnd.msgpack"
MSGPACK_NAMES = (MSGPACK, "application/msgpack")
DOCUMENTS = (JSON, *MSGPACK_NAMES)
"""What is read and answered wherever nothing else is said."""

JSONL = "application/jsonl"
LINES = (JSONL, "application/x-ndjson")
EVENT_STREAM = "text/event-stream"

MAX_BODY_BYTES = 1024 * 1024
LINGER_BYTES = 8 * 1024 * 1024
"""How much more is read and dropped, so that a client that is still sending can hear the answer."""

MAX_DEPTH = 32

_HALF = "holds half of a character, U+D800 to U+DFFF alone: send the whole character"

_HUGE = 10**30
"""Stands for every whole number too long to be one: no field takes it, so its place is named."""


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


def parse(body: bytes, found: str) -> Any:
    """The value that a body of this media type holds; JSON unless it is msgpack.

    Raises:
        Invalid: it is not well-formed, holds what JSON cannot say, or is nested too deeply.
    """
    if found in MSGPACK_NAMES:
        value = _parse_msgpack(body)
    else:
        value = _parse_json(body)
        if _is_plain(body):
            return value
    if errors := tuple(_unwanted(value, "", MAX_DEPTH)):
        raise Invalid(errors[:100])
    return value


def _is_plain(body: bytes) -> bool:
    """Whether this JSON has neither depth enough nor escapes to hold what is unwanted.

    Only an escape makes a lone surrogate of valid UTF-8; looking through every value for one took
    as long as parsing them.
    """
    return body.count(b"{") + body.count(b"[") <= MAX_DEPTH and b"\\u" not in body


def accepted(request: Request, offered: Sequence[str] = DOCUMENTS) -> str:
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
class Continued:
    """An object of which the ``rest`` is JSON already, at least one field of it."""

    begun: Document
    rest: bytes


def encode(value: object, wanted: str) -> bytes:
    """The value in that media type, the same bytes for the same value."""
    if isinstance(value, Document):
        if wanted == JSON:
            return value.json_bytes()
        value = value.plain()
    if isinstance(value, Continued):
        if wanted == JSON:
            return encode(value.begun, JSON)[:-1] + b"," + value.rest[1:]
        value = value.begun.plain() | json.loads(value.rest)
    if wanted == JSON:
        return _ENCODER.encode(value).encode()
    packed: bytes = msgpack.packb(value)
    return packed


def _parse_json(body: bytes) -> Any:
    try:
        return _DECODER.decode(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        _malformed(f"the body is not UTF-8: byte {error.start} is out of place")
    except json.JSONDecodeError as error:
        if body.startswith(codecs.BOM_UTF8):
            _malformed("not JSON: it begins with a byte order mark")
        _malformed(f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}")
    except RecursionError:
        _malformed(f"nested more than {MAX_DEPTH} deep")


def _parse_msgpack(body: bytes) -> Any:
    try:
        return msgpack.unpackb(body, object_pairs_hook=_object, ext_hook=_no_extension)
    except Invalid:
        raise
    except UnicodeDecodeError:
        _malformed("a string in the body is not UTF-8")
    except (ValueError, TypeError, msgpack.UnpackException):
        # The library's own texts quote the bytes they stumbled on; those may be personal.
        _malformed("not one whole msgpack value")


def _json_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _object(pairs)


def _object(pairs: list[tuple[Any, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if not isinstance(name, str):
            _malformed("the names in an object must be strings")
        if name in found:
            code, detail = "duplicate-field", f"the name {name[:100]!r} stands twice in one object"
            raise Invalid.at("", code, detail)
        found[name] = value
    return found


def _no_constant(name: str) -> NoReturn:
    _malformed(f"{name} is not JSON")


def _no_extension(code: int, _data: bytes) -> NoReturn:
    _malformed(f"msgpack extension types are not read (this one is {code})")


def _whole(digits: str) -> int:
    # int() takes time in the square of the length, and refuses thousands of digits.
    return int(digits) if len(digits) <= 30 else _HUGE


# Made once: making one costs as much as decoding an event, or as encoding an answer.
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_DECODER = json.JSONDecoder(
    object_pairs_hook=_json_object, parse_constant=_no_constant, parse_int=_whole
)


def _malformed(detail: str) -> NoReturn:
    raise Invalid.at("", "malformed", detail)


def _unwanted(value: object, pointer: str, depth: int) -> Iterable[FieldError]:
    """What stands in a parsed value that JSON could not have said, and where."""
    if isinstance(value, dict | list):
        if not depth:
            yield FieldError(pointer, "malformed", f"nested more than {MAX_DEPTH} deep")
            return
        named = value.items() if isinstance(value, dict) else enumerate(value)
        for name, content in named:
            if isinstance(name, str) and not _sound(name):
                yield FieldError(pointer, INVALID_TEXT, f"a name here {_HALF}")
                continue
            yield from _unwanted(content, f"{pointer}/{escaped(str(name))}", depth - 1)
    elif isinstance(value, str):
        if not _sound(value):
            yield FieldError(pointer, INVALID_TEXT, _HALF)
    elif value is not None and not isinstance(value, bool | int | float):
        yield FieldError(pointer, "wrong-type", "must be what JSON can say, not binary or a time")


def _sound(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def escaped(name: str) -> str:
    """The name as one step of a JSON Pointer. Source: RFC 6901 section 3."""
    return name.replace("~", "~0").replace("/", "~1")


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
