"""``rapport move``: the ledgers of a data folder into a database, or back."""

from __future__ import annotations

import os
import re
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.bootstrap import move_ends, now
from api.cli.ending import UsageRefused
from api.cli.folders import existing, settings_for
from api.cli.options import data_option, json_option
from api.cli.output import count_with_noun, print_json, print_message
from api.cli.plain_help import PlainHelp
from ledger.moving.moves import MoveObserver, move_ledgers

if TYPE_CHECKING:
    from ledger.files import FolderInUse
    from ledger.moving.moves import MoveResult

_DATABASE = re.compile(r"postgres(ql)?://")


@click.command("move", cls=PlainHelp)
@click.option(
    "--to",
    required=True,
    metavar="URL|FOLDER",
    help="A PostgreSQL database, or the data folder to come back to files.",
)
@click.option("--stop", is_flag=True, help="Stop the server once everything is copied.")
@data_option
@json_option
def command(to: str, stop: bool, folder: Path | None, as_json: bool) -> None:
    """Move every ledger of a data folder into a PostgreSQL database, or back into files.

    A server may serve them meanwhile. Once everything is copied the command waits until the server
    is stopped, copies the rest, checks that the copy is exact, and switches to it. After that,
    start the server with RAPPORT_DATABASE_URL, or without it if the ledgers came back to files. A
    server that is started the other way refuses the folder. The keys stay in the folder.

    If it is cut off, the same command continues. Ctrl-C leaves what was copied until then.
    What was served before stays: in the folder moved, or in schemas rapport_.moved-...

    Example:
      rapport move --to postgresql://rapport@db.example.org/rapport --stop
      rapport move --to ./rapport-data --stop

    Exit codes: 0 moved; 2 a setting makes no sense; 3 the folder or the database cannot be used,
    or a ledger is damaged; 130 interrupted.
    """
    settings = existing(settings_for(folder))
    url = to if _DATABASE.match(to) else None
    if url is None and Path(to).resolve() != settings.folder.resolve():
        raise UsageRefused(
            f"the keys are in {settings.folder} and stay there: --to postgresql://..., or "
            f"--to {settings.folder} for the way back"
        )
    source, target = move_ends(settings, url)
    moved = move_ledgers(
        settings.folder,
        source,
        target,
        clock=now,
        finishes_rotation=settings.master_key is None,
        observer=MoveObserver(ready=_stop_server if stop else _ask_to_stop),
    )
    _report(moved, keys="folder" if settings.keys_url is None else "database", as_json=as_json)


def _ask_to_stop(error: FolderInUse) -> None:
    print_message(
        f"everything is copied, and what comes is copied too: stop the server, process "
        f"{error.process or 'unknown'}, to switch"
    )


def _stop_server(error: FolderInUse) -> None:
    print_message(f"everything is copied: stopping the server, process {error.process}")
    if error.process is not None:
        with suppress(ProcessLookupError):  # it has ended by itself
            os.kill(error.process, signal.SIGTERM)


def _report(moved: MoveResult, *, keys: str, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "to": moved.to,
                "move": str(moved.move),
                "ledgers": [
                    {"ledger": name, "events": count}
                    for name, count in sorted(moved.ledgers.items())
                ],
                "still_seconds": round(moved.still, 3),
            }
        )
        return
    for name, count in sorted(moved.ledgers.items()):
        click.echo(f"{name}: {count_with_noun(count, 'event')}, exact to the root")
    click.echo(f"moved to {_WHERE[moved.to]}; nothing could be recorded for {moved.still:.1f} s")
    print_message(_NEXT[moved.to])
    print_message(_KEYS[keys])


_WHERE = {"database": "the database", "files": "files of the data folder"}
_KEYS = {
    "folder": "  The keys stay where they are: in the data folder",
    "database": "  The keys stay where they are: in the database of RAPPORT_KEYS_URL",
}
_NEXT = {
    "database": "  Start the server with RAPPORT_DATABASE_URL now. What was served before is in the"
    " folder moved",
    "files": "  Start the server without RAPPORT_DATABASE_URL now. What was served before is in"
    " the schemas rapport_.moved-...",
}
