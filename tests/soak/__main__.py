"""``make soak``: many rounds, bounded in time, and the page that says how many there were."""

from __future__ import annotations

import os
import platform
import random
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tests.house.tree import ROOT
from tests.soak.cluster import cluster, new_database
from tests.soak.rounds import Endured, deaths, deaths_of_several, failovers, fenced_out

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = ROOT / "docs" / "reference" / "soak.md"

_HEAD = """\
# Soak

`make soak` wrote this page. It starts a PostgreSQL of its own, whose commits are flushed, and a
server with the process that follows beside it. Seven clients append single events, batches, bulk
lines, referrals and repetitions, while something dies. After each round the whole log is read:
positions and versions have no gaps, everything that was acknowledged stands where the answer said,
nothing stands twice, what was refused is not there, a batch is there whole or not at all, and the
same requests with the same ids change nothing. In the end the status projection is compared with a
rebuild. A failure stops the run, and then no page is written. No round begins after its time.
In the second part two servers have joined on one folder, `rapport project --standby` runs three
times, and while one server is left, what it is sent must be recorded.

"""


@click.command()
@click.option("--rounds", default=50, help="Deaths of the server or the database.")
@click.option("--several", default=50, help="Rounds that kill some of several processes.")
@click.option("--fences", default=5, help="Servers that are stopped past their lease.")
@click.option("--failovers", "standbys", default=10, help="Promoted standbys.")
@click.option("--minutes", default=30.0, help="When no round begins any more.")
@click.option("--seed", default=20261130, help="What dies when.")
def main(rounds: int, several: int, fences: int, standbys: int, minutes: float, seed: int) -> None:
    """Run all of it, or as much as the time allows, and write the page."""
    os.environ.update(RAPPORT_FOLLOWERS="beside", RAPPORT_LOG_LEVEL="error")
    chance, began = random.Random(seed), time.monotonic()
    ends = began + minutes * 60
    rows: list[str] = []

    def until(most: int, share: float) -> Callable[[int], bool]:
        """Whether another round begins: each part has its share of the time."""
        over = began + share * (ends - began)
        return lambda done: done < most and time.monotonic() < over

    def tell(what: str, asked: int, found: Endured, seconds: float) -> None:
        row = f"| {what} | {found.rounds} of {asked} | {found.acknowledged:,} | {seconds:.0f} |"
        rows.append(row)
        click.echo(row)

    with tempfile.TemporaryDirectory(prefix="rapport-soak-") as named, cluster() as database:
        place = Path(named)
        version = database.execute("SHOW server_version")[0][0]

        started = time.monotonic()
        _use(new_database(database, "deaths"))
        found = deaths(place / "deaths", database, chance, until(rounds, 0.3))
        what = "SIGKILL of the server, of every process of the database, or of both"
        tell(what, rounds, found, time.monotonic() - started)

        started = time.monotonic()
        _use(new_database(database, "several"))
        found = deaths_of_several(place / "several", database, chance, until(several, 0.65))
        what = "SIGKILL of some of two servers on one folder and three processes that follow"
        tell(
            f"{what}, in a third of the rounds of the database too",
            several,
            found,
            time.monotonic() - started,
        )

        started, counts = time.monotonic(), [Endured(0, 0)]
        goes_on = until(fences, 0.75)
        while goes_on(len(counts) - 1):
            number = len(counts)
            _use(new_database(database, f"fence{number}"))
            folders = place / f"old{number}", place / f"new{number}"
            counts.append(fenced_out(*folders, chance))
        found = Endured(len(counts) - 1, sum(one.acknowledged for one in counts))
        what = "SIGSTOP of a server past its lease, while another one records, then SIGCONT"
        tell(what, fences, found, time.monotonic() - started)

    with tempfile.TemporaryDirectory(prefix="rapport-soak-") as named:
        started = time.monotonic()
        with cluster() as database:
            goes_on = until(standbys, 1.0)
            found, last = failovers(Path(named) / "data", database, chance, goes_on, _use)
            last.remove()
        what = "SIGKILL of the primary, promotion of its synchronous standby, the same URL"
        tell(what, standbys, found, time.monotonic() - started)

    head = ["what | rounds | events acknowledged | s", "--- | --- | --- | ---"]
    table = "\n".join([f"| {one} |" for one in head] + rows)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    at = datetime.now(UTC).date().isoformat()
    foot = f"\nOn {at}, with PostgreSQL {version}, on {machine}, seed {seed}.\n"
    PAGE.write_text(_HEAD + table + "\n" + foot, encoding="utf-8")


def _use(url: str) -> None:
    os.environ["RAPPORT_DATABASE_URL"] = url


if __name__ == "__main__":
    main()
