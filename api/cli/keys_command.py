"""``rapport keys``: who may ask the server for what."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import click

from api.bootstrap import STORE_OF, ledger_store_in, now
from api.cli.asking.target import url_options
from api.cli.ending import UsageRefused
from api.cli.folders import settings_for
from api.cli.options import WholeNumber, data_option, instant_option, json_option
from api.cli.output import print_json, print_message, print_table
from api.cli.plain_help import PlainGroup
from api.service.answers import ledgers as answers
from domain.errors import Corrupt, LedgerNotFound, Unavailable
from ledger.access.opening import open_access_keys
from ledger.access.scopes import COMMAND_LINE, KEY_SCOPES
from ledger.access.trails import KEY_MADE, Trails, key_detail
from ledger.data_layout import LEDGERS, refuse_foreign_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from ledger.access.keys import AccessKeys
    from ledger.access.orders import Order
    from ledger.stores.access import AccessKey


@click.group("keys", cls=PlainGroup)
def command() -> None:
    """Make, list, revoke and rotate access keys; also while a server runs on the folder.

    Without any key the server answers only this machine, and requires no key. As soon as there is a
    key, every request needs one.

    Example:
      rapport keys create "the owner" --scope admin --scope read --scope append
      curl -H "Authorization: Bearer rk_..." http://127.0.0.1:8400/v1/ledgers
    """


@command.command("create")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(KEY_SCOPES),
    help="A scope of the key; may be given several times. No scope includes another.",
)
@click.option("--ledger", help="The only ledger that the key is for.  [default: every ledger]")
@instant_option("--expires", "When the key expires.  [default: never]")
@click.option(
    "--per-minute",
    type=WholeNumber(1),
    help="The most requests in a minute, counting the events in them.",
)
@click.option(
    "--occasions",
    is_flag=True,
    help="Show birthdays and the like in the calendar that has the key.",
)
@data_option
@json_option
def create(
    name: str,
    scopes: tuple[str, ...],
    ledger: str | None,
    expires: int | None,
    per_minute: int | None,
    occasions: bool,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Create a key called NAME, and show its secret, which is never shown again.

    A key of the scope calendar has no other scope. It stands in the address under which a
    calendar reads the agenda, so let it open one ledger.

    Example:
      rapport keys create "till 4" --scope append --ledger main
      rapport keys create "our calendar" --scope calendar --ledger main --occasions
    """
    with _keys(folder, make=True) as (keys, trails):
        keys.require_possible(
            name, scopes, expires_at=expires, per_minute=per_minute, occasions=occasions
        )
        if ledger is not None:
            ledger_store_in(settings_for(folder).folder, ledger)  # there, and a ledger
        detail = key_detail(scopes, ledger, occasions=occasions)
        with trails.order(ledger, COMMAND_LINE, KEY_MADE, name, **detail) as order:
            made, secret = keys.make(
                name,
                scopes,
                ledger=ledger,
                expires_at=expires,
                per_minute=per_minute,
                occasions=occasions,
            )
            order.add_detail(key=made.id)
    _print_secret(made, secret, as_json=as_json)


@command.command("list")
@data_option
@url_options
@json_option
def list_keys(
    folder: Path | None, url: str | None, access_key_file: Path | None, as_json: bool
) -> None:
    """List the keys, revoked and expired ones too; nobody can list their secrets.

    Example:
      rapport keys list --json
    """
    found: list[dict[str, Any]] = []
    if url is not None:
        from api.cli.asking.lists import served_keys  # noqa: PLC0415  # the HTTP library is slow

        found = served_keys(url, folder, access_key_file)
    elif not _is_without_keys(settings_for(folder).folder):
        with _keys(folder) as (keys, _):
            found = [_row(key) for key in keys.all()]
    if as_json:
        print_json(found)
        return
    columns = ("id", "name", "scopes", "ledger", "last_used_at", "expires_at", "revoked_at")
    print_table(
        tuple(column.removesuffix("_at").replace("_", " ") for column in columns),
        [tuple(_cell(key[column]) for column in columns) for key in found],
        "There are no access keys: the server answers this machine only, and asks nobody.",
    )


@command.command("revoke")
@click.argument("key_id", metavar="ID")
@data_option
@json_option
def revoke(key_id: str, folder: Path | None, as_json: bool) -> None:
    """Revoke the key of that ID: within a second no request with it is let in.

    Example:
      rapport keys revoke 9f86d081884c7d65
    """
    with _keys(folder) as (keys, trails):
        order: AbstractContextManager[object] = nullcontext()
        try:
            order = _order(trails, keys.find(key_id), "key-revoked")
        except (Corrupt, Unavailable) as error:
            print_message(f"revoked all the same, unrecorded: {error}")
        with order:
            key = keys.revoke(key_id)
    if as_json:
        print_json(_row(key))
        return
    click.echo(f"{key.id} ({key.name}) is revoked")


@command.command("rotate")
@click.argument("key_id", metavar="ID")
@data_option
@json_option
def rotate(key_id: str, folder: Path | None, as_json: bool) -> None:
    """Give the key of that ID a new secret. Requests with the old one are refused.

    Example:
      rapport keys rotate 9f86d081884c7d65
    """
    with _keys(folder) as (keys, trails), _order(trails, keys.find(key_id), "key-rotated"):
        key, secret = keys.rotate(key_id)
    _print_secret(key, secret, as_json=as_json)


def _is_without_keys(folder: Path) -> bool:
    """Whether it is a data folder in which no key was ever made."""
    return (folder / LEDGERS).is_dir() and not STORE_OF(folder).has_access_keys()


@contextmanager
def _keys(folder: Path | None, *, make: bool = False) -> Iterator[tuple[AccessKeys, Trails]]:
    """The keys of a data folder, which no lock guards: a running server sees what is changed."""
    path = settings_for(folder).folder
    store = STORE_OF(path)
    if make:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        refuse_foreign_files(path, store)
    elif not store.has_access_keys():
        raise UsageRefused(f"{path} holds no access keys: rapport keys create makes one")
    keys, trails = open_access_keys(store, now), Trails(store, now)
    try:
        yield keys, trails
    finally:
        keys.close()
        trails.close()


def _order(trails: Trails, key: AccessKey, act: str) -> Order:
    """Order it in the trail of the ledger that the key is for, if that is there still."""
    try:
        return trails.order(key.ledger, COMMAND_LINE, act, key.id)
    except LedgerNotFound:
        return trails.order(None, COMMAND_LINE, act, key.id)


def _print_secret(key: AccessKey, secret: str, *, as_json: bool) -> None:
    if as_json:
        print_json({**_row(key), "secret": secret})
        return
    click.echo(secret)
    print_message(
        "This is shown once and stored nowhere: save it where the sending program can read it."
    )


def _row(key: AccessKey) -> dict[str, Any]:
    return answers.AccessKey.model_validate(key).plain()


def _cell(value: object) -> str:
    return " ".join(value) if isinstance(value, list | tuple) else str(value or "")
