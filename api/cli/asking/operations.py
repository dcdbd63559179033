"""Long work as commands follow it: how far it is, and what it came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.cli.differences import ended_told
from domain.errors import Unavailable

if TYPE_CHECKING:
    from api.cli.asking.answers import Document


class NoResult(Unavailable):
    """Long work ended without a result: it failed, or somebody cancelled it."""


def told_progress(operation: Document) -> tuple[float, str]:
    """The progress of an operation, in percent and in words."""
    done = operation["progress"]
    share = 100 * done["done"] / max(done["total"], 1)
    return share, f"{done['done']:,} of {done['total']:,} events, {done['rate']:,}/s"


def result_of(what: str, operation: Document) -> Document:
    """The result of an operation that has ended.

    Raises:
        NoResult: there is none; says why, where that is known.
    """
    if operation["result"] is None:
        raise NoResult(f"{what} {ended_told(operation['state'], operation['problem'])}")
    return dict(operation["result"])
