"""One attempt to deliver a message: where it went, and what the receiver made of it."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx2

from api.service.webhooks.egress import AddressRefused, NameUnknown
from domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.service.webhooks.egress import Egress, Resolve

MOST_ANSWER_BYTES = 64 * 1024
"""How much of an answer is read, and dropped, before the connection is given up."""

USER_AGENT = "Rapport-Webhooks/1"

GONE = 410

_IDLE_SECONDS = 1.0
"""How long a connection stays open for the next message: receivers may close theirs any time."""


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt: the status of the answer, or the problem why there is none.

    ``retry_after`` is how many seconds the receiver asks for.
    """

    status: int | None
    problem: str | None = None
    retry_after: float | None = None

    @property
    def is_delivered(self) -> bool:
        """Whether the receiver has the message: it said so, to the end of its answer."""
        return self.problem is None and self.status is not None and 200 <= self.status < 300


class Receiver:
    """The way to one receiver, for one event loop."""

    def __init__(
        self,
        url: str,
        resolve: Resolve,
        context: ssl.SSLContext,
        *,
        attempt_seconds: float,
        at_once: int,
    ) -> None:
        self._url = url
        self._resolve = resolve
        self._looking_up: asyncio.Future[Sequence[str]] | None = None
        self._seconds = attempt_seconds
        self._client = httpx2.AsyncClient(
            verify=context,
            trust_env=False,  # no proxy and no passwords of this machine
            follow_redirects=False,
            timeout=attempt_seconds,
            limits=httpx2.Limits(
                max_connections=at_once,
                max_keepalive_connections=at_once,
                keepalive_expiry=_IDLE_SECONDS,
            ),
        )

    async def send(self, egress: Egress, body: str, headers: Mapping[str, str]) -> Outcome:
        """Send a message once. All that can go wrong is an outcome."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._send(egress, body, headers)
        except TimeoutError:
            return Outcome(None, "timeout")
        except (AddressRefused, NameUnknown) as error:
            return Outcome(None, error.code)
        except Invalid:
            return Outcome(None, AddressRefused.code)
        except httpx2.TimeoutException:
            return Outcome(None, "timeout")
        except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError, OSError) as error:
            return Outcome(None, _problem(error))

    async def _send(self, egress: Egress, body: str, headers: Mapping[str, str]) -> Outcome:
        target = await egress.target(self._url, self._look_up)
        extensions = {} if target.server_name is None else {"sni_hostname": target.server_name}
        request = self._client.build_request(
            "POST",
            target.url,
            content=body.encode(),
            headers={
                **headers,
                "Host": target.host,
                "User-Agent": USER_AGENT,
                "Accept": "*/*",
                "Accept-Encoding": "identity",
            },
            extensions=extensions,
        )
        response = await self._client.send(request, stream=True)
        try:
            await _drop(response)
        except httpx2.TimeoutException:
            raise
        except httpx2.HTTPError as error:
            # It began to say yes and did not finish: nobody knows what it has.
            return Outcome(response.status_code, _problem(error))
        finally:
            await response.aclose()
        return Outcome(response.status_code, None, _retry_after(response.headers))

    async def _look_up(self, host: str, port: int) -> Sequence[str]:
        """The addresses of the name; one look-up at a time, so that a slow one takes one thread."""
        if self._looking_up is None:
            self._looking_up = asyncio.ensure_future(self._resolve(host, port))
            self._looking_up.add_done_callback(self._forget_look_up)
        return await asyncio.shield(self._looking_up)

    def _forget_look_up(self, ended: asyncio.Future[Sequence[str]]) -> None:
        self._looking_up = None
        if not ended.cancelled():
            ended.exception()  # it was raised where it is awaited, if anywhere still

    async def close(self) -> None:
        """Close the connections."""
        if self._looking_up is not None:
            self._looking_up.cancel()
        await self._client.aclose()


async def _drop(response: httpx2.Response) -> None:
    """Read the answer to its end, or as much as is read at all, and keep nothing."""
    taken = 0
    async with aclosing(response.aiter_raw()) as pieces:
        async for piece in pieces:
            taken += len(piece)
            if taken > MOST_ANSWER_BYTES:
                return


def _problem(error: Exception) -> str:
    """A stable word for what went wrong; texts of libraries may quote what a receiver sent."""
    if isinstance(error, httpx2.ConnectError):
        return "no-connection"
    return "broken-answer" if isinstance(error, httpx2.RemoteProtocolError) else "broken-connection"


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """How many seconds a receiver asks for. Source: RFC 9110, section 10.2.3."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max((until - datetime.now(UTC)).total_seconds(), 0.0)
