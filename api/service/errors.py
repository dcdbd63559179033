"""Errors of the use cases that no ledger knows of; ``api.http.problems`` has their statuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import Conflict, LedgerError

if TYPE_CHECKING:
    from collections.abc import Mapping


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
