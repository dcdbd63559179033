"""JSON and msgpack read strictly: every doubt is refused, with its place."""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING, Any, NoReturn

import jiter
import msgpack

from domain.errors import FieldError, Invalid
from domain.text import INVALID_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterable

JSON = "application/json"
MSGPACK = "application/vnd.msgpack"
MSGPACK_NAMES = (MSGPACK, "application/msgpack")

MAX_DEPTH = 32

_HALF = "holds half of a character, U+D800 to U+DFFF alone: send the whole character"

_HUGE = 10**30
"""Stands for every whole number too long to be one: no field takes it, so its place is named."""


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
    if errors := tuple(_unwanted_values(value, "", MAX_DEPTH)):
        raise Invalid(errors[:100])
    return value


def _is_plain(body: bytes) -> bool:
    """Whether this JSON has neither depth enough nor escapes to hold what is unwanted.

    Only an escape makes a lone surrogate of valid UTF-8; looking through every value for one took
    as long as parsing them.
    """
    return body.count(b"{") + body.count(b"[") <= MAX_DEPTH and b"\\u" not in body


def _parse_json(body: bytes) -> Any:
    """The value, from a parser that also refuses names that stand twice, in a tenth of the time.

    What it refuses is read again by the one whose refusals are published. Of names it remembers
    the text, of values nothing, since those may be personal.
    """
    try:
        return jiter.from_json(
            body, allow_inf_nan=False, cache_mode="keys", catch_duplicate_keys=True
        )
    except ValueError:
        return _parse_json_with_reasons(body)


def _parse_json_with_reasons(body: bytes) -> Any:
    try:
        return _DECODER.decode(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        _raise_malformed(f"the body is not UTF-8: byte {error.start} is out of place")
    except json.JSONDecodeError as error:
        if body.startswith(codecs.BOM_UTF8):
            _raise_malformed("not JSON: it begins with a byte order mark")
        if not body.strip():
            _raise_malformed("not JSON: the body is empty")
        _raise_malformed(f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}")
    except RecursionError:
        _raise_malformed(f"nested more than {MAX_DEPTH} deep")


def _parse_msgpack(body: bytes) -> Any:
    try:
        return msgpack.unpackb(body, object_pairs_hook=_object, ext_hook=_no_extension)
    except Invalid:
        raise
    except UnicodeDecodeError:
        _raise_malformed("a string in the body is not UTF-8")
    except (ValueError, TypeError, msgpack.UnpackException):
        # The library's own texts quote the bytes they stumbled on; those may be personal.
        _raise_malformed("not one whole msgpack value")


def _json_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _object(pairs)


def _object(pairs: list[tuple[Any, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if not isinstance(name, str):
            _raise_malformed("the names in an object must be strings")
        if name in found:
            code, detail = "duplicate-field", f"the name {name[:100]!r} stands twice in one object"
            raise Invalid.at("", code, detail)
        found[name] = value
    return found


def _no_constant(name: str) -> NoReturn:
    _raise_malformed(f"{name} is not JSON")


def _no_extension(code: int, _data: bytes) -> NoReturn:
    _raise_malformed(f"msgpack extension types are not read (this one is {code})")


def _whole(digits: str) -> int:
    # int() takes time in the square of the length, and refuses thousands of digits.
    return int(digits) if len(digits) <= 30 else _HUGE


# Made once: making one costs as much as decoding an event.
_DECODER = json.JSONDecoder(
    object_pairs_hook=_json_object, parse_constant=_no_constant, parse_int=_whole
)


def _raise_malformed(detail: str) -> NoReturn:
    raise Invalid.at("", "malformed", detail)


def _unwanted_values(value: object, pointer: str, depth: int) -> Iterable[FieldError]:
    """The parts of a parsed value that JSON cannot have, each with its place."""
    if isinstance(value, dict | list):
        if not depth:
            yield FieldError(pointer, "malformed", f"nested more than {MAX_DEPTH} deep")
            return
        named = value.items() if isinstance(value, dict) else enumerate(value)
        for name, content in named:
            if isinstance(name, str) and not _sound(name):
                yield FieldError(pointer, INVALID_TEXT, f"a name here {_HALF}")
                continue
            yield from _unwanted_values(
                content, f"{pointer}/{escape_pointer(str(name))}", depth - 1
            )
    elif isinstance(value, str):
        if not _sound(value):
            yield FieldError(pointer, INVALID_TEXT, _HALF)
    elif value is not None and not isinstance(value, bool | int | float):
        yield FieldError(pointer, "wrong-type", "is not JSON serializable: it is binary or a time")


def _sound(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def escape_pointer(name: str) -> str:
    """The name as one step of a JSON Pointer. Source: RFC 6901 section 3."""
    return name.replace("~", "~0").replace("/", "~1")
