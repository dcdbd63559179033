"""Errors of the use cases that no ledger knows of, and the HTTP status of every error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import errors
from domain.errors import Conflict, LedgerError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Forbidden(LedgerError):
    """The request may not be made from there."""

    code = "forbidden"


class RateLimited(LedgerError):
    """The access key has asked too often."""

    code = "rate-limited"

    def __init__(self, retry_after_seconds: int) -> None:
        """``retry_after_seconds`` from now one more request is allowed."""
        self.retry_after_seconds = retry_after_seconds
        super().__init__(f"too many requests with this key: again in {retry_after_seconds} s")


class ConfirmationNeeded(Conflict):
    """The act cannot be undone, and needs the same request again with the token."""

    code = "confirmation-needed"

    def __init__(self, detail: str, token: str, expires_at: str) -> None:
        super().__init__(detail)
        self.token = token
        self.expires_at = expires_at

    def fields(self) -> Mapping[str, object]:
        return {"token": self.token, "expires_at": self.expires_at}


STATUS: Mapping[type[LedgerError], int] = {
    errors.Invalid: 422,
    errors.NotFound: 404,
    errors.VersionMismatch: 412,
    errors.Conflict: 409,
    errors.Unavailable: 503,
    errors.Corrupt: 503,
    errors.Unauthenticated: 401,
    Forbidden: 403,
    RateLimited: 429,
    LedgerError: 500,
}
"""The status of each class of errors; a class that is not listed has that of its parent.

Source: RFC 9110, section 15.
"""


def status_in(table: Mapping[type[LedgerError], int], error: type[LedgerError]) -> int:
    """The HTTP status of errors of this class, by a table that has that of ``LedgerError``."""
    return next(table[cls] for cls in error.__mro__ if cls in table)
