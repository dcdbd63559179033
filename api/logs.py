"""One line per thing that happened, on standard error, without personal data."""

from __future__ import annotations

import logging

from domain.instants import SECOND, format_instant


class _Line(logging.Formatter):
    """A line that begins with the instant in UTC, as instants are written everywhere."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802  # its parent's name
        return format_instant(int(record.created * SECOND))


def configure(level: str) -> None:
    """Write what is logged at this level or above: debug, info, warning or error."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Line("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler])
