"""``rapport verify --drift``: every projection is built again elsewhere and compared."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from api.cli.differences import difference_told
from domain.errors import Corrupt, LedgerError
from ledger.data_layout import SETTINGS_FILE
from ledger.ledger import EVENTS_FILE
from ledger.settings import LedgerSettings
from ledger.stores.sqlite.projection_tables import (
    PROJECTIONS_FILE,
    SqliteTableStore,
    TablesAtRest,
)
from ledger.stores.sqlite.verification.event_walk import head_of
from ledger.stores.sqlite.verification.read_connections import reading
from ledger.stores.sqlite.verification.source import EventsAtRest
from ledger.temp_folders import throwaway
from projections.checking import ProjectionComparison, compare, layout_faults
from projections.projections import ALL

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.stores.sqlite.verification.ledgers import Progress
    from ledger.verification.faults import Report

_SHOWN = 3
"""The number of differences that are named in full."""


def check_drift(folder: Path, report: Report, progress: Progress) -> None:
    """Compare every projection of the ledger in that folder with what its events give.

    The live rows are copied first, as of one instant, into the system's temporary files, where the
    projections are also built again: a server that runs on the folder is not delayed.
    """
    if not (folder / PROJECTIONS_FILE).exists():
        report.skipped.append("drift: there are no projections yet; a server makes them")
        return
    try:
        with throwaway() as made:
            with reading(folder / PROJECTIONS_FILE) as kept:
                live = TablesAtRest(made / "live", kept)
            with closing(live):
                for detail in layout_faults(live, ALL):
                    report.add(PROJECTIONS_FILE, None, detail)
                _compare_all(folder, live, made, report, progress)
    except Corrupt as error:
        report.add(PROJECTIONS_FILE, None, f"it cannot be read: {error}")


def _compare_all(
    folder: Path, live: TablesAtRest, made: Path, report: Report, progress: Progress
) -> None:
    path = folder / EVENTS_FILE
    try:
        settings = LedgerSettings.read((folder / SETTINGS_FILE).read_bytes(), folder)
        with reading(path) as events:
            # The rows were copied before, and may stand beyond the head that was walked to.
            source = EventsAtRest(events, path, head_of(events, path), settings.time_zone)
            for projection in ALL:
                with progress(f"{report.name} {projection.name}", source.head()) as advance:
                    compared = compare(
                        live,
                        projection,
                        source,
                        lambda name: SqliteTableStore(made / f"{name}.sqlite"),
                        lambda done: advance(done.done, f"{done.done:,} of {done.total:,} events"),
                    )
                _report(compared, report)
    except (LedgerError, OSError) as error:
        report.skipped.append(f"drift: the events cannot be folded: {error}")


def _report(compared: ProjectionComparison, report: Report) -> None:
    place = f"projection {compared.projection}"
    report.checked["projections"] += 1
    if compared.same:
        return
    if compared.problem is not None:
        report.add(place, None, compared.problem)
        return
    shown = (
        "; ".join(difference_told(one) for one in compared.differences[:_SHOWN])
        or "a row is damaged"
    )
    more = len(compared.differences) - _SHOWN
    beyond = f"; and {more} more" if more > 0 else ""
    detail = (
        f"at position {compared.position:,} it is not what its events give: {shown}{beyond}"
        f" (digests: live {compared.live_digest}, rebuilt {compared.digest})"
    )
    report.add(place, None, detail)
