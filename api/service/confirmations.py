"""Deleting asks twice: the first answer holds a token, and only with that it is done."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
from typing import TYPE_CHECKING

from api.service.errors import ConfirmationNeeded
from domain.instants import SECOND, format_instant

if TYPE_CHECKING:
    from collections.abc import Callable

VALID_SECONDS = 300
"""How long a token can be used."""

_TOKEN = re.compile(r"[0-9]{1,16}-[A-Za-z0-9_-]{43}")


class Confirmations:
    """The tokens of this process. After a restart a new one has to be requested."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._key = os.urandom(32)

    def require(self, token: str | None, what: str, *bound: object) -> None:
        """Check the token that was given for exactly this, some minutes ago.

        ``bound`` is JSON-like, and what the token is bound to: where it changed, so did the
        question.

        Raises:
            ConfirmationNeeded: with a new token, where none was shown, or another one.
        """
        now = self._clock()
        if token is not None and _TOKEN.fullmatch(token):
            ends = int(token.partition("-")[0])
            same = hmac.compare_digest(token, self._token(ends, what, bound))
            if same and now <= ends:
                return
        ends = now + VALID_SECONDS * SECOND
        why = (
            "needs"
            if token is None
            else "was shown a token that is too old or another's, and needs"
        )
        raise ConfirmationNeeded(
            f"{what} {why} a confirmation: ask again with ?confirm= and this token",
            self._token(ends, what, bound),
            format_instant(ends),
        )

    def _token(self, ends: int, what: str, bound: tuple[object, ...]) -> str:
        content = json.dumps([ends, what, *bound]).encode()
        digest = hmac.digest(self._key, content, hashlib.sha256)
        return f"{ends}-{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"
