"""Row 10: the most memory of a rebuild of many events, and of a server that takes many lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.bench import command
from benchmarks.filling import fill
from benchmarks.measure import Goal, Line, Outcome, in_turns
from benchmarks.memory import peak_of_command_mib, peak_of_running_mib
from benchmarks.pouring import pour
from benchmarks.served import serving, settle
from benchmarks.till import POLICY_EVENTS

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.bench import Bench

REBUILD = Goal(1.3, 1.1, at_least=False)
BULK = Goal(350, 200, at_least=False, absolute=True)
REBUILDS = 3
"""A rebuild of ten million events takes long, and its peak hardly varies."""

_MOST_SECONDS = 3_600.0


def measure(bench: Bench) -> Outcome:
    """MiB resident at most, of the command and of the server with all that it started.

    Raises:
        NotMeasured: the system does not tell.
    """
    size = bench.size
    many, few = (
        _filled(bench, events) for events in (size.many_rebuilt_events, size.few_rebuilt_events)
    )
    rebuilt, rebuilt_few = in_turns(
        min(REBUILDS, size.runs), lambda: _rebuild(many), lambda: _rebuild(few)
    )
    counts = (size.poured_lines, size.poured_lines // 10)
    poured, poured_few = in_turns(
        min(REBUILDS, size.runs),
        lambda: _served(bench, counts[0]),
        lambda: _served(bench, counts[1]),
    )
    return Outcome(
        (
            Line(
                row="10",
                what=f"peak memory of `rapport rebuild --all`, {size.many_rebuilt_events:,} events",
                unit="MiB", ours=rebuilt, theirs=rebuilt_few, goal=REBUILD,
                beside=f"the same of {size.few_rebuilt_events:,}",
            ),
            Line(
                row="10",
                what=f"peak memory of a server that takes {counts[0]:,} lines in one request and "
                "catches up",
                unit="MiB", ours=poured, theirs=poured_few, goal=BULK,
                beside=f"the same of {counts[1]:,}",
            ),
        )
    )  # fmt: skip  # one argument a line would bury the lines


def _filled(bench: Bench, events: int) -> Path:
    """A data folder with so many events and its projections."""
    folder = bench.fresh()
    fill(folder, events)
    bench.rapport("summary", "--data", folder, "--json")
    return folder


def _rebuild(folder: Path) -> float:
    return peak_of_command_mib([*command(), "rebuild", "--all", "--data", str(folder)])


def _served(bench: Bench, count: int) -> float:
    with serving(bench.fresh()) as running:
        pour(running.port, count)
        settle(running.port, POLICY_EVENTS + count, _MOST_SECONDS)
        return peak_of_running_mib(running.process_id)
