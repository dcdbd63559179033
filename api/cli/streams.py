"""Standard output and error as every command has them: no character ends a command.

What is for people is written in the stream's own encoding, and what that lacks is escaped. What is
for programs is UTF-8, or JSON in ASCII, whatever the locale says.
"""

from __future__ import annotations

import codecs
import io
import sys
from typing import TextIO


def take_every_character() -> None:
    """Have both streams escape what their encoding lacks; where that is ASCII, write UTF-8.

    ASCII is what Python takes where the locale says nothing. Where PYTHONUNBUFFERED is set, the
    streams are flushed at the end of each line instead.
    """
    sys.stdout, sys.stderr = _whole(sys.stdout), _whole(sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = "utf-8" if _codec(stream) == "ascii" else None
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def is_utf8() -> bool:
    """Whether standard output takes every character as it is."""
    return _codec(sys.stdout) == "utf-8"


def text_for_programs() -> TextIO:
    """Standard output in UTF-8 with line ends as they are written, for files that are piped."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="")
    return sys.stdout


def write_exactly(content: bytes) -> None:
    """UTF-8 bytes on standard output, each as it is: of what is signed, none may change."""
    stream = text_for_programs()
    stream.write(content.decode())
    stream.flush()


def _whole(stream: TextIO) -> TextIO:
    """The stream, buffered if it is not.

    Without a buffer Python hands each text to one system call, and drops what that leaves over when
    a signal arrives: a file that is piped then lacks a part.
    """
    if not isinstance(stream, io.TextIOWrapper) or not isinstance(stream.buffer, io.RawIOBase):
        return stream
    return open(  # it is used until the process ends
        stream.fileno(),
        "w",
        encoding=stream.encoding,
        errors=stream.errors,
        buffering=1,
        closefd=False,
    )


def _codec(stream: TextIO) -> str:
    """The name of the stream's codec; what is no file takes every character."""
    return codecs.lookup(stream.encoding).name if stream.encoding else "utf-8"
