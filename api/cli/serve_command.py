"""``rapport serve``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.cli.ending import DONE, UsageRefused
from api.cli.folders import settings_for
from api.cli.listening import listening_socket, serve
from api.cli.options import WholeNumber, data_option, listening_options
from api.cli.plain_help import PlainHelp
from api.cli.workers import end_with, serve_with_workers
from api.service.settings import ELSEWHERE, INSIDE
from api.service.worker_states import ThisWorker, WorkerStates

if TYPE_CHECKING:
    from pathlib import Path


_FOLLOWERS = {INSIDE: "--single-process", ELSEWHERE: "--no-followers"}


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
@click.option(
    "--join",
    is_flag=True,
    help="Read beside the server that has the folder, and hand the rest over.",
)
@click.option(
    "--workers",
    type=WholeNumber(1, 64),
    metavar="N",
    help="Serve with N processes on one port; one records.  [default: 1]",
)
@click.option("--watched", type=int, hidden=True, help="A pipe that ends with who watches.")
@click.option("--listener", "inherited", type=int, hidden=True, help="A socket that listens.")
@click.option("--states", type=int, hidden=True, help="A file with the states of all processes.")
@click.option("--number", type=int, hidden=True, help="Which of them this process is.")
def command(
    host: str | None,
    port: int | None,
    folder: Path | None,
    followers: str | None,
    standby: bool,
    join: bool,
    workers: int | None,
    watched: int | None,
    inherited: int | None,
    states: int | None,
    number: int | None,
) -> int:
    """Start the server on a data folder, which is made on first use.

    Example:
      rapport serve --port 8400 --data ./rapport-data
      curl http://127.0.0.1:8400/livez

    Where the machine has two cores, a second process keeps projections current and signs the logs.
    It is started, watched and stopped with the server.

    With --standby a second server may be started on the same folder, on another port. It answers
    503 until the first one has ended, by whatever cause, and takes over within seconds.

    With --join it does not wait: it answers reads itself, hands everything else over to the first
    one, and records in its place when that one has ended. Any number may join.

    With --workers it starts and watches N processes, which have joined each other and accept from
    one socket. One that ended, or was stopped, is replaced, and another one records meanwhile.

    Ctrl-C or SIGTERM stops it once everything accepted is recorded.

    Exit codes: 0 stopped; 2 a setting makes no sense; 3 the folder cannot be used; 4 the address
    cannot be listened on.
    """
    settings = settings_for(folder, host=host, port=port, followers=followers)
    if watched is not None:
        end_with(watched)
    worker = None
    if states is not None and number is not None:
        worker = ThisWorker(WorkerStates(states), number)
    if workers is None or workers == 1:
        serve(settings, standby=standby, join=join, inherited=inherited, worker=worker)
        return DONE
    if standby:
        raise UsageRefused("--standby waits and --workers serve: choose one of them")
    options = ["--host", settings.host]
    if followers is not None:
        options.append(_FOLLOWERS[followers])
    with listening_socket(settings.host, settings.port) as listener:
        return serve_with_workers(listener, options, settings.folder, workers)
