"""Waiting for long operations, and reading their lines: each line once, and all of them."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from rapport_client.answers.operations import BY_KIND, Operation
from rapport_client.answers.reading import read
from rapport_client.answers.valuations import ValuationOperation
from rapport_client.retries import CutShort

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from uuid import UUID

T = TypeVar("T")

OperationT = TypeVar("OperationT", bound=Operation)

RUNNING = "running"

FIRST_PAUSE_SECONDS = 0.05
MOST_PAUSE_SECONDS = 2.0


def pauses(most_seconds: float) -> Iterator[float]:
    """The seconds to wait before each look at an operation: they double, up to a most in all."""
    pause = FIRST_PAUSE_SECONDS
    while most_seconds > 0:
        yield min(pause, most_seconds)
        most_seconds -= pause
        pause = min(2 * pause, MOST_PAUSE_SECONDS)


def is_running(operation: Operation) -> bool:
    """Whether the operation has not ended."""
    return operation.state == RUNNING


def read_operation(document: Mapping[str, Any]) -> Operation:
    """The operation in a document, in the class for its kind."""
    kinds = {**BY_KIND, "valuation": ValuationOperation}
    return read(kinds.get(document["kind"], Operation), document)


def id_of(operation: Operation | UUID) -> UUID:
    """The id of an operation, which may be given itself."""
    return operation.id if isinstance(operation, Operation) else operation


class Result(Generic[T]):
    """The lines of one result, over as many connections as it takes, checked against its digest."""

    def __init__(self, cls: type[T]) -> None:
        """``cls`` is what a line is read as."""
        self._cls = cls
        self._given = 0
        self._seen = 0
        self._hash: Any = None

    def begin(self) -> None:
        """A new connection, which gives all lines from the first."""
        self._seen, self._hash = 0, hashlib.sha256()

    def take(self, line: bytes) -> T | None:
        """What the line holds, unless it was given before."""
        self._hash.update(line + b"\n")
        self._seen += 1
        if self._seen <= self._given:
            return None
        self._given = self._seen
        return read(self._cls, json.loads(line))

    def require_whole(self, etag: str) -> None:
        """Raises CutShort if the lines are not those whose digest the answer named."""
        if self._hash.hexdigest() != etag.strip('"'):
            raise CutShort("the lines that came are not those of the result")
