"""``rapport verify --drift``: every projection is built again elsewhere and compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.cli.differences import difference_told
from domain.errors import Corrupt, LedgerError
from ledger.data_layout import settings_of
from ledger.temp_folders import throwaway
from projections.checking import ProjectionComparison, compare, layout_faults
from projections.projections import ALL

if TYPE_CHECKING:
    from pathlib import Path

    from api.service.stores import ServedLedgerStore
    from ledger.verification.faults import Report
    from ledger.verification.trust import Progress
    from projections.checking import TablesAtRest

_SHOWN = 3
"""The number of differences that are named in full."""


def check_drift(store: ServedLedgerStore, report: Report, progress: Progress) -> None:
    """Compare every projection of a ledger with what its events give.

    The live rows are copied first, as of one instant, into the system's temporary files, where the
    projections are also built again: a server that has them open is not delayed.
    """
    if not store.has_tables():
        report.skipped.append("drift: there are no projections yet; a server makes them")
        return
    try:
        with throwaway() as made, store.copy_tables(made) as live:
            for detail in layout_faults(live, ALL):
                report.add(store.tables_name, None, detail)
            _compare_all(store, live, made, report, progress)
    except Corrupt as error:
        report.add(store.tables_name, None, f"it cannot be read: {error}")


def _compare_all(
    store: ServedLedgerStore,
    live: TablesAtRest,
    made: Path,
    report: Report,
    progress: Progress,
) -> None:
    try:
        settings = settings_of(store)
        # The rows were copied before, and may stand beyond the head that was walked to.
        with store.read_events(settings.time_zone) as source:
            for projection in ALL:
                with progress(f"{report.name} {projection.name}", source.head()) as advance:
                    compared = compare(
                        live,
                        projection,
                        source,
                        lambda name: store.make_tables(made, name),
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
