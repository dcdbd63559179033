"""``rapport webhooks``: other programs that receive what happens."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, TypeVar

import click

from api.cli.asking.target import served_documents, target_options
from api.cli.ending import UsageRefused
from api.cli.options import WholeNumber, json_option
from api.cli.output import count_with_noun, print_json, print_message, print_table
from api.cli.plain_help import PlainGroup
from domain.notices import KINDS
from ledger.stores.webhooks import STATES

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.cli.asking.answers import Document
    from api.cli.asking.target import Target

F = TypeVar("F", bound="Callable[..., object]")


@click.group("webhooks", cls=PlainGroup)
def command() -> None:
    """Send what happens to other programs, and see what they received.

    A server sends the messages, so these commands ask the one that runs on the data
    folder, or the one at --url.

    Example:
      rapport webhooks add https://shop.example.org/in --event stage-changed
      rapport webhooks list
    """


def _webhook(command: F) -> F:
    """The argument ID, and the server that is asked."""

    @wraps(command)
    def with_id(webhook_id: str, **more: object) -> object:
        return command(webhook_id=webhook_id, **more)

    decorated: Callable[..., object] = click.argument("webhook_id", metavar="ID")(
        target_options(json_option(with_id))
    )
    return decorated  # type: ignore[return-value]  # click keeps what it is given


@command.command("add")
@click.argument("receiver", metavar="URL")
@click.option(
    "--event",
    "events",
    multiple=True,
    required=True,
    type=click.Choice(KINDS),
    metavar="KIND",
    help=f"A kind of message; may be given several times: {', '.join(KINDS)}.",
)
@click.option(
    "--type",
    "types",
    multiple=True,
    metavar="TYPE",
    help="For event-recorded, only events of this type; may be given several times.",
)
@click.option("--personal", is_flag=True, help="Send personal fields, too.")
@click.option("--description", metavar="TEXT", help="What it is for.")
@target_options
@json_option
def add(
    receiver: str,
    events: tuple[str, ...],
    types: tuple[str, ...],
    personal: bool,
    description: str | None,
    target: Target,
    as_json: bool,
) -> None:
    """Send messages to the program at URL, from now on. The secret is shown once.

    Messages are signed with the secret as Standard Webhooks are, so that the receiver
    knows who sent them.

    Example:
      rapport webhooks add https://shop.example.org/in --event action-opened
    """
    body: Document = {"url": receiver, "events": list(events), "types": list(types)}
    body |= {"personal": personal, "description": description}
    with served_documents(target) as documents:
        made = documents.post("/webhooks", body)
    if as_json:
        print_json(made)
        return
    click.echo(made["secret"])
    print_message(
        f"The webhook is {made['id']}. The secret is shown once: save it where the receiver can "
        "read it."
    )


@command.command("list")
@target_options
@json_option
def list_webhooks(target: Target, as_json: bool) -> None:
    """List the webhooks, and whether messages wait for them.

    Example:
      rapport webhooks list --json
    """
    with served_documents(target) as documents:
        found = documents.get("/webhooks")["items"]
    if as_json:
        print_json(found)
        return
    print_table(
        ("id", "url", "kinds", "waiting", "dead", "state"),
        [
            (
                one["id"],
                one["url"],
                " ".join(one["events"]),
                one["waiting"],
                one["dead"],
                _state(one),
            )
            for one in found
        ],
        "There are no webhooks: rapport webhooks add makes one.",
    )


@command.command("show")
@_webhook
def show(webhook_id: str, target: Target, as_json: bool) -> None:
    """Show one webhook.

    Example:
      rapport webhooks show 0192f3a4-5b6c-7d8e-9f01-23456789abcd
    """
    with served_documents(target) as documents:
        found = documents.get(f"/webhooks/{webhook_id}")
    _print(found, as_json=as_json)


@command.command("pause")
@_webhook
def pause(webhook_id: str, target: Target, as_json: bool) -> None:
    """Send nothing for now. Nothing is lost: it continues where it was.

    Example:
      rapport webhooks pause 0192f3a4-5b6c-7d8e-9f01-23456789abcd
    """
    _change(webhook_id, target, {"enabled": False}, as_json=as_json)


@command.command("resume")
@_webhook
def resume(webhook_id: str, target: Target, as_json: bool) -> None:
    """Send again, from where it was paused or where the receiver said it was gone.

    Example:
      rapport webhooks resume 0192f3a4-5b6c-7d8e-9f01-23456789abcd
    """
    _change(webhook_id, target, {"enabled": True}, as_json=as_json)


@command.command("remove")
@_webhook
def remove(webhook_id: str, target: Target, as_json: bool) -> None:
    """Send nothing more, and forget what was still to be sent.

    Example:
      rapport webhooks remove 0192f3a4-5b6c-7d8e-9f01-23456789abcd
    """
    with served_documents(target) as documents:
        gone = documents.delete(f"/webhooks/{webhook_id}")
    if as_json:
        print_json(gone)
    else:
        click.echo(f"{gone['id']} ({gone['url']}) is removed")


@command.command("deliveries")
@click.option("--state", type=click.Choice(STATES), metavar="STATE", help="Only in this state.")
@click.option("--limit", type=WholeNumber(1, 1000), default=50, help="The greatest number.")
@_webhook
def deliveries(
    webhook_id: str, state: str | None, limit: int, target: Target, as_json: bool
) -> None:
    """List what became of the newest messages. The states are waiting, delivered, dead.

    Example:
      rapport webhooks deliveries 0192f3a4-5b6c-7d8e-9f01-23456789abcd --state dead
    """
    query = {"limit": str(limit)} | ({} if state is None else {"state": state})
    with served_documents(target) as documents:
        found = documents.get(f"/webhooks/{webhook_id}/deliveries", query)["items"]
    if as_json:
        print_json(found)
        return
    print_table(
        ("id", "kind", "position", "state", "attempts", "answer", "at", "next"),
        [
            (
                one["id"],
                one["kind"],
                one["position"],
                one["state"],
                one["attempts"],
                one["problem"] or one["status"] or "",
                one["at"] or "",
                one["next_at"] or "",
            )
            for one in found
        ],
        "There are no such deliveries.",
    )


@command.command("replay")
@click.option(
    "--from-position",
    type=WholeNumber(1),
    metavar="N",
    help="Send again everything from this position of the log on.",
)
@click.option(
    "--delivery",
    "ids",
    multiple=True,
    metavar="ID",
    help="Send this message again; may be given several times.",
)
@click.option("--dead", is_flag=True, help="Send again what was given up: the newest 1,000.")
@_webhook
def replay(
    webhook_id: str,
    from_position: int | None,
    ids: tuple[str, ...],
    dead: bool,
    target: Target,
    as_json: bool,
) -> None:
    """Send messages again, with the ids of before.

    Example:
      rapport webhooks replay 0192f3a4-5b6c-7d8e-9f01-23456789abcd --dead
      rapport webhooks replay 0192f3a4-5b6c-7d8e-9f01-23456789abcd --from-position 40
    """
    if (from_position is not None) + bool(ids) + dead != 1:
        raise UsageRefused("give one of --from-position, --delivery and --dead")
    with served_documents(target) as documents:
        path = f"/webhooks/{webhook_id}"
        if dead:
            query = {"state": "dead", "limit": "1000"}
            ids = tuple(one["id"] for one in documents.get(f"{path}/deliveries", query)["items"])
            if not ids:
                click.echo("Nothing was given up.")
                return
        body: Document = {"deliveries": list(ids)}
        if from_position is not None:
            body = {"from_position": from_position}
        found = documents.post(f"{path}/replays", body)
    if as_json:
        print_json(found)
    elif from_position is not None:
        click.echo(f"Everything from position {from_position:,} on is sent again.")
    else:
        click.echo(f"{count_with_noun(found['deliveries'], 'message')} will be sent again.")


def _change(webhook_id: str, target: Target, changes: Document, *, as_json: bool) -> None:
    with served_documents(target) as documents:
        found = documents.patch(f"/webhooks/{webhook_id}", changes)
    _print(found, as_json=as_json)


def _print(webhook: Document, *, as_json: bool) -> None:
    if as_json:
        print_json(webhook)
        return
    rows = [
        (name.replace("_", " "), " ".join(value) if isinstance(value, list) else value)
        for name, value in webhook.items()
        if value not in (None, [])
    ]
    print_table(("", ""), rows)


def _state(webhook: Document) -> str:
    """What a person should know of a webhook, in a few words."""
    if not webhook["enabled"]:
        because = webhook["disabled_because"]
        return "paused" if because is None else f"stopped: the receiver is {because}"
    since = webhook["failing_since"]
    return "sends" if since is None else f"fails since {since}"
