"""When to ask again. Everything the client sends is safe to send again: events bring their ids."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx2

from rapport_client.problems import Unavailable, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable


class CutShort(httpx2.RemoteProtocolError):
    """The answer ended in good form, but before its end."""


RETRIED = (httpx2.NetworkError, httpx2.TimeoutException, httpx2.RemoteProtocolError, Unavailable)
"""Failures that may not repeat: no answer, half an answer, or one that says so."""


@dataclass(frozen=True, kw_only=True)
class Retries:
    """The number of tries, and the length of the pauses.

    Before try n the pause is a random part of ``first_seconds * 2**(n-2)``, at most
    ``most_seconds``, on top of what the server's ``Retry-After`` asks for. A server that asks for
    more than ``patience_seconds`` is not request again.
    Source: M. Brooker, Exponential Backoff And Jitter (full jitter).
    """

    tries: int = 8
    first_seconds: float = 0.1
    most_seconds: float = 5.0
    patience_seconds: float = 60.0
    chance: Callable[[], float] = field(default=random.random, repr=False)

    def begin(self) -> Attempts:
        """The count of one undertaking."""
        return Attempts(self)


class Attempts:
    """The number of failures in a row."""

    def __init__(self, retries: Retries) -> None:
        self._retries = retries
        self.failures = 0

    def pause_after(self, failure: Exception) -> float:
        """The number of seconds to wait before the next try.

        Raises:
            Unavailable: the server said so until the last try, or wants too long a pause.
            Unreachable: no answer came until the last try.
        """
        if self.failures + 1 >= self._retries.tries:
            raise _last(failure)
        return self.endless_pause_after(failure)

    def endless_pause_after(self, failure: Exception) -> float:
        """The same for what is tried until it works.

        Raises:
            Unavailable: the server wants too long a pause.
        """
        request = 0.0
        if isinstance(failure, Unavailable):
            request = failure.retry_after_seconds or 0.0
        if request > self._retries.patience_seconds:
            raise failure
        longest = self._retries.first_seconds * 2.0 ** min(self.failures, 30)
        self.failures += 1
        return request + self._retries.chance() * min(longest, self._retries.most_seconds)


def timeouts(seconds: float, silence_seconds: float | None) -> httpx2.Timeout:
    """Seconds to wait for an answer, and for the next piece of an answer."""
    return httpx2.Timeout(seconds, read=silence_seconds or seconds)


def _last(failure: Exception) -> Exception:
    if isinstance(failure, Unavailable):
        return failure
    last = Unreachable(str(failure) or type(failure).__name__)
    last.__cause__ = failure
    return last
