"""One webhook: what waits for its receiver, what was given up, and the buttons for both."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from api.console.rendering import MOST_REPLAYED
from api.console.twins import Twin, path_with
from api.console.visit import Page
from api.service.webhooks.orders import change_webhook, replay_messages
from ledger.access.scopes import ADMIN
from ledger.stores.webhooks import DEAD, WAITING, WebhookNotFound

if TYPE_CHECKING:
    from starlette.responses import Response

    from api.console.visit import Visit
    from ledger.access.orders import Order

MOST_SHOWN = 50
"""How many messages of each state are on the page."""


def show(visit: Visit) -> Response:
    """The webhook, what was given up, and what waits.

    Raises:
        WebhookNotFound: there is no such webhook.
    """
    webhooks, name = visit.served.webhooks, _webhook_id(visit)
    webhook = webhooks.find(name)
    path = f"{visit.api_path}/webhooks/{name}"
    return visit.page(
        "webhook.html",
        webhook=webhook,
        left=webhooks.backlog(webhook),
        dead=webhooks.deliveries(name, None, MOST_SHOWN, DEAD),
        waiting=webhooks.deliveries(name, None, MOST_SHOWN, WAITING),
        twins=[
            Twin("the webhook", path),
            Twin("what was given up", path_with(f"{path}/deliveries", state=DEAD)),
            Twin("what waits", path_with(f"{path}/deliveries", state=WAITING)),
        ],
        position=visit.served.ledger.head(),
    )


def change(visit: Visit) -> Response:
    """Pause a webhook, or have it continue where it was.

    Raises:
        WebhookNotFound: there is no such webhook.
        Forbidden: it sends personal fields, and the principal may not read them.
    """
    enabled = visit.field("enabled") == "yes"
    webhooks, name = visit.served.webhooks, _webhook_id(visit)
    change_webhook(webhooks, _order_of(visit), visit.principal, name, {"enabled": enabled})
    return visit.lead_to(f"{visit.ledger_path}/webhooks/{name}")


def replay(visit: Visit) -> Response:
    """Send again one message, or the newest ones that were given up.

    Raises:
        WebhookNotFound: there is no such webhook.
    """
    webhooks, name = visit.served.webhooks, _webhook_id(visit)
    wanted = visit.field("delivery")
    if wanted:
        ids = [_read_id(wanted)]
    else:
        ids = [one.id for one in webhooks.deliveries(name, None, MOST_REPLAYED, DEAD)]
    if ids:
        replay_messages(webhooks, _order_of(visit), name, None, ids)
    return visit.lead_to(f"{visit.ledger_path}/webhooks/{name}")


def _order_of(visit: Visit) -> partial[Order]:
    return partial(visit.server.trails.order, visit.served.ledger.name, visit.principal)


def _webhook_id(visit: Visit) -> UUID:
    return _read_id(visit.request.path_params["webhook"])


def _read_id(text: str) -> UUID:
    """An id of a webhook or of a message.

    Raises:
        WebhookNotFound: it is none.
    """
    try:
        return UUID(text)
    except ValueError:
        raise WebhookNotFound("webhooks and their messages have UUIDs") from None


_PATH = "/ledgers/{ledger}/webhooks/{webhook}"

PAGES = (
    Page(_PATH, show, (ADMIN,)),
    Page(f"{_PATH}/state", change, (ADMIN,), method="POST"),
    Page(f"{_PATH}/replays", replay, (ADMIN,), method="POST"),
)
