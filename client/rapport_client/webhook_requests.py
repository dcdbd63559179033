"""The requests about webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rapport_client.answers.webhooks import Delivery, MadeWebhook, Webhook, WebhookReplay
from rapport_client.events import encode
from rapport_client.requests import (
    DocumentRequest,
    LedgerPaths,
    PageRequest,
    got,
    list_request,
    post_request,
    query_parameters,
    reading,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID


class WebhookRequests(LedgerPaths):
    """Requests of those who send messages to other programs."""

    def webhooks(self) -> PageRequest[Webhook]:
        """All webhooks."""
        return list_request(f"{self.base}/webhooks", Webhook, {})

    def webhook(self, webhook_id: UUID) -> DocumentRequest[Webhook]:
        """A webhook as it is now."""
        return got(self._of(webhook_id), reading(Webhook))

    def make_webhook(
        self, described: Mapping[str, Any], idempotency_key: str | None
    ) -> DocumentRequest[MadeWebhook]:
        """Make a webhook."""
        headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        body = {name: value for name, value in described.items() if value is not None}
        return post_request(f"{self.base}/webhooks", body, reading(MadeWebhook), headers)

    def change_webhook(
        self, webhook_id: UUID, changes: Mapping[str, Any]
    ) -> DocumentRequest[Webhook]:
        """Have a webhook be another one."""
        return DocumentRequest(
            method="PATCH",
            path=self._of(webhook_id),
            read=reading(Webhook),
            headers={"Content-Type": "application/json"},
            content=encode(dict(changes)),
        )

    def remove_webhook(self, webhook_id: UUID) -> DocumentRequest[Webhook]:
        """Send nothing more to a receiver."""
        path = self._of(webhook_id)
        return DocumentRequest(method="DELETE", path=path, read=reading(Webhook))

    def deliveries(self, webhook_id: UUID, state: str | None, limit: int) -> PageRequest[Delivery]:
        """What became of messages, by pages."""
        query = query_parameters(state=state, limit=limit)
        return list_request(self._of(webhook_id, "/deliveries"), Delivery, query)

    def replay_deliveries(
        self, webhook_id: UUID, from_position: int | None, deliveries: Sequence[UUID] | None
    ) -> DocumentRequest[WebhookReplay]:
        """Send messages again."""
        body = (
            {"from_position": from_position}
            if deliveries is None
            else {"deliveries": [str(one) for one in deliveries]}
        )
        return post_request(self._of(webhook_id, "/replays"), body, reading(WebhookReplay))

    def _of(self, webhook_id: UUID, rest: str = "") -> str:
        return f"{self.base}/webhooks/{webhook_id}{rest}"
