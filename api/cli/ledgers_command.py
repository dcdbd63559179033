"""``rapport ledgers``: which there are; making, archiving and deleting one."""

from __future__ import annotations

import sys
from contextlib import closing, nullcontext
from typing import TYPE_CHECKING

import click

from api.bootstrap import STORE_OF, ledger_store_in, now
from api.cli.acts import order_act
from api.cli.asking.target import url_options
from api.cli.ending import UsageRefused
from api.cli.folders import existing, open_folder, settings_for
from api.cli.options import data_option, json_option
from api.cli.output import print_json, print_message, print_table
from api.cli.plain_help import PlainGroup
from api.service.answers.folders import LedgerInFolder
from domain.errors import LedgerError
from ledger.access.opening import open_access_keys
from ledger.data_layout import is_ledger_name, settings_of

if TYPE_CHECKING:
    from pathlib import Path

    from api.cli.asking.answers import Document
    from ledger.folder import DataFolder
    from ledger.stores.store import LedgerStore


@click.group("ledgers", cls=PlainGroup)
def command() -> None:
    """List, make, archive and delete the ledgers of a data folder.

    A ledger is one business; ledgers share only the server. Making, archiving and deleting need the
    folder for themselves: stop the server first, or ask it over HTTP, at /v1/ledgers.

    Example:
      rapport ledgers list
    """


@command.command("list")
@data_option
@url_options
@json_option
def list_them(
    folder: Path | None, url: str | None, access_key_file: Path | None, as_json: bool
) -> None:
    """List the ledgers, also while a server runs, and those that are damaged.

    A server elsewhere tells their names, time zones, when they were made and whether they are
    archived; the rest stands only in the data folder, and is null with --json.

    Example:
      rapport ledgers list --json
      rapport ledgers list --url http://127.0.0.1:8400
    """
    columns: tuple[str, ...] = ("name", "state", "time_zone", "created_at", "bytes")
    if url is not None:
        from api.cli.asking.lists import served_ledgers  # noqa: PLC0415  # the HTTP library is slow

        found = [_served_row(one) for one in served_ledgers(url, folder, access_key_file)]
        columns = columns[:4]
    else:
        store = STORE_OF(existing(settings_for(folder)).folder)
        found = [_row(name, store.ledger(name)) for name in store.ledger_names()]
    if as_json:
        print_json([one.plain() for one in found])
        return
    print_table(
        tuple(column.replace("_", " ") for column in columns),
        [tuple(str(getattr(one, column) or "") for column in columns) for one in found],
        "There are no ledgers yet: rapport ledgers create makes one.",
    )


@command.command("create")
@click.argument("name")
@click.option("--time-zone", help="The time zone of contacts without one, such as Europe/Paris.")
@click.option("--region", help="Where phone numbers without a country stand, such as NL.")
@data_option
def create(name: str, time_zone: str | None, region: str | None, folder: Path | None) -> None:
    """Make a ledger called NAME, with the policy `retail`.

    Example:
      rapport ledgers create corner-shop --time-zone Europe/Amsterdam --region NL
    """
    with open_folder(folder) as data:
        new = name not in data.names()
        with (
            order_act(data.path, None, "ledger-made", name)
            if new and is_ledger_name(name)
            else nullcontext()
        ):
            data.create(name, time_zone, region)
    click.echo(f"{name} {'is made' if new else 'was there already, and is as it was'}")


@command.command("archive")
@click.argument("name")
@click.option("--end", is_flag=True, help="Take the ledger out of the archive.")
@data_option
def archive(name: str, end: bool, folder: Path | None) -> None:
    """Archive the ledger called NAME: it takes no more events, and can be read.

    Example:
      rapport ledgers archive summer-2019
    """
    with open_folder(folder, make=False) as data:
        act = "ledger-unarchived" if end else "ledger-archived"
        with (
            order_act(data.path, None, act, name)
            if data.settings(name).archived == end
            else nullcontext()
        ):
            data.archive(name, archived=not end)
    click.echo(f"{name} {'takes events again' if end else 'is archived: it is read, and no more'}")


@command.command("delete")
@click.argument("name")
@click.option("--confirm", metavar="NAME", help="The name again, for runs without a terminal.")
@data_option
def delete(name: str, confirm: str | None, folder: Path | None) -> None:
    """Delete the ledger called NAME: every event, key, checkpoint and entry of its trail.

    Only an archive that is kept elsewhere can bring it back: rapport backup makes one. Access keys
    that are for it alone are revoked.

    Example:
      rapport ledgers delete summer-2019 --confirm summer-2019
    """
    with open_folder(folder, make=False) as data:
        kept = ledger_store_in(data.path, name)
        if confirm is None and sys.stdin.isatty():
            print_message(f"{name}: {kept.size_bytes():,} bytes will be deleted")
            confirm = click.prompt("Its name, to delete it", err=True)
        if confirm != name:
            raise UsageRefused(f"nothing is deleted: --confirm {name} says that it is meant")
        with order_act(data.path, None, "ledger-deleted", name, origin=_origin(data, name)):
            if data.store.has_access_keys():
                with closing(open_access_keys(data.store, now)) as keys:
                    keys.revoke_all_of(name)
            data.delete(name)
    click.echo(f"{name} is deleted")


def _origin(data: DataFolder, name: str) -> str | None:
    try:
        return data.settings(name).origin
    except LedgerError:
        return None  # a damaged one can be deleted too


def _row(name: str, store: LedgerStore) -> LedgerInFolder:
    size = store.size_bytes()
    try:
        settings = settings_of(store)
    except LedgerError:
        return LedgerInFolder(name=name, state="damaged", bytes=size)
    return LedgerInFolder(
        name=name,
        state="for audit" if settings.for_audit else "archived" if settings.archived else "open",
        time_zone=settings.time_zone,
        created_at=settings.created_at,
        origin=settings.origin,
        bytes=size,
    )


def _served_row(ledger: Document) -> LedgerInFolder:
    """A ledger as a server lists it, in the fields of one in a data folder."""
    return LedgerInFolder(
        name=ledger["name"],
        state="archived" if ledger["archived"] else "open",
        time_zone=ledger["time_zone"],
        created_at=ledger["created_at"],
        bytes=None,
    )
