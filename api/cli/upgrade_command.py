"""``rapport upgrade``: bring what is kept to the layout of this version."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from api.bootstrap import STORE_OF
from api.cli.acts import order_act
from api.cli.folders import existing, settings_for
from api.cli.options import data_option, json_option
from api.cli.output import print_json
from api.cli.plain_help import PlainHelp
from domain.errors import LedgerError
from ledger.data_layout import LOCK_FILE, unusable
from ledger.files import FolderLock
from ledger.stores.upgrading import refuse_newer
from projections.generations import current
from projections.projections import ALL

if TYPE_CHECKING:
    from pathlib import Path

    from api.service.stores import ServedStore
    from ledger.stores.upgrading import PartLayout

_UPGRADED = "layouts-upgraded"
"""The act of bringing what is kept to the layout of another version."""


@click.command("upgrade", cls=PlainHelp)
@click.option("--dry-run", is_flag=True, help="Show what would be done, and write nothing.")
@data_option
@json_option
def command(dry_run: bool, folder: Path | None, as_json: bool) -> None:
    """Bring files and schemas to the layout of this version, and show first what that is.

    Needed where a new version says so at its start. Nobody may serve the folder meanwhile. Each
    file or schema is changed in one transaction; if the command is cut off, it is run again. Make a
    backup before: an older version refuses a newer layout. Projections of another version are made
    again from the events at the next start; until then the server answers, and says so.

    Example:
      rapport upgrade --dry-run
      rapport upgrade

    Exit codes: 0 done, or nothing to do; 3 a newer version wrote it, or the folder or the database
    cannot be used.
    """
    path = existing(settings_for(folder)).folder
    try:
        lock = FolderLock(path / LOCK_FILE)
    except OSError as error:
        raise unusable(path, error) from error
    try:
        store = STORE_OF(path)
        layouts = store.layouts()
        anew = _made_again(store)
        refuse_newer(layouts)
        old = [one for one in layouts if one.found < one.wanted]
        if not as_json:
            _print(layouts, anew, dry_run=dry_run)
        if old and not dry_run:
            store.upgrade()
            detail = {one.part: one.wanted for one in old}
            with order_act(path, None, _UPGRADED, "layouts", **detail):
                pass  # it is done: the trail itself could have had the older layout
    finally:
        lock.release()
    if as_json:
        shown = [{**one._asdict(), "changes": one.found < one.wanted} for one in layouts]
        print_json({"dry_run": dry_run, "layouts": shown, "made_again": anew})


def _made_again(store: ServedStore) -> list[dict[str, Any]]:
    """The projections whose version is not this program's, as far as they can be read."""
    found = []
    for name in store.ledger_names():
        kept = store.ledger(name)
        try:
            if not kept.has_tables():
                continue
            with closing(kept.read_tables()) as tables, tables.read() as transaction:
                for one in ALL:
                    generation = current(transaction, one.name)
                    was = None if generation is None else generation.version
                    if was != one.version:
                        row = {"ledger": name, "projection": one.name}
                        found.append({**row, "found": was, "wanted": one.version})
        except LedgerError:
            continue  # of an older layout: what stands in it is known once that is changed
    return found


def _print(layouts: list[PartLayout], anew: list[dict[str, Any]], *, dry_run: bool) -> None:
    old = [one for one in layouts if one.found < one.wanted]
    for one in old:
        click.echo(f"{one.part}: layout {one.found} becomes {one.wanted}")
    for row in anew:
        was = "was not there" if row["found"] is None else f"has version {row['found']}"
        click.echo(
            f"{row['ledger']}: the projection {row['projection']} {was}, and this Rapport's is "
            f"{row['wanted']}: it is made again at the next start"
        )
    if not old:
        click.echo(f"{len(layouts)} layouts are this Rapport's: nothing to change")
    elif dry_run:
        click.echo("nothing written")
