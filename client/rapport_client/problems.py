"""The problems as exceptions: each code of a problem document has its class.

Source: RFC 9457; the codes are listed in the reference of problems.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Mapping


class RapportError(Exception):
    """Everything that the client raises of itself."""


class Unreachable(RapportError):
    """No answer came, however often it was tried.

    The events may have been recorded or not. Sending the same events again is safe.
    """


class Problem(RapportError):
    """The server answered that it will not. ``document`` is all it said, ``str(problem)`` why.

    ``retry_after_seconds`` is how long it wants to be left alone, where it said so.
    """

    def __init__(
        self, document: Mapping[str, Any], retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(document.get("detail") or document.get("title") or "no reason was given")
        self.document = document
        self.retry_after_seconds = retry_after_seconds

    @property
    def status(self) -> int:
        """The HTTP status."""
        return int(self.document["status"])

    @property
    def code(self) -> str:
        """The code of the problem, for programs; empty if something else than Rapport answered."""
        return str(self.document.get("code", ""))

    @property
    def instance(self) -> str | None:
        """The name of this one occurrence in the server's log."""
        return self.document.get("instance")


class InvalidRequest(Problem):
    """The request is not valid."""

    @property
    def errors(self) -> list[dict[str, str]]:
        """Each thing that is wrong: ``pointer`` (where), ``code``, ``detail``."""
        return list(self.document.get("errors", ()))


class Unauthenticated(Problem):
    """The request has no access key, or one that is unknown, expired or revoked (401)."""


class Forbidden(Problem):
    """The access key does not allow this (403): it lacks a scope, or is of another ledger."""


class NotFound(Problem):
    """There is no such ledger, contact, event or path; ``code`` says which."""


class Refused(Problem):
    """A decision refused the events, because they contradict what is recorded."""

    @property
    def reason(self) -> str:
        """The decision's own code, such as ``contact-unregistered``."""
        return str(self.document["reason"])


class VersionMismatch(Problem):
    """The contact has another version than was request for: somebody else was faster."""

    @property
    def current_version(self) -> int:
        """The version it has."""
        return int(self.document["version"])


class EventIdReused(Problem):
    """An event of this id was recorded before, and said something else."""

    @property
    def event_id(self) -> UUID:
        """The id."""
        return UUID(self.document["event_id"])

    @property
    def position(self) -> int | None:
        """Where the first one stands; nowhere, where both were in one request."""
        position = self.document.get("position")
        return None if position is None else int(position)


class Unavailable(Problem):
    """The server cannot do it now, and did not when it was request again."""


class ServerFault(Problem):
    """The server failed; its log knows the ``instance``."""


_BY_CODE: dict[str, type[Problem]] = {
    "refused": Refused,
    "version-mismatch": VersionMismatch,
    "event-id-reused": EventIdReused,
}
_BY_STATUS: dict[int, type[Problem]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    422: InvalidRequest,
    429: Unavailable,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def problem_of(document: Mapping[str, Any], retry_after_seconds: float | None = None) -> Problem:
    """The exception that a problem document stands for."""
    status = int(document["status"])
    other = ServerFault if status >= 500 else Problem
    cls = _BY_CODE.get(document.get("code", "")) or _BY_STATUS.get(status, other)
    return cls(document, retry_after_seconds)


def problem_answered(status: int, headers: Mapping[str, str], content: bytes) -> Problem:
    """The exception that an answer stands for, also where it comes from a proxy on the way."""
    document: Mapping[str, Any] = {"detail": f"answered {status} without saying why"}
    if headers.get("content-type", "").startswith("application/problem+json"):
        document = json.loads(content)
    return problem_of({**document, "status": status}, _seconds(headers.get("retry-after")))


def _seconds(retry_after: str | None) -> float | None:
    """Seconds from now. Source: RFC 9110 section 10.2.3: a number, or a date."""
    if retry_after is None or retry_after.isdecimal():
        return None if retry_after is None else float(retry_after)
    try:
        at = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, (at - datetime.now(at.tzinfo and UTC)).total_seconds())
