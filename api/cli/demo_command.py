"""``rapport demo``: the server with a synthetic town in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.bootstrap import build
from api.cli.folders import settings_for
from api.cli.listening import serve
from api.cli.options import data_option, instant_option, listening_options
from api.cli.output import print_message
from api.cli.plain_help import PlainHelp
from api.service.demo.guide import agenda_lines, lines
from api.service.demo.town import SEED, build_town

if TYPE_CHECKING:
    from pathlib import Path

    from api.service.server import Server


@click.command("demo", cls=PlainHelp)
@listening_options
@data_option
@click.option(
    "--seed", type=int, help=f"The number that the people are generated from.  [default: {SEED}]"
)
@instant_option("--now", "The instant at which the town's story ends.  [default: this moment]")
@click.option("--no-serve", is_flag=True, help="Make the town and stop.")
def command(
    host: str | None,
    port: int | None,
    folder: Path | None,
    seed: int | None,
    now: int | None,
    no_serve: bool,
) -> None:
    """Start the server with a synthetic town: a cafe, a butcher, an estate agent.

    The town has ledgers of its own, demo-..., and everybody in it is labelled synthetic. A second
    run on the same folder leaves it as it is.

    Example:
      rapport demo --port 8400 --data ./rapport-demo
    """
    settings = settings_for(folder, host=host, port=port)

    def make_town(server: Server, url: str) -> None:
        fresh = build_town(server, seed=seed, now=now)
        for line in (*lines(url), "", *agenda_lines(server)):
            click.echo(line)
        print_message(f"{fresh:,} events appended" if fresh else "the town was there already")

    if no_serve:
        server = build(settings)
        try:
            make_town(server, f"http://{settings.host}:{settings.port}")
        finally:
            server.close()
    else:
        serve(settings, make_town)
