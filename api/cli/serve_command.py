"""``rapport serve``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.cli.folders import settings_for
from api.cli.listening import serve
from api.cli.options import data_option, listening_options
from api.cli.plain_help import PlainHelp
from api.service.settings import ELSEWHERE, INSIDE

if TYPE_CHECKING:
    from pathlib import Path


@click.command("serve", cls=PlainHelp)
@listening_options
@data_option
@click.option(
    "--single-process",
    "followers",
    flag_value=INSIDE,
    help="Keep projections current, and sign logs, in the server's own process.",
)
@click.option(
    "--no-followers",
    "followers",
    flag_value=ELSEWHERE,
    help="Leave that to rapport project, which is started by hand or by a supervisor.",
)
@click.option(
    "--standby",
    is_flag=True,
    help="Wait, where another server records, and take over when it ends.",
)
def command(
    host: str | None,
    port: int | None,
    folder: Path | None,
    followers: str | None,
    standby: bool,
) -> None:
    """Start the server on a data folder, which is made on first use.

    Example:
      rapport serve --port 8400 --data ./rapport-data
      curl http://127.0.0.1:8400/livez

    Where the machine has two cores, a second process keeps projections current and signs the logs.
    It is started, watched and stopped with the server.

    With --standby a second server may be started on the same folder, on another port. It answers
    503 until the first one has ended, by whatever cause, and takes over within seconds.

    Ctrl-C or SIGTERM stops it once everything accepted is recorded.

    Exit codes: 0 stopped; 2 a setting makes no sense; 3 the folder cannot be used; 4 the address
    cannot be listened on.
    """
    serve(settings_for(folder, host=host, port=port, followers=followers), standby=standby)
