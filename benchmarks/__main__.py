"""``python -m benchmarks``: measure the rows, print the table, keep a whole run as a page."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.bench import Bench
from benchmarks.machine import durable_commits, load, machine
from benchmarks.measure import NotMeasured, Outcome
from benchmarks.purchases import ROOT
from benchmarks.report import page, quoted
from benchmarks.rows import ROWS
from benchmarks.sizes import FULL, QUICK, WHOLE

if TYPE_CHECKING:
    from collections.abc import Mapping

RESULTS = ROOT / "benchmarks" / "results"
QUOTING = ROOT / "docs" / "explanation" / "measured-on-real-purchases.md"


def main(arguments: list[str]) -> None:
    """Measure what was asked for and print it.

    A whole run is kept in ``results``, and one on CDNOW is quoted in the documentation; ``--into``
    keeps any run.
    """
    asked = _parser().parse_args(arguments)
    if unknown := sorted(set(asked.rows) - set(ROWS)):
        _parser().error(f"no such row: {', '.join(unknown)}; there are {', '.join(ROWS)}")
    size = QUICK if asked.quick else FULL if asked.full else WHOLE
    before = load()
    with TemporaryDirectory(prefix="rapport-benchmarks-") as folder:
        bench = Bench(Path(folder), size)
        flushes = durable_commits(bench.folder)
        outcomes = {name: _measured(name, bench) for name in asked.rows or ROWS}
        flushes += f" before and {durable_commits(bench.folder)} after"
        file = bench.file
    date = f"{datetime.now(UTC):%Y-%m-%d}"
    facts = [
        *machine(),
        f"{size.runs} runs of `{' '.join(['python -m benchmarks', *arguments])}`, load {before} "
        f"before and {load()} after, purchases: {file.label}",
        f"flushed commits of one row a second on this disk: {flushes}",
    ]
    text = page(date, facts, outcomes)
    print(text)
    whole = not asked.quick and not asked.rows
    if whole or asked.into:
        into = asked.into or RESULTS / f"{date}.md"
        into.parent.mkdir(exist_ok=True)
        into.write_text(text, encoding="utf-8")
    if whole and not asked.into and file.whole_cdnow:
        _quote([f"Taken on {date}", *facts], outcomes)


def _measured(name: str, bench: Bench) -> Outcome:
    print(f"measuring {name}", file=sys.stderr)
    try:
        return ROWS[name](bench)
    except NotMeasured as missing:
        return Outcome((), f"Row {name} was not measured: {missing}.\n")


def _quote(facts: list[str], outcomes: Mapping[str, Outcome]) -> None:
    text = quoted(QUOTING.read_text(encoding="utf-8"), facts, outcomes)
    QUOTING.write_text(text, encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}; default all")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--quick", action="store_true", help="little data, three runs")
    sizes.add_argument("--full", action="store_true", help="more data in rows 9, 10, 16")
    parser.add_argument("--into", type=Path, metavar="FILE", help="keep the page there instead")
    return parser


if __name__ == "__main__":
    main(sys.argv[1:])
