"""Row calibration: how right the falls by silence were, and how soon the command says so."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.bench import PRESET
from benchmarks.measure import Line, Outcome, Spread, agree, seconds
from benchmarks.purchases import ROOT, SHOP, find
from benchmarks.recount import recalibrate
from domain.instants import parse_instant
from domain.presets import PRESETS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.bench import Bench
    from domain.calibration import Calibration

    Document = dict[str, Any]

CDNOW_PERIOD = ("1997-11-24", "1998-04-02", "1998-07-01")
"""From when six tenths of CDNOW's time had passed to 90 days before its end, and as of its end."""

SHOP_PERIOD = ("2010-12-01", "2011-12-10", "2011-12-10")
"""The whole year of the shop: too short for most of its falls to be resolved."""

_SHOP_MAPPING = ROOT / "examples" / "onlineretail.toml"
_SHOP_PRESETS = (PRESET, "retail")


def measure(bench: Bench) -> Outcome:
    """Seconds to a calibration; its figures, which are counted twice, and those of a shop."""
    folder = bench.copy()
    bench.rapport("summary", "--data", folder, "--json")
    taken = [
        seconds(partial(calibrated, bench, folder, CDNOW_PERIOD)) for _ in range(bench.size.runs)
    ]
    found = calibrated(bench, folder, CDNOW_PERIOD)
    first, last, at = (parse_instant(f"{day}T00:00:00Z") for day in CDNOW_PERIOD)
    counted = recalibrate(bench.purchases, PRESETS[PRESET], (first, last), at)
    agree("calibration", column_of(found), column(counted))
    what = f"`rapport calibration` of {bench.events:,} events, its start included"
    line = Line(row="calibration", what=what, unit="s", ours=Spread(tuple(taken)))
    remarks = section([bench.file.label], [column(counted)], CDNOW_PERIOD)
    shop = find(SHOP)
    if shop is not None and bench.file.whole_cdnow:
        columns = [column_of(_shop(bench, shop, preset)) for preset in _SHOP_PRESETS]
        remarks += "\n" + section([f"`{one}`" for one in _SHOP_PRESETS], columns, SHOP_PERIOD)
    return Outcome((line,), remarks)


def calibrated(bench: Bench, folder: Path, period: tuple[str, str, str]) -> Document:
    """What the command says of a data folder."""
    first, last, at = period
    document: Document = bench.rapport(
        "calibration", "--from", first, "--to", last, "--as-of", at, "--data", folder, "--json"
    )
    return document


def _shop(bench: Bench, file: Path, preset: str) -> Document:
    folder = bench.fresh()
    bench.rapport(
        "import", "--mapping", _SHOP_MAPPING, "--preset", preset, "--data", folder, "--json",
        "--rejects", bench.folder / f"rejects-{preset}.csv", file, may_reject=True,
    )  # fmt: skip  # one argument a line would bury the command
    return calibrated(bench, folder, SHOP_PERIOD)


NAMES = (
    "falls by silence",
    "resolved",
    "of these premature: bought again within 90 days or two rhythms",
    "premature, %",
    "median days from the last purchase to the fall",
    "purchases by former and present clients",
    "of these while written off",
    "clients of a year before",
    "all others who had bought in the year before that",
    "net of a client since, in % of that of another",
)


def column(counted: Calibration) -> list[str]:
    """The figures as they were counted from the file."""
    off, soon = counted.written_off, counted.premature
    worth = counted.worth[0] if counted.worth else None
    return _texts(
        counted.falls, soon.whole, soon.part, soon.percent, counted.median_delay_days,
        off.whole, off.part, *(
            (worth.clients.contacts, worth.others.contacts, worth.ratio_percent)
            if worth else (0, 0, None)
        ),
    )  # fmt: skip  # in the order of the names


def column_of(found: Document) -> list[str]:
    """The same figures as a ledger answers them."""
    soon, off = found["premature"], found["written_off"]
    worth = found["values"][0] if found["values"] else None
    return _texts(
        found["falls"], soon["resolved"], soon["bought"], soon["percent"],
        found["delay_days"]["median"], off["of"], off["purchases"], *(
            (worth["clients"]["contacts"], worth["others"]["contacts"], worth["ratio_percent"])
            if worth else (0, 0, None)
        ),
    )  # fmt: skip  # in the order of the names


def _texts(*figures: int | None) -> list[str]:
    return ["-" if figure is None else f"{figure:,}" for figure in figures]


def section(
    heads: Sequence[str], columns: Sequence[Sequence[str]], period: tuple[str, str, str]
) -> str:
    """The figures as Markdown, a column for each ledger."""
    first, last, at = period
    rows = [
        [f"falls from {first} to {last}", *heads],
        ["---"] * (1 + len(heads)),
        *([name, *figures] for name, *figures in zip(NAMES, *columns, strict=True)),
    ]
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return f"Row calibration, as of {at}:\n\n{table}"
