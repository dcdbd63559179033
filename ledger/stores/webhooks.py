"""Webhooks and their deliveries as a store keeps them: a protocol, and what it holds.

Everything here is durable before a method returns. Nothing of it is personal: a delivery holds ids,
and its body is made when it is sent. Source: the care document, section 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from domain.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

WAITING = "waiting"
DELIVERED = "delivered"
DEAD = "dead"

STATES = (WAITING, DELIVERED, DEAD)
"""Of a delivery: to be sent or sent again, taken by its receiver, or given up."""


class WebhookNotFound(NotFound):
    """No webhook of that id."""


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """Who is to hear of what. Instants are microseconds of UTC, None where there is none.

    ``secret`` is encrypted. ``types`` are the types of events that are wanted, all where it is
    empty. ``began_at`` is the position of the event log from which on it receives: that at which
    it was made, or an earlier one to which it went back. ``position`` and ``notice`` are how far
    the event log and the outbox were taken in.
    ``content`` is a digest of what was asked for under an ``Idempotency-Key``, None without one.
    ``revision`` counts how often somebody changed it, or had something sent again.
    """

    id: UUID
    url: str
    events: tuple[str, ...]
    types: tuple[str, ...]
    personal: bool
    description: str | None
    enabled: bool
    secret: bytes
    made_at: int
    began_at: int
    position: int
    notice: int
    failing_since: int | None = None
    disabled_because: str | None = None
    content: bytes | None = None
    revision: int = 0

    @property
    def host(self) -> str:
        """The name of the receiver's machine: the rest of a URL may hold a secret."""
        return urlsplit(self.url).hostname or ""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One message to one receiver. Instants are microseconds of UTC.

    ``position`` and ``instant`` are those that were known when it came to be, and with ``number``
    order the messages of a contact. ``detail`` is what its body is made of, if not of the event at
    the position. ``status`` is that of the last answer, and ``problem`` says why there was none.
    """

    id: UUID
    kind: str
    contact: UUID | None
    position: int
    instant: int
    detail: bytes = b""
    number: int = 0
    attempts: int = 0
    status: int | None = None
    problem: str | None = None
    first_at: int | None = None
    at: int | None = None
    next_at: int = 0
    state: str = WAITING

    @property
    def order(self) -> tuple[int, int, int]:
        """What the messages of one contact are ordered by."""
        return self.position, self.instant, self.number


@dataclass(frozen=True)
class Backlog:
    """What is left of the deliveries of a webhook: counts, and the oldest ``instant`` waiting."""

    waiting: int
    dead: int
    oldest: int | None


class WebhookStore(Protocol):
    """The webhooks of one ledger. Any thread may call.

    Every method raises ``Corrupt`` where the store is damaged, and ``Unavailable`` where it cannot
    be used now.
    """

    def all(self) -> list[Webhook]:
        """Every webhook, the oldest first."""

    def add(self, webhook: Webhook) -> None:
        """Keep a new webhook."""

    def change(self, webhook: Webhook, due_at: int | None = None) -> None:
        """Keep what a webhook is to be from now on; how far it came is left as it is.

        What waits is sent at ``due_at`` at the latest, where that is given.
        """

    def remove(self, webhook_id: UUID) -> None:
        """Forget a webhook with all its deliveries."""

    def set_failing(self, webhook_id: UUID, since: int | None) -> None:
        """Since when no delivery has succeeded; None where the last one did."""

    def take_in(
        self, webhook: Webhook, deliveries: Sequence[Delivery], position: int, notice: int
    ) -> bool:
        """Have these wait, and note how far the log and the outbox were taken in: one transaction.

        One whose id is there already waits again, as if it had never been sent. False, and nothing
        is kept, where the webhook is of another revision by now, or gone.
        """

    def waiting(self, webhook_id: UUID, limit: int, each: int) -> list[Delivery]:
        """The deliveries that wait, in their order: of each contact the first ``each`` at most."""

    def keep_outcomes(self, webhook_id: UUID, deliveries: Sequence[Delivery]) -> None:
        """Keep what became of attempts, in one transaction."""

    def deliveries(
        self, webhook_id: UUID, before: int | None, limit: int, state: str | None = None
    ) -> list[Delivery]:
        """Deliveries, the newest ``number`` first; those below ``before`` where it is given."""

    def history(self, webhook_id: UUID, after: int, limit: int) -> list[Delivery]:
        """All deliveries beyond a ``number``, the oldest first."""

    def revive(self, webhook_id: UUID, ids: Sequence[UUID], at: int) -> int:
        """Have these wait again, as if never sent, from that instant on; how many were found."""

    def rewind(self, webhook_id: UUID, position: int, notice: int) -> None:
        """Go back, or on, in the log and in the outbox. What waits beyond the position is
        forgotten: it is taken in again.
        """

    def backlog(self, webhook_id: UUID) -> Backlog:
        """What is left to deliver."""

    def prune(self, webhook_id: UUID, keep: int) -> None:
        """Forget the oldest that are delivered or dead, all but the newest ``keep`` of each."""

    def close(self) -> None:
        """Let the store go."""
