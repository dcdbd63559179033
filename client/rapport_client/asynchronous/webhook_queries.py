"""Sending what happens in a ledger to other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rapport_client.asynchronous.connection import AsyncConnection

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from uuid import UUID

    from rapport_client.answers.webhooks import Delivery, MadeWebhook, Webhook, WebhookReplay


class AsyncWebhookQueries(AsyncConnection):
    """Webhooks: made, changed, removed, and what became of their messages."""

    def webhooks(self) -> AsyncGenerator[Webhook, None]:
        """All webhooks, the oldest first."""
        return self._pages(self._ledger_requests.webhooks())

    async def webhook(self, webhook_id: UUID) -> Webhook:
        """A webhook as it is now."""
        return await self._send(self._ledger_requests.webhook(webhook_id))

    async def make_webhook(
        self,
        url: str,
        events: Sequence[str],
        *,
        types: Sequence[str] = (),
        personal: bool = False,
        description: str | None = None,
        enabled: bool = True,
        idempotency_key: str | None = None,
    ) -> MadeWebhook:
        """Send ``events`` to a receiver, such as ``event-recorded``, from now on.

        ``types`` choose among the events that are sent. With an ``idempotency_key`` of 16 to 200
        characters, a webhook that was made under it is answered, without its secret.
        """
        described = {
            "url": url,
            "events": list(events),
            "types": list(types),
            "personal": personal,
            "description": description,
            "enabled": enabled,
        }
        request = self._ledger_requests.make_webhook(described, idempotency_key)
        return await self._send(request)

    async def change_webhook(self, webhook_id: UUID, **changes: Any) -> Webhook:
        """Change what of a webhook is named: ``url``, ``events``, ``types``, ``personal``,
        ``description``, ``enabled``. Paused, it continues where it was.
        """
        return await self._send(self._ledger_requests.change_webhook(webhook_id, changes))

    async def remove_webhook(self, webhook_id: UUID) -> Webhook:
        """Send nothing more to a receiver; what waited for it is forgotten."""
        return await self._send(self._ledger_requests.remove_webhook(webhook_id))

    def deliveries(
        self, webhook_id: UUID, *, state: str | None = None, page: int = 500
    ) -> AsyncGenerator[Delivery, None]:
        """What became of messages, the newest first; ``page`` at a time (1..1000)."""
        return self._pages(self._ledger_requests.deliveries(webhook_id, state, page))

    async def replay_deliveries(
        self,
        webhook_id: UUID,
        *,
        from_position: int | None = None,
        deliveries: Sequence[UUID] | None = None,
    ) -> WebhookReplay:
        """Send again: everything from a position on, or these messages."""
        request = self._ledger_requests.replay_deliveries(webhook_id, from_position, deliveries)
        return await self._send(request)
