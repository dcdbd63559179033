"""``rapport project``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.cli.folders import existing, settings_for
from api.cli.following import follow, follow_channel
from api.cli.options import data_option
from api.cli.plain_help import PlainHelp

if TYPE_CHECKING:
    from pathlib import Path


@click.command("project", cls=PlainHelp)
@data_option
@click.option("--channel", type=int, hidden=True, help="The socket of the server that starts this.")
@click.option("--standby", is_flag=True, help="Wait, where another process follows already.")
def command(folder: Path | None, channel: int | None, standby: bool) -> None:
    """Keep the projections of a served data folder current, and sign its logs.

    rapport serve starts this process itself. Where a supervisor such as systemd is to run both,
    start the server with --no-followers, and this command beside it.

    Example:
      rapport serve --no-followers --data ./rapport-data
      rapport project --data ./rapport-data

    It waits for a server, follows its ledgers, and waits again when that server ends. Ctrl-C or
    SIGTERM stops it. With --standby a second one may be started, which takes over when the
    first one ends. It may be killed at any time: what it had not done yet is done when it is
    started again.

    Exit codes: 0 stopped; 2 a setting makes no sense; 3 the folder cannot be used, or another
    process follows it already.
    """
    if channel is not None:
        follow_channel(settings_for(folder), channel)
    else:
        follow(existing(settings_for(folder)), standby=standby)
