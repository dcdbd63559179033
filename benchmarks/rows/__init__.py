"""The rows of the table, each in a module that measures one thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.rows import (
    disk_bytes,
    importing,
    past_status,
    rebuild,
    rebuild_in_database,
    starting,
    summary,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.bench import Bench
    from benchmarks.measure import Outcome

ROWS: Mapping[str, Callable[[Bench], Outcome]] = {
    "4": rebuild.measure,
    "6": rebuild_in_database.measure,
    "7": past_status.measure,
    "11": disk_bytes.measure,
    "14": starting.measure,
    "import": importing.measure,
    "summary": summary.measure,
}
"""Every row by its name. The numbers are those of the performance goals."""
