"""What is sent: CloudEvents of events and of what follows from them, signed for their receiver.

Source: CloudEvents 1.0.2, "JSON Event Format"; Standard Webhooks 1.0.0.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgpack
from standardwebhooks.webhooks import Webhook as Signing

from domain.events import EncryptedValue, Event
from domain.events.care import ActionDeferred
from domain.events.governance import EventCorrected
from domain.instants import format_instant
from domain.notices import EVENT_RECORDED, OF_EVENTS
from domain.recorded import POLICY_STREAM
from ledger.identifiers import message_id
from ledger.stores.webhooks import Delivery

if TYPE_CHECKING:
    from uuid import UUID

    from domain.notices import Notice
    from domain.recorded import RecordedEvent
    from ledger.ledger import Ledger

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"


def of_event(ledger: Ledger, kind: str, recorded: RecordedEvent, at: int) -> Delivery:
    """The message that an event was recorded, to be sent from that instant on."""
    contact = None if recorded.contact_id == POLICY_STREAM else recorded.contact_id
    instant, position = recorded.recorded_at, recorded.position
    name = message_id(ledger.namespace, kind, contact, str(recorded.id), instant, position)
    return Delivery(
        id=name, kind=kind, contact=contact, position=position, instant=instant, next_at=at
    )


def of_notice(ledger: Ledger, notice: Notice, at: int) -> Delivery:
    """The message of a notice, to be sent from that instant on."""
    detail: bytes = msgpack.packb(dict(notice.detail))
    return Delivery(
        id=message_id(
            ledger.namespace,
            notice.kind,
            notice.contact_id,
            notice.key,
            notice.instant,
            notice.position,
        ),
        kind=notice.kind,
        contact=notice.contact_id,
        position=notice.position,
        instant=notice.instant,
        detail=detail,
        next_at=at,
    )


def body_of(ledger: Ledger, delivery: Delivery, *, personal: bool) -> str:
    """The body of a message: the same each time, but for what was erased meanwhile.

    Raises:
        LedgerError: the event cannot be read.
    """
    data: dict[str, Any]
    if delivery.kind in OF_EVENTS:
        shows = personal and delivery.kind == EVENT_RECORDED
        recorded = ledger.event(delivery.position, decrypt=shows)
        data = _event_data(recorded, personal=shows)
    else:
        data = {"position": delivery.position, **msgpack.unpackb(delivery.detail)}
    return envelope(ledger.name, delivery, data)


def envelope(ledger: str, delivery: Delivery, data: dict[str, Any]) -> str:
    """A message as a CloudEvent, in compact JSON."""
    shown: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(delivery.id),
        "source": f"/v1/ledgers/{ledger}",
        "type": delivery.kind,
    }
    if delivery.contact is not None:
        shown["subject"] = str(delivery.contact)
    shown |= {
        "time": format_instant(delivery.instant),
        "datacontenttype": "application/json",
        "data": data,
    }
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":"))


def headers_of(secret: str, message: UUID, body: str, at: int) -> dict[str, str]:
    """The headers by which a receiver knows the message and who sent it; ``at`` is now."""
    second = at // 1_000_000
    signature = Signing(secret).sign(str(message), datetime.fromtimestamp(second, UTC), body)
    return {
        "Content-Type": CONTENT_TYPE,
        "Webhook-Id": str(message),
        "Webhook-Timestamp": str(second),
        "Webhook-Signature": signature,
    }


def _impersonal(event: Event) -> dict[str, Any]:
    """The data of an event without what is of a person; of a correction, without that in it."""
    withheld = {field.name for field in event.FIELDS if field.personal}
    if isinstance(event, ActionDeferred) and event.item.partition(":")[0] == "occasion":
        withheld |= {"item", "until"}  # they tell when a birthday is near
    data: dict[str, Any] = {
        name: value for name, value in event.show().items() if name not in withheld
    }
    if isinstance(event, EventCorrected) and isinstance(event.data, Event):
        data["data"] = _impersonal(event.data)
    return data


def _event_data(recorded: RecordedEvent, *, personal: bool) -> dict[str, Any]:
    """The event as endpoints show it; without ``personal`` no field that could be of a person."""
    data = recorded.event.show() if personal else _impersonal(recorded.event)
    shown: dict[str, Any] = {
        "id": str(recorded.id),
        "contact_id": (None if recorded.contact_id == POLICY_STREAM else str(recorded.contact_id)),
        "type": recorded.type,
        "version": recorded.version,
        "position": recorded.position,
        "occurred_at": format_instant(recorded.occurred_at),
        "recorded_at": format_instant(recorded.recorded_at),
        "source": recorded.source,
        "causation_id": None if recorded.causation_id is None else str(recorded.causation_id),
        "data": data,
    }
    if personal:
        actor = recorded.actor
        shown["actor"] = None if isinstance(actor, EncryptedValue) else actor
    return shown
