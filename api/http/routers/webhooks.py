"""Webhooks: who receives what happens in a ledger, and what became of the messages."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter

from api.http.access import allow
from api.http.bodies import body_dependency
from api.http.dependencies import CurrentAudit, CurrentExchange, LedgerInPath, PageInQuery
from api.http.exchange import Exchange
from api.http.openapi.example import example
from api.http.openapi.responses import problems, response_of
from api.http.routing import LedgerRoute
from api.http.wire.cursors import make_cursor, read_place
from api.http.wire.headers import said_once
from api.http.wire.path_types import IdempotencyKey, WebhookId
from api.http.wire.query_types import DeliveryStateWanted
from api.http.wire.webhook_bodies import ChangedWebhook, NewWebhook, Replay
from api.service.answers.document import Page
from api.service.answers.webhooks import Delivery, MadeWebhook, Webhook, WebhookReplay
from api.service.webhooks import orders
from domain.errors import Invalid
from ledger.access.scopes import ADMIN, THIS_MACHINE
from ledger.stores import webhooks as stored

router = APIRouter(
    prefix="/v1/ledgers/{ledger}",
    tags=["Webhooks"],
    dependencies=[allow(ADMIN)],
    route_class=LedgerRoute,
)

_WEBHOOK = example(Webhook, {})
_MADE = example(MadeWebhook, {})


@router.get(
    "/webhooks",
    summary="List the webhooks",
    responses={
        200: response_of(
            "All of them, the oldest first.", Page[Webhook](items=(_WEBHOOK,), next_cursor=None)
        )
    },
)
def list_webhooks(served: LedgerInPath) -> Page[Webhook]:
    """The receivers of what happens in the ledger. A ledger has at most 100."""
    items = tuple(Webhook.of(*one) for one in served.webhooks.with_backlogs())
    return Page[Webhook](items=items, next_cursor=None)


@router.post(
    "/webhooks",
    summary="Make a webhook: another program receives messages",
    status_code=201,
    responses={
        201: response_of(
            "The webhook with its secret, which is shown here and never again.", _MADE, "Location"
        ),
        200: response_of(
            "It was made under this `Idempotency-Key` before; its secret was shown then.",
            example(MadeWebhook, {"secret": None}),
            "Location",
            "Idempotency-Replayed",
        ),
        **problems("refused"),
    },
)
def make_webhook(
    body: Annotated[NewWebhook, body_dependency(NewWebhook)],
    exchange: CurrentExchange,
    served: LedgerInPath,
    audit: CurrentAudit,
    key: IdempotencyKey = None,
) -> MadeWebhook:
    """The receiver gets what happens from now on, as CloudEvents in JSON, signed as Standard
    Webhooks are: the secret is the key. `event-recorded` is sent for every event, or for those of
    the `types` alone. Messages of one contact come in order, and each comes at least once: the
    receiver sets aside a `Webhook-Id` that it knows. It answers with a 2xx status within 10 s.

    Personal fields are left out, unless the webhook is `personal`, which takes a key with the
    scope `read` besides. Items of the agenda for occasions are never sent. The URL begins with
    `https:`, but in open mode, and may not lead to a private network that the settings do not
    allow.
    """
    orders.require_reader(exchange.principal, personal=body.personal)
    _require_reachable(exchange, body.url)
    webhooks, name = served.webhooks, uuid4()
    key = said_once(exchange.request.headers, "idempotency-key")
    if key is not None:
        _require_long(key)
        principal = exchange.principal
        sender = "" if principal == THIS_MACHINE else principal.id
        name = webhooks.id_for(sender, exchange.request.scope["path"], key)
    detail = {"events": list(body.events), "personal": body.personal}
    with audit.order("webhook-made", str(name), **detail):
        made, secret = webhooks.add(
            name,
            url=body.url,
            events=body.events,
            types=body.types or (),
            personal=body.personal,
            description=body.description,
            enabled=body.enabled,
            by_key=key is not None,
        )
    reply = exchange.reply
    reply.headers |= {
        "Location": f"{exchange.base}/webhooks/{made.id}",
        "Cache-Control": "no-store",
    }
    if secret is None:
        reply.status = 200
        reply.headers["Idempotency-Replayed"] = "true"
    fields = MadeWebhook.fields_of(made, webhooks.backlog(made))
    return MadeWebhook.model_validate({**fields, "secret": secret})


@router.get(
    "/webhooks/{id}",
    summary="Get a webhook",
    responses={200: response_of("The webhook as it is now.", _WEBHOOK), **problems("not-found")},
)
def read_webhook(served: LedgerInPath, webhook_id: WebhookId) -> Webhook:
    """The secret is not shown again."""
    found = served.webhooks.find(_id(webhook_id))
    return Webhook.of(found, served.webhooks.backlog(found))


@router.patch(
    "/webhooks/{id}",
    summary="Change a webhook, pause it or resume it",
    responses={
        200: response_of("The webhook as it is now.", _WEBHOOK),
        **problems("not-found"),
    },
)
def change_webhook(
    body: Annotated[ChangedWebhook, body_dependency(ChangedWebhook)],
    exchange: CurrentExchange,
    served: LedgerInPath,
    webhook_id: WebhookId,
    audit: CurrentAudit,
) -> Webhook:
    """Fields that are left out stay as they are. While `enabled` is false nothing is sent;
    afterwards it continues where it was, and leaves nothing out.
    """
    webhooks, name, sent = served.webhooks, _id(webhook_id), body.changes()
    webhooks.find(name)
    if "url" in sent:
        _require_reachable(exchange, sent["url"])
    now = orders.change_webhook(webhooks, audit.order, exchange.principal, name, sent)
    return Webhook.of(now, webhooks.backlog(now))


@router.delete(
    "/webhooks/{id}",
    summary="Remove a webhook",
    responses={
        200: response_of("The webhook that is gone, with its deliveries.", _WEBHOOK),
        **problems("not-found"),
    },
)
def remove_webhook(served: LedgerInPath, webhook_id: WebhookId, audit: CurrentAudit) -> Webhook:
    """Nothing more is sent to it, what was waiting is forgotten, and so is what was given up."""
    webhooks = served.webhooks
    found = webhooks.find(_id(webhook_id))
    gone = Webhook.of(found, webhooks.backlog(found))
    with audit.order("webhook-removed", str(found.id)):
        webhooks.remove(found.id)
    return gone


@router.get(
    "/webhooks/{id}/deliveries",
    summary="List what became of the messages to a webhook",
    responses={
        200: response_of(
            "The newest first.",
            Page[Delivery](items=(example(Delivery, {}),), next_cursor=None),
            "Link",
        ),
        **problems("not-found"),
    },
)
def list_deliveries(
    exchange: CurrentExchange,
    served: LedgerInPath,
    webhook_id: WebhookId,
    page: PageInQuery,
    state: DeliveryStateWanted = None,
) -> Page[Delivery]:
    """A message waits until its receiver took it, or until it was tried for a day: then it is
    dead, and is sent when it is replayed. The newest 10,000 of each are kept. Nothing is kept of
    what receivers answer but the status.
    """
    name = _id(webhook_id)
    kind = f"deliveries {name} {state}"
    (before,) = read_place(served.ledger, page.cursor, kind, None)
    found = served.webhooks.deliveries(name, before, page.limit + 1, state)
    shown, more = found[: page.limit], None
    if len(found) > page.limit:
        more = make_cursor(served.ledger, kind, shown[-1].number)
    exchange.reply.goes_on(more)
    return Page[Delivery](items=tuple(Delivery.of(one) for one in shown), next_cursor=more)


@router.post(
    "/webhooks/{id}/replays",
    summary="Send messages again",
    status_code=202,
    responses={
        202: response_of("It is sent again from now on.", example(WebhookReplay, {})),
        **problems("not-found"),
    },
)
def replay_deliveries(
    body: Annotated[Replay, body_dependency(Replay)],
    served: LedgerInPath,
    webhook_id: WebhookId,
    audit: CurrentAudit,
) -> WebhookReplay:
    """With `from_position` everything from there on is sent again, in order: events from the log,
    and what follows from them as far as the outbox still has it, for 30 days. With `deliveries`
    these messages are sent again, whatever became of them. The ids are those of before.
    """
    if (body.from_position is None) == (body.deliveries is None):
        raise Invalid.at("", "contradiction", "send one of from_position and deliveries")
    name, position = _id(webhook_id), body.from_position
    if position is not None and position > served.ledger.head():
        raise Invalid.at("/from_position", "out-of-range", "is not recorded yet")
    wanted = body.deliveries or ()
    count = orders.replay_messages(served.webhooks, audit.order, name, position, wanted)
    return WebhookReplay(
        from_position=position, deliveries=None if body.deliveries is None else count
    )


def _require_reachable(exchange: Exchange, url: str) -> None:
    try:
        exchange.server.egress().check_url(url)
    except Invalid as error:
        raise error.within("/url") from None


def _require_long(key: str) -> None:
    if not 16 <= len(key) <= 200:
        detail = "Idempotency-Key must have 16 to 200 characters"
        raise Invalid.at("", "out-of-range", detail)


def _id(text: str) -> UUID:
    """The webhook that a path names.

    Raises:
        WebhookNotFound: it names none.
    """
    try:
        return UUID(text)
    except ValueError:
        raise stored.WebhookNotFound("webhooks have UUIDs") from None
