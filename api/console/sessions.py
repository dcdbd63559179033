"""Who is signed in: sessions of browsers, in memory alone.

A session holds the principal of an access key, never the key. It ends with the key, after eight
idle hours, at sign-out and with the process. Source: OWASP, Session Management Cheat Sheet.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from ledger.access.scopes import Principal

if TYPE_CHECKING:
    from collections.abc import Callable

IDLE_SECONDS = 8 * 3600
"""Seconds without a request after which a session ends."""

MOST_PROPOSALS = 10

MOST_SESSIONS = 10_000
"""How many sessions are kept; beyond, the one that was idle longest ends."""


@dataclass
class Session:
    """A browser that may ask. ``form_token`` stands in each form that it is shown.

    ``per_minute`` is how often its key may ask. ``remembered`` are words that were typed last, such
    as the channel of a call, by the name of their field; ``proposals`` are the policies that were
    previewed, by the id of the preview. Who holds ``publishing`` publishes one of them.
    ``announced`` is what the next page says first.
    """

    principal: Principal
    per_minute: int | None
    form_token: str
    seen_at: float
    ended: bool = False
    publishing: Lock = field(default_factory=Lock, repr=False)
    remembered: dict[str, str] = field(default_factory=dict)
    proposals: dict[str, dict[str, object]] = field(default_factory=dict)
    announced: list[str] = field(default_factory=list)

    def announce(self, sentence: str) -> None:
        """Show a sentence on the next whole page, after a form led there."""
        self.announced.append(sentence)

    def take_announced(self) -> list[str]:
        """The sentences for this page, which are shown once."""
        taken, self.announced = self.announced, []
        return taken

    def propose(self, preview: str, document: dict[str, object]) -> None:
        """Remember the policy of a preview, and forget the oldest beyond a few."""
        self.proposals[preview] = document
        while len(self.proposals) > MOST_PROPOSALS:
            del self.proposals[next(iter(self.proposals))]

    def made_form(self, token: str) -> bool:
        """Whether a form with that token was made for this session."""
        return hmac.compare_digest(self.form_token.encode(), token.encode())


NOBODY = Session(Principal("nobody", frozenset()), None, "", 0.0)
"""Who asks before the sign-in."""


class Sessions:
    """The sessions of one server. Any thread may call."""

    def __init__(
        self, now: Callable[[], float] = time.monotonic, most: int = MOST_SESSIONS
    ) -> None:
        self._now = now
        self._most = most
        self._lock = Lock()
        self._kept: OrderedDict[bytes, Session] = OrderedDict()

    def begin(self, principal: Principal, per_minute: int | None = None) -> tuple[str, Session]:
        """A new session, and the secret that its cookie holds."""
        secret = secrets.token_urlsafe(32)
        session = Session(principal, per_minute, secrets.token_urlsafe(32), self._now())
        with self._lock:
            self._kept[_digest(secret)] = session
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)[1].ended = True
        return secret, session

    def find(self, secret: str, *, is_used: bool = True) -> Session | None:
        """The session of a cookie, unless it has ended. Where it is used it counts as seen now."""
        now, name = self._now(), _digest(secret)
        with self._lock:
            session = self._kept.get(name)
            if session is None:
                return None
            if now - session.seen_at > IDLE_SECONDS:
                self._kept.pop(name).ended = True
                return None
            if is_used:
                session.seen_at = now
                self._kept.move_to_end(name)
            return session

    def end(self, secret: str) -> None:
        """End the session of a cookie, if there is one."""
        with self._lock:
            session = self._kept.pop(_digest(secret), None)
            if session is not None:
                session.ended = True

    def go_on(self, session: Session) -> bool:
        """Whether a session has not ended. To ask does not count as seen."""
        return not session.ended and self._now() - session.seen_at <= IDLE_SECONDS


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
