"""Row summary: what the purchases say about their contacts, and how soon after the import."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.bench import PRESET
from benchmarks.measure import Line, Outcome, Spread, agree, seconds
from benchmarks.recount import recount
from domain.events import STAGES
from domain.instants import parse_instant
from domain.presets import PRESETS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.bench import Bench

THEN = "1998-06-30"


def measure(bench: Bench) -> Outcome:
    """Seconds to the first summary after an import; the stages then and now, counted twice."""
    folder = bench.copy()
    taken: list[float] = []
    for _ in range(bench.size.runs):
        folder = bench.copy()
        taken.append(seconds(partial(_summary, bench, folder)))
    now = _summary(bench, folder)
    then = _summary(bench, folder, "--as-of", THEN)
    instants = [parse_instant(f"{THEN}T00:00:00Z"), parse_instant(now["as_of"])]
    counts = recount(bench.purchases, PRESETS[PRESET], *instants)
    for summary, count in zip((then, now), counts, strict=True):
        said = {stage: number for stage, number in summary["stages"].items() if number}
        agree(f"stages as of {summary['as_of']}", said, count)
    what = f"`rapport summary` right after an import: both projections filled ({bench.file.label})"
    line = Line(row="summary", what=what, unit="s", ours=Spread(tuple(taken)))
    return Outcome((line,), section(counts, (THEN, now["as_of"][:10])))


def section(counts: Sequence[Mapping[str, int]], days: Sequence[str]) -> str:
    """The summary at these days, as Markdown."""
    heads = [f"as of {day}" for day in days]
    rows = [
        ["stage", *heads],
        ["---"] * (1 + len(days)),
        *([stage, *(f"{count.get(stage, 0):,}" for count in counts)] for stage in STAGES),
    ]
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return f"Row summary, under `{PRESET}`; from the file alone it comes to the same:\n\n{table}"


def _summary(bench: Bench, folder: Path, *more: str) -> dict[str, Any]:
    summary: dict[str, Any] = bench.rapport("summary", "--data", folder, "--json", *more)
    return summary
