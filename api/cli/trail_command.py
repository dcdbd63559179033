"""``rapport trail``: what was done besides appending."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.bootstrap import now
from api.cli.folders import existing, settings_for
from api.cli.options import data_option, json_option
from api.cli.output import print_json, print_table, say
from api.cli.plain_help import PlainHelp
from domain.instants import format_instant
from ledger.access.trails import Trails
from ledger.folder import LEDGERS

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.access.trail import Act

_PAGE = 500


@click.command("trail", cls=PlainHelp)
@click.option("--ledger", "ledger_name", help="Of this ledger.  [default: of the server]")
@click.option("--verify", is_flag=True, help="Check first that every entry is as recorded.")
@data_option
@json_option
def command(ledger_name: str | None, verify: bool, folder: Path | None, as_json: bool) -> None:
    """Show the audit trail of a ledger or of the server; also while a server runs on the folder.

    An act has two entries: the first says that it was ordered, the second what came of it, done,
    refused or failed, and of which entry. An order without an outcome is under way, or its process
    ended before it did, or it was recorded by a version that recorded orders alone.

    Each entry holds the hash of the one before, and the newest is noted in access.sqlite too, so
    that a trail that was deleted or cut off is noticed. Keep the newest hash elsewhere: then not
    even who changes both files can change or take away anything before it unnoticed.

    Example:
      rapport trail --ledger main --verify
    """
    path = existing(settings_for(folder)).folder
    trails = Trails(path, path / LEDGERS, now)
    try:
        trail = trails.server() if ledger_name is None else trails.of(ledger_name)
        if (gone := trail.missing()) is not None:
            say(f"entry {gone} was recorded and is gone: this trail was deleted or cut off")
        checked = trail.verify() if verify else None
        acts: list[Act] = []
        while page := trail.acts(after=acts[-1].number if acts else 0, limit=_PAGE):
            acts += page
    finally:
        trails.close()
    if as_json:
        print_json([_shown(act) for act in acts])
        return
    print_table(
        ("number", "at", "by", "act", "subject", "outcome", "of"),
        [
            (
                str(act.number),
                format_instant(act.at),
                act.principal,
                act.act,
                act.subject,
                act.outcome,
                "" if act.of is None else str(act.of),
            )
            for act in acts
        ],
    )
    if checked is not None:
        click.echo(f"{checked[0]:,} entries are as recorded; the newest hash is {checked[1]}")


def _shown(act: Act) -> dict[str, object]:
    return {**act.__dict__, "at": format_instant(act.at), "detail": dict(act.detail)}
