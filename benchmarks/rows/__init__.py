"""The rows of the table, each in a module that measures one thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.rows import (
    append_instructions,
    appending,
    appending_beside_umadb,
    appending_to_many,
    appending_to_postgresql,
    bulk_appending,
    busy_contact,
    calibrating,
    catching_up,
    disk_bytes,
    importing,
    listing,
    past_status,
    peak_memory,
    proving,
    reading_status,
    rebuild,
    rebuild_in_database,
    rebuild_on_all_cores,
    replaying,
    restating,
    sealing,
    starting,
    summary,
    verifying,
    visible,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.bench import Bench
    from benchmarks.measure import Outcome

ROWS: Mapping[str, Callable[[Bench], Outcome]] = {
    "1": appending.measure,
    "1b": append_instructions.measure,
    "2": appending_to_postgresql.measure,
    "3": bulk_appending.measure,
    "4": rebuild.measure,
    "5": rebuild_on_all_cores.measure,
    "6": rebuild_in_database.measure,
    "6-postgresql": rebuild_in_database.measure_postgresql,
    "7": past_status.measure,
    "8": visible.measure,
    "9": appending_to_many.measure,
    "10": peak_memory.measure,
    "11": disk_bytes.measure,
    "12": sealing.measure,
    "13": reading_status.measure,
    "14": starting.measure,
    "15": appending_beside_umadb.measure,
    "16": catching_up.measure,
    "16-postgresql": catching_up.measure_postgresql,
    "17": busy_contact.measure,
    "18": listing.measure,
    "import": importing.measure,
    "summary": summary.measure,
    "calibration": calibrating.measure,
    "restatements": restating.measure,
    "replay": replaying.measure_replay,
    "preview": replaying.measure_preview,
    "proof": proving.measure,
    "verify": verifying.measure,
}
"""Every row by its name. The numbers are those of the performance goals."""
