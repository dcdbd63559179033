"""Webhooks, and what became of the messages to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """Who receives what. ``types`` are those of the events that are sent, all where it is empty.

    ``position`` is how far the event log was taken in. ``waiting`` and ``dead`` count messages.
    """

    id: UUID
    url: str
    events: tuple[str, ...]
    types: tuple[str, ...]
    personal: bool
    description: str | None
    enabled: bool
    made_at: datetime
    position: int
    failing_since: datetime | None
    disabled_because: str | None
    waiting: int
    waiting_since: datetime | None
    dead: int


@dataclass(frozen=True, kw_only=True)
class MadeWebhook(Webhook):
    """A webhook that was made. ``secret`` is shown once: None where it was made before."""

    secret: str | None


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A message to a webhook; ``state`` is ``waiting``, ``delivered`` or ``dead``.

    ``status`` is that of the last answer; where there was none, ``problem`` says why.
    """

    id: UUID
    kind: str
    contact_id: UUID | None
    position: int
    attempts: int
    status: int | None
    problem: str | None
    at: datetime | None
    next_at: datetime | None
    state: str


@dataclass(frozen=True, kw_only=True)
class WebhookReplay:
    """A replay: the position from which it begins, or the number of deliveries sent again."""

    from_position: int | None
    deliveries: int | None
