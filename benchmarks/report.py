"""The results as pages: one for a run, and the figures that the documentation quotes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from benchmarks.machine import DURABILITY
from benchmarks.measure import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.measure import Line, Outcome

QUOTED = ("import", "summary", "calibration", "4")
"""The rows whose figures stand in the documentation."""

_HEAD = ("row", "what", "ours", "beside it", "its figure", "ratio", "to reach", "moonshot", "")
_BLOCK = re.compile(r"(?<=<!-- figures -->\n).*(?=<!-- end of figures -->)", re.DOTALL)


def table(lines: Sequence[Line]) -> str:
    """The lines as a Markdown table."""
    rows = [_HEAD, tuple("---" for _ in _HEAD), *(_cells(line) for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def page(date: str, facts: Sequence[str], outcomes: Mapping[str, Outcome]) -> str:
    """Everything about one run, as Markdown."""
    parts = [
        f"# Benchmarks, {date}\n",
        _bullets(facts) + DURABILITY,
        "Medians, with the least and the greatest in brackets. What stands beside was measured in\n"
        "turns with ours. The ratio is of the medians. Where the time goes, row by row:\n"
        "docs/reference/benchmarks.md.\n",
        table([line for outcome in outcomes.values() for line in outcome.lines]),
        *(outcome.remarks for outcome in outcomes.values() if outcome.remarks),
    ]
    return "\n".join(parts)


def quoted(text: str, facts: Sequence[str], outcomes: Mapping[str, Outcome]) -> str:
    """A page of the documentation with the figures between its two marks replaced.

    Raises:
        ValueError: the marks are not there.
    """
    if not _BLOCK.search(text):
        raise ValueError("no place for figures is marked")
    chosen = [outcomes[name] for name in QUOTED]
    remarks = [outcome.remarks for outcome in chosen if outcome.remarks]
    lines = [line for outcome in chosen for line in outcome.lines]
    block = "\n".join(["", *remarks, table(lines), _bullets(facts), ""])
    return _BLOCK.sub(lambda _: block, text)


def _bullets(facts: Sequence[str]) -> str:
    return "".join(f"- {fact}\n" for fact in facts)


def _cells(line: Line) -> tuple[str, ...]:
    goal = line.goal
    limits = ("", "") if goal is None else (shown(goal.reach), shown(goal.moonshot))
    return (
        line.row,
        line.what,
        f"{line.ours} {line.unit}",
        line.beside,
        "" if line.theirs is None else f"{line.theirs} {line.unit}",
        "" if line.ratio is None else shown(line.ratio),
        *limits,
        line.verdict,
    )
