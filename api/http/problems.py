"""Every error as ``application/problem+json``, its status from one table. Source: RFC 9457."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.responses import Response

from api.service import errors as service_errors
from api.service.answers.problems import Problem
from api.service.errors import RateLimited
from domain import errors
from domain.errors import Invalid, LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator

PROBLEM_JSON = "application/problem+json"

TYPE = "urn:rapport:problem:"
"""How the ``type`` of a problem begins; its code follows."""


class RouteNotFound(errors.NotFound):
    """There is no endpoint at that path."""


class MethodNotAllowed(LedgerError):
    """The path does not have that method. ``allowed`` are the methods that it has."""

    code = "method-not-allowed"

    def __init__(self, allowed: str) -> None:
        super().__init__(f"this resource answers {allowed}")
        self.allowed = allowed


class NotAcceptable(LedgerError):
    """The request accepts none of the media types that the answer can have."""

    code = "not-acceptable"


class UnsupportedMediaType(LedgerError):
    """The media type of the body is not read here."""

    code = "unsupported-media-type"


class TooLarge(LedgerError):
    """The body is longer than the limit."""

    code = "too-large"


class Malformed(LedgerError):
    """The bytes that arrived are not an HTTP request."""

    code = "malformed-request"


class HeadTooLarge(LedgerError):
    """The request line and the headers are longer than the limit."""

    code = "head-too-large"


STATUS: dict[type[LedgerError], int] = {
    **service_errors.STATUS,
    MethodNotAllowed: 405,
    NotAcceptable: 406,
    UnsupportedMediaType: 415,
    TooLarge: 413,
    Malformed: 400,
    HeadTooLarge: 431,
}
"""The status of each class of errors; a class that is not listed has that of its parent."""

TITLES: dict[str, str] = {
    "not-found": "Not found",
    "method-not-allowed": "Method not allowed",
    "not-acceptable": "Not acceptable",
    "invalid-request": "The request is not valid",
    "invalid-time": "An instant is not valid",
    "invalid-text": "A text is not valid",
    "unsupported-media-type": "Unsupported media type",
    "too-large": "The request is too large",
    "malformed-request": "Not an HTTP request",
    "head-too-large": "The request's head is too large",
    "unauthenticated": "No valid access key",
    "forbidden": "Forbidden",
    "rate-limited": "Too many requests",
    "ledger-not-found": "No such ledger",
    "contact-not-found": "No such contact",
    "event-not-found": "No such event",
    "policy-not-found": "No such policy",
    "operation-not-found": "No such operation",
    "import-not-found": "No such import",
    "version-mismatch": "Version mismatch",
    "event-id-reused": "The event id is taken",
    "refused": "Refused",
    "not-yet-sealed": "Not signed yet",
    "confirmation-needed": "A confirmation is needed",
    "not-finished": "Not finished yet",
    "projection-behind": "The projection is behind",
    "unavailable": "Unavailable",
    "internal": "Internal error",
}
"""Every code a problem can have, with its title."""

RETRY_AFTER_SECONDS = "1"


def status_of(error: type[LedgerError]) -> int:
    """The HTTP status of errors of this class."""
    return service_errors.status_in(STATUS, error)


def status_of_code(code: str) -> int:
    """The HTTP status that comes with a code."""
    if code in ("invalid-time", "invalid-text"):
        return status_of(Invalid)
    return next(status_of(cls) for cls in _all_errors(LedgerError) if cls.code == code)


def code_of(error: LedgerError) -> str:
    """The published code of an error: its own, or that of its nearest parent with one."""
    parents = [cls.code for cls in type(error).__mro__ if issubclass(cls, LedgerError)]
    return next(code for code in (error.code, *parents) if code in TITLES)


def problem(error: LedgerError, instance: str) -> Problem:
    """The problem document of an error. An error inside the server says only ``internal``."""
    status = status_of(type(error))
    code = code_of(error) if status != 500 else "internal"
    return Problem.model_validate(
        {
            **({} if status == 500 else error.fields()),
            "type": f"{TYPE}{code}",
            "title": TITLES[code],
            "status": status,
            "detail": _detail(error, status),
            "code": code,
            "instance": instance,
            "errors": error.errors if isinstance(error, Invalid) else None,
        }
    )


def problem_bytes(document: Problem) -> bytes:
    """A problem as it is sent by itself.

    It is ASCII only: a detail may quote what is no Unicode text, such as a lone surrogate.
    """
    return json.dumps(document.plain()).encode()


def _detail(error: LedgerError, status: int) -> str:
    if isinstance(error, errors.Corrupt):
        # What is damaged may be quoted in the error; that is for the log alone.
        return (
            "the ledger's database is damaged: it answers what can be read and takes no more "
            "events; restore it from a backup. The log says what is damaged"
        )
    return str(error) if status != 500 else "the server failed; the log knows the instance"


def problem_response(error: LedgerError, instance: str) -> Response:
    """The answer that reports an error."""
    headers: dict[str, str] = {"Cache-Control": "no-store"}
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = error.allowed
    if isinstance(error, TooLarge):
        headers["Connection"] = "close"  # or all the rest of the body would be read
    if isinstance(error, errors.VersionMismatch):
        headers["ETag"] = f'"{error.current_version}"'
    if isinstance(error, errors.Unavailable):
        headers["Retry-After"] = RETRY_AFTER_SECONDS
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.retry_after_seconds)
    if isinstance(error, errors.Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="rapport"'  # RFC 6750, section 3
    document = problem(error, instance)
    return Response(problem_bytes(document), document.status, headers, PROBLEM_JSON)


def _all_errors(parent: type[LedgerError]) -> Iterator[type[LedgerError]]:
    yield parent
    for child in parent.__subclasses__():
        yield from _all_errors(child)
