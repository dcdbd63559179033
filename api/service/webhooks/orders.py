"""What people order of webhooks, over HTTP or on a page: with its rules, and in the audit trail."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from api.service.errors import Forbidden
from ledger.access.scopes import READ

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from uuid import UUID

    from api.service.webhooks.subscriptions import Webhooks
    from ledger.access.orders import Order
    from ledger.access.scopes import Principal
    from ledger.stores.webhooks import Webhook

    PlaceOrder = Callable[..., Order]
    """Puts an order into the trail of the ledger: the act, its subject and its details."""


def require_reader(principal: Principal, *, personal: bool) -> None:
    """Let pass who may read what the receiver is to get.

    Raises:
        Forbidden: they may not.
    """
    if personal and not principal.has((READ,)):
        raise Forbidden("personal fields take the scope read besides admin")


def change_webhook(
    webhooks: Webhooks,
    order: PlaceOrder,
    principal: Principal,
    webhook_id: UUID,
    sent: Mapping[str, Any],
) -> Webhook:
    """Change the fields that were sent; who has it send personal fields must be able to read them.

    Raises:
        WebhookNotFound: there is none of that id.
        Forbidden: the principal may not read what it sends.
        Invalid: the kinds and types do not go together.
        Unavailable: the order could not be recorded, and nothing was changed.
    """

    def changed_of(before: Webhook) -> Webhook:
        changed = replace(before, **sent)
        if changed.enabled:
            changed = replace(changed, disabled_because=None)
        if sent.keys() - {"enabled", "description"} or changed.enabled:
            require_reader(principal, personal=changed.personal)
        return changed

    changed_of(webhooks.find(webhook_id))  # what is refused is no order
    with order("webhook-changed", str(webhook_id), fields=sorted(sent)):
        return webhooks.change(webhook_id, changed_of)


def replay_messages(
    webhooks: Webhooks,
    order: PlaceOrder,
    webhook_id: UUID,
    from_position: int | None,
    deliveries: Sequence[UUID],
) -> int:
    """Send again: everything from a position on, or single messages; how many, of the latter.

    Raises:
        WebhookNotFound: there is none of that id.
        Unavailable: the order could not be recorded, and nothing is sent.
    """
    detail = {"from_position": from_position, "deliveries": len(deliveries)}
    with order("webhook-replayed", str(webhook_id), **detail):
        return webhooks.replay(webhook_id, from_position, deliveries)
