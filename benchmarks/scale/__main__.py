"""``python -m benchmarks.scale``: measure everything at growing sizes, and write page and plot."""

from __future__ import annotations

import argparse
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.machine import load, machine
from benchmarks.measure import shown
from benchmarks.purchases import ROOT, invented_file
from benchmarks.scale.figures import MEASURES, TOLERANCE, defects
from benchmarks.scale.measuring import measure
from benchmarks.scale.plot import plot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.scale.figures import Size

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
EVENTS_A_CONTACT = 3.46
"""How many events a contact of the invented purchases has on average, its registration included."""

TEMPLATE = """\
# Scale

<!-- Written by `make bench-full`: run that instead of editing. -->

This page shows how the figures change when a ledger grows. The ledgers are imported from files of
invented purchases, which are the same in every run. The newest run is of {date} and went up to
{most} events; `make bench-full` goes up to ten million. The [benchmarks](benchmarks.md#scale) say
how it is run, and compare each figure with something that is measured beside it.

![Each figure over the number of events]({plot})

{table}
## What grows faster than the data

If the whole work behind a figure grows more than {tolerance} times as fast as the data from one
size to the next, that is a defect.

{found}
## Taken on

{facts}"""

REFERENCE = ROOT / "docs" / "reference"
PAGE, PLOT = "scale.md", "scale.svg"


def main(arguments: list[str]) -> None:
    """Measure every size up to the one that was asked for, and write what came of it."""
    asked = _parser().parse_args(arguments)
    sizes: list[Size] = []
    before = load()
    with TemporaryDirectory(prefix="rapport-scale-") as folder:
        for events in (one for one in asked.sizes if one <= asked.upto):
            print(f"measuring {events:,} events", file=sys.stderr)
            place = Path(folder) / str(events)
            file = invented_file(Path(folder), round(events / EVENTS_A_CONTACT))
            sizes.append(measure(place, file))
            shutil.rmtree(place)
    facts = [
        *machine(),
        f"load {before} before and {load()} after; each figure was taken once",
    ]
    text = page(f"{datetime.now(UTC):%Y-%m-%d}", facts, sizes)
    print(text)
    asked.into.mkdir(parents=True, exist_ok=True)
    (asked.into / PAGE).write_text(text, encoding="utf-8")
    (asked.into / PLOT).write_text(plot(sizes), encoding="utf-8")


def page(date: str, facts: Sequence[str], sizes: Sequence[Size]) -> str:
    """The page: how far the run went, plot and figures, and what grows faster than the data."""
    head = ["", *(f"{size.events:,} events" for size in sizes)]
    lines = [
        head,
        ["---"] * len(head),
        ["contacts", *(f"{size.contacts:,}" for size in sizes)],
        *(
            [f"{one.name}, {one.unit}", *(shown(size.figures[one]) for size in sizes)]
            for one in MEASURES
        ),
    ]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return TEMPLATE.format(
        date=date,
        most=f"{sizes[-1].events:,}",
        plot=PLOT,
        table=table,
        tolerance=TOLERANCE,
        found=_bullets(list(defects(sizes))) or "Nothing did in this run.\n",
        facts=_bullets(facts),
    )


def _bullets(lines: Sequence[str]) -> str:
    return "".join(f"- {line}\n" for line in lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument(
        "--upto", type=int, default=SIZES[-1], metavar="EVENTS", help="leave out larger sizes"
    )
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=SIZES, metavar="EVENTS", help="other sizes"
    )
    parser.add_argument(
        "--into", type=Path, default=REFERENCE, metavar="FOLDER", help="write page and plot there"
    )
    return parser


if __name__ == "__main__":
    main(sys.argv[1:])
