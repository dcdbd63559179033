"""Webhooks, and what became of the messages to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self
from uuid import UUID

from pydantic import Field, WithJsonSchema

from api.service.answers.document import Document, Instant, Position, schema_named
from domain.notices import KINDS
from ledger.stores.webhooks import STATES

if TYPE_CHECKING:
    from ledger.stores import webhooks as stored

MessageKind = Annotated[str, WithJsonSchema({"type": "string", "enum": list(KINDS)})]
"""The kind of a message."""

DeliveryState = Annotated[str, WithJsonSchema({"type": "string", "enum": list(STATES)})]
"""What became of a message."""


class Webhook(Document):
    """A receiver and the kinds of messages that it gets. ``types`` are those of the events that
    are sent, all where it is empty.

    ``position`` is how far the event log was taken in. ``waiting`` and ``dead`` count messages;
    ``waiting_since`` is the instant of the oldest that waits. ``failing_since`` is when attempts
    began to fail, null where the last one succeeded. ``disabled_because`` is ``gone`` where the
    receiver answered 410.
    """

    id: UUID = Field(examples=["0192f3a4-5b6c-7d8e-9f01-23456789abcd"])
    url: str = Field(examples=["https://shop.example.org/rapport"])
    events: tuple[MessageKind, ...] = Field(examples=[["event-recorded", "stage-changed"]])
    types: tuple[Annotated[str, schema_named("EventTypeName")], ...] = Field(
        examples=[["purchase-made"]]
    )
    personal: bool = Field(examples=[False])
    description: str | None = Field(examples=["the web shop"])
    enabled: bool = Field(examples=[True])
    made_at: Instant = Field(examples=["2026-03-01T09:30:00Z"])
    position: Position = Field(examples=[42])
    failing_since: Instant | None = Field(examples=[None])
    disabled_because: str | None = Field(examples=[None])
    waiting: int = Field(examples=[0])
    waiting_since: Instant | None = Field(examples=[None])
    dead: int = Field(examples=[0])

    @classmethod
    def fields_of(cls, webhook: stored.Webhook, backlog: stored.Backlog) -> dict[str, object]:
        """The fields of a webhook with what is left to deliver."""
        return {
            "id": webhook.id,
            "url": webhook.url,
            "events": webhook.events,
            "types": webhook.types,
            "personal": webhook.personal,
            "description": webhook.description,
            "enabled": webhook.enabled,
            "made_at": webhook.made_at,
            "position": webhook.position,
            "failing_since": webhook.failing_since,
            "disabled_because": webhook.disabled_because,
            "waiting": backlog.waiting,
            "waiting_since": backlog.oldest,
            "dead": backlog.dead,
        }

    @classmethod
    def of(cls, webhook: stored.Webhook, backlog: stored.Backlog) -> Self:
        """A webhook with what is left to deliver."""
        return cls.model_validate(cls.fields_of(webhook, backlog))


class MadeWebhook(Webhook):
    """A webhook that was made. ``secret`` is shown once: null where it was made before."""

    secret: str | None = Field(examples=["whsec_" + "A" * 43 + "="])


class Delivery(Document):
    """A message to a webhook. ``id`` is the same in each attempt, and stands in ``Webhook-Id``.

    ``status`` is that of the last answer; where there was none, ``problem`` says why. ``at`` is
    the last attempt, ``next_at`` the next one, null where there will be none.
    """

    id: UUID = Field(examples=["5f1c2d3e-4a5b-5c6d-8e7f-0a1b2c3d4e5f"])
    kind: MessageKind = Field(examples=["event-recorded"])
    contact_id: UUID | None = Field(examples=["0192f3a4-5b6c-7d8e-9f01-23456789abcd"])
    position: Position = Field(examples=[42])
    attempts: int = Field(examples=[2])
    status: int | None = Field(examples=[503])
    problem: str | None = Field(examples=[None])
    at: Instant | None = Field(examples=["2026-03-01T09:30:00Z"])
    next_at: Instant | None = Field(examples=["2026-03-01T09:32:00Z"])
    state: DeliveryState = Field(examples=["waiting"])

    @classmethod
    def of(cls, delivery: stored.Delivery) -> Self:
        """A delivery as it is kept."""
        return cls(
            id=delivery.id,
            kind=delivery.kind,
            contact_id=delivery.contact,
            position=delivery.position,
            attempts=delivery.attempts,
            status=delivery.status,
            problem=delivery.problem,
            at=delivery.at,
            next_at=delivery.next_at if delivery.state == "waiting" else None,
            state=delivery.state,
        )


class WebhookReplay(Document):
    """A replay: the position from which it begins, or the number of deliveries sent again."""

    from_position: Position | None = Field(examples=[None])
    deliveries: int | None = Field(examples=[1])
