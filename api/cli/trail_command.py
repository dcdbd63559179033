"""``rapport trail``: what was done besides appending."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from api.bootstrap import STORE_OF, now
from api.cli.asking.target import url_options
from api.cli.ending import UsageRefused
from api.cli.folders import existing, settings_for
from api.cli.options import data_option, json_option
from api.cli.output import print_json, print_message, print_table
from api.cli.plain_help import PlainHelp
from api.service.answers.trails import TrailEntry
from ledger.access.trails import Trails

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.stores.access import Act

_PAGE = 500


@click.command("trail", cls=PlainHelp)
@click.option(
    "--ledger",
    "ledger_name",
    help="The ledger whose trail is shown.  [default: the server's trail]",
)
@click.option("--verify", is_flag=True, help="First check that no entry was changed.")
@data_option
@url_options
@json_option
def command(
    ledger_name: str | None,
    verify: bool,
    folder: Path | None,
    url: str | None,
    access_key_file: Path | None,
    as_json: bool,
) -> None:
    """Show the audit trail of a ledger or of the server; also while a server runs on the folder.

    An act has two entries: the first says that it was ordered, the second what came of it, done,
    refused or failed, and of which entry. An order without an outcome is under way, or its process
    ended before it did, or it was recorded by a version that recorded orders alone.

    Each entry holds the hash of the one before, and the newest is noted in access.sqlite too, so
    that a trail that was deleted or cut off is noticed. Keep the newest hash elsewhere: then no
    earlier entry can be changed or removed without detection, even by changing both files.

    Example:
      rapport trail --ledger main --verify
    """
    checked = None
    if url is None:
        acts, checked = _read(existing(settings_for(folder)).folder, ledger_name, verify=verify)
    else:
        if verify:
            raise UsageRefused("--verify reads the data folder, and --url asks a server")
        from api.cli.asking.lists import served_trail  # noqa: PLC0415  # the HTTP library is slow

        acts = served_trail(url, folder, access_key_file, ledger_name)
    if as_json:
        print_json(acts)
        return
    columns = ("number", "at", "principal", "act", "subject", "outcome", "of")
    print_table(
        [{"principal": "by"}.get(column, column) for column in columns],
        [tuple("" if act[column] is None else act[column] for column in columns) for act in acts],
        "The audit trail is empty: nothing was done besides appending.",
    )
    if checked is not None:
        click.echo(f"{checked[0]:,} entries are as recorded; the newest hash is {checked[1]}")


def _read(
    folder: Path, ledger_name: str | None, *, verify: bool
) -> tuple[list[dict[str, Any]], tuple[int, str] | None]:
    """The entries in a data folder, and how many were checked, with the newest hash."""
    trails = Trails(STORE_OF(folder), now)
    try:
        trail = trails.server() if ledger_name is None else trails.of(ledger_name)
        if (gone := trail.missing()) is not None:
            print_message(
                f"entry {gone} was recorded and is gone: this trail was deleted or cut off"
            )
        checked = trail.verify() if verify else None
        acts: list[Act] = []
        while page := trail.acts(after=acts[-1].number if acts else 0, limit=_PAGE):
            acts += page
    finally:
        trails.close()
    return [_row(act) for act in acts], checked


def _row(act: Act) -> dict[str, Any]:
    return TrailEntry.model_validate(act).plain()
