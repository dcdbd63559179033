"""One line per thing that happened, on standard error, without personal data.

Lines are logfmt, or JSON where the setting says so. They are written by a thread of their own, a
few at once: a slow reader of the log, or one that does not read at all, delays no request.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import traceback
from collections import deque
from typing import TYPE_CHECKING

from domain.instants import SECOND, format_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_WAITING = 10_000
"""How many lines may wait to be written; those beyond are counted and left out."""

GATHER_SECONDS = 0.05
"""How long a line may wait for others to be written with it; a warning is written at once."""

CLOSE_SECONDS = 2.0
"""How long the end waits for a reader of what is still to be written."""

_STANDARD_ERROR = 2

_TALKATIVE = ("httpx2", "httpcore2", "asyncio")
"""Libraries that log each request with its whole URL, in which a receiver may have a secret."""


class LogEvent:
    """What is logged as an event with fields, rather than as a sentence."""

    __slots__ = ("event", "fields")

    def __init__(self, event: str, **fields: object) -> None:
        """Fields that are None are left out of the line."""
        self.event = event
        self.fields = fields

    def __str__(self) -> str:
        return _logfmt({"event": self.event, **self.fields})


def places(error: BaseException) -> str:
    """Where it failed and as what, in one line, without the text, which may hold personal data."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(error).__qualname__} in {where}"


class Logfmt(logging.Formatter):
    """``at=<instant in UTC> level=info logger=rapport.http event=request status=200``."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; of an exception the class and the places, never the text."""
        return _logfmt(_fields(record))


class JsonLines(logging.Formatter):
    """The same fields as an object of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; of an exception the class and the places, never the text."""
        told = {name: value for name, value in _fields(record).items() if value is not None}
        return json.dumps(told, separators=(",", ":"), default=str)


FORMATS: Mapping[str, type[logging.Formatter]] = {"logfmt": Logfmt, "json": JsonLines}


def configure(level: str, form: str = "logfmt") -> LineWriter:
    """Write what is logged at this level or above: debug, info, warning or error.

    The caller closes what is returned, which writes the lines that still wait.
    """
    # No line of ours tells where it was logged. Source: Python's Logging HOWTO, "Optimization".
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    handler = LineWriter(_STANDARD_ERROR)
    handler.setFormatter(FORMATS[form]())
    logging.basicConfig(level=level.upper(), handlers=[handler])
    return handler


class LineWriter(logging.Handler):
    """Hands lines to a thread that writes them; to log costs no system call and never blocks."""

    def __init__(self, descriptor: int, most_waiting: int = MOST_WAITING) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._most_waiting = most_waiting
        self._waiting: deque[str] = deque()
        self._lost = 0
        self._some = threading.Event()
        self._now = threading.Event()
        self._closing = False
        # A daemon: a stream that nobody reads must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Hand the record's line over, or count it where too many wait."""
        if len(self._waiting) >= self._most_waiting:
            self._lost += 1
            return
        self._waiting.append(self.format(record))
        if not self._some.is_set():
            self._some.set()
        if record.levelno >= logging.WARNING:
            self._now.set()

    def close(self) -> None:
        """Write the lines that wait, unless they are not read in time. Nothing is written
        afterwards.
        """
        self._closing = True
        self._some.set()
        self._now.set()
        self._thread.join(CLOSE_SECONDS)
        super().close()

    def _run(self) -> None:
        while not self._closing or self._waiting:
            self._some.wait()
            self._now.wait(GATHER_SECONDS)
            self._some.clear()
            self._now.clear()
            self._write(len(self._waiting))

    def _write(self, count: int) -> None:
        lines = [self._waiting.popleft() + "\n" for _ in range(count)]
        if self._lost:
            lost, self._lost = self._lost, 0
            lines.append(f"{_logfmt({'event': 'lines-lost', 'count': lost})}\n")
        left = memoryview("".join(lines).encode("utf-8", "backslashreplace"))
        try:
            while left:
                # Not through sys.stderr: a write that blocks would hold its lock until the end.
                left = left[os.write(self._descriptor, left) :]
        except OSError:
            self._lost += count  # nobody is there to read


def _fields(record: logging.LogRecord) -> dict[str, object]:
    told: dict[str, object] = {
        "at": format_instant(int(record.created * SECOND)),
        "level": record.levelname.lower(),
        "logger": record.name,
    }
    if isinstance(record.msg, LogEvent):
        told["event"] = record.msg.event
        told.update(record.msg.fields)
    else:
        told["message"] = record.getMessage().strip()
    if record.exc_info and record.exc_info[1] is not None:
        told["error"] = places(record.exc_info[1])
    return told


def _logfmt(fields: Mapping[str, object]) -> str:
    pairs = [f"{name}={one}" for name, one in fields.items() if one is not None]
    line = " ".join(pairs)
    # Nearly always every value is plain, which one look at the whole line tells.
    divided = line.count("=") == len(pairs) == line.count(" ") + 1
    if divided and "= " not in line and line[-1] != "=" and _is_plain(line):
        return line
    texts = {name: str(one) for name, one in fields.items() if one is not None}
    return " ".join([f"{name}={_quote(text)}" for name, text in texts.items()])


def _is_plain(text: str) -> bool:
    """Whether nothing in it is escaped: what is no ASCII is, because it may turn lines around."""
    return text.isascii() and text.isprintable() and '"' not in text


def _quote(text: str) -> str:
    is_plain = text and _is_plain(text) and " " not in text and "=" not in text
    return text if is_plain else json.dumps(text)
