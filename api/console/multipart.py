"""Forms with a file: the file goes to its place as it comes, the other fields into memory.

Source: RFC 7578.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from api.console.forms import MOST_BYTES, MOST_FIELDS
from domain.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks
    from starlette.requests import Request

MOST_FILE_BYTES = 64 * 1024 * 1024
"""How long the file of a form may be."""

WAIT_SECONDS = 30.0
"""Seconds within which the next part of the body must come."""

MULTIPART = "multipart/form-data"


class Sink(Protocol):
    """Where the file of a form goes."""

    def write(self, some: bytes, /) -> object:
        """Take the next bytes of the file."""


class Memory:
    """A file that is kept in memory, up to a length."""

    def __init__(self, most: int) -> None:
        self.content = bytearray()
        self._most = most

    def write(self, some: bytes, /) -> None:
        """Take the next bytes.

        Raises:
            Invalid: it is longer than is read.
        """
        self.content += some
        if len(self.content) > self._most:
            raise Invalid.at("/file", "too-long", f"must have at most {self._most:,} bytes")


class NoFile:
    """Takes the file of a form, and keeps nothing of it."""

    def write(self, some: bytes, /) -> None:
        """Let the next bytes go."""


async def read_multipart(request: Request, sink: Sink) -> FormData:
    """The fields of a form, whose file goes to ``sink``; its name is the field ``file``.

    Raises:
        Invalid: it is no such form, or longer than is read.
        Unavailable: nothing came for too long.
    """
    media_type, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if media_type != MULTIPART.encode() or not boundary:
        raise Invalid.at("", "malformed", "send a form with a file")
    reading = _Reading()
    parser = MultipartParser(boundary, reading.callbacks(), max_size=MOST_FILE_BYTES + MOST_BYTES)
    parts = aiter(request.stream())
    try:
        while True:
            async with asyncio.timeout(WAIT_SECONDS):
                part = await anext(parts, None)
            if part is None:
                break
            parser.write(part)
            if reading.file_bytes:
                await run_in_threadpool(sink.write, bytes(reading.file_bytes))
                reading.file_bytes.clear()
        parser.finalize()
    except TimeoutError:
        raise Unavailable(f"nothing of the file came for {WAIT_SECONDS:.0f} s") from None
    except MultipartParseError:
        raise Invalid.at("", "malformed", "the form cannot be read") from None
    return FormData(list[tuple[str, str | UploadFile]](reading.fields))


class _Reading:
    """What the parser found so far."""

    def __init__(self) -> None:
        self.fields: list[tuple[str, str]] = []
        self.file_bytes = bytearray()
        self._length = 0
        self._header = b""
        self._value = b""
        self._name = ""
        self._is_file = False
        self._text = bytearray()

    def callbacks(self) -> MultipartCallbacks:
        """The parser's callbacks by name."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._take_header,
            "on_header_value": self._take_value,
            "on_header_end": self._end_header,
            "on_part_data": self._take_data,
            "on_part_end": self._end,
        }

    def _begin(self) -> None:
        self._name, self._is_file = "", False
        self._text.clear()

    def _take_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            self._name = options.get(b"name", b"").decode(errors="replace")
            self._is_file = b"filename" in options
            if self._is_file:
                name = options[b"filename"].decode(errors="replace")
                self.fields.append((self._name, name))
        self._header = self._value = b""

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self.file_bytes += data[start:end]
            self._length += end - start
            if self._length > MOST_FILE_BYTES:
                raise Invalid.at("/file", "too-long", "must have at most 64 MiB")
            return
        self._text += data[start:end]
        if len(self._text) > MOST_BYTES or len(self.fields) > MOST_FIELDS:
            raise Invalid.at("", "too-long", "the form is too long")

    def _end(self) -> None:
        if not self._is_file:
            self.fields.append((self._name, self._text.decode(errors="replace")))
