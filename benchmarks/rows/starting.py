"""Row 14: how long until the command answers, and until the server does."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

from benchmarks.bench import command, environment
from benchmarks.measure import Goal, Line, Outcome, in_turns, seconds
from benchmarks.purchases import ROOT
from benchmarks.served import rapport

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.bench import Bench

HELP = Goal(0.15, 0.05, at_least=False, absolute=True)
SERVE = Goal(0.7, 0.5, at_least=False, absolute=True)


def measure(bench: Bench) -> Outcome:
    """Seconds on the wall, beside those of an interpreter that does nothing."""
    folder = bench.fresh()
    serve_once(folder)  # makes the folder, and the caches of compiled modules
    helped, bare = in_turns(bench.size.runs, lambda: seconds(help_once), lambda: seconds(bare_once))
    served, bare_again = in_turns(
        bench.size.runs, lambda: serve_once(folder), lambda: seconds(bare_once)
    )
    beside = "`python -c pass`"
    return Outcome(
        (
            Line(
                row="14", what="`rapport --help`", unit="s", ours=helped, beside=beside,
                theirs=bare, goal=HELP,
            ),
            Line(
                row="14", what="`rapport serve` to the first answer of `/livez`", unit="s",
                ours=served, beside=beside, theirs=bare_again, goal=SERVE,
            ),
        )
    )  # fmt: skip  # one argument a line would bury the lines


def help_once() -> None:
    """Ask for help."""
    _run([*command(), "--help"])


def bare_once() -> None:
    """Start an interpreter that has nothing to do."""
    _run([sys.executable, "-c", "pass"])


def serve_once(folder: Path) -> float:
    """Start a server on the folder, stop it, and answer how long its first answer took."""
    started = time.perf_counter()
    with rapport(folder):
        return time.perf_counter() - started


def _run(arguments: list[str]) -> None:
    subprocess.run(arguments, check=True, capture_output=True, cwd=ROOT, env=environment())
