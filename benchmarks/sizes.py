"""How much is measured: everything, a little, or as much as the goals speak of."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.purchases import CONTACTS


@dataclass(frozen=True)
class Size:
    """How much is measured how often."""

    runs: int = 5
    contacts: int = CONTACTS
    stock_projected_events: int = 4_000
    stream_events: int = 1_000
    contacts_at_till: int = 1_000
    appends: int = 10_000
    bulk_events: int = 50_000
    visible_seconds: float = 6.0
    reads: int = 5_000
    few_stored_events: int = 10_000
    many_stored_events: int = 1_000_000
    appends_to_stored: int = 10_000
    busy_events: int = 8_000
    counted_appends: int = 400
    poured_lines: int = 100_000
    listed_contacts: int = 100_000
    few_rebuilt_events: int = 100_000
    many_rebuilt_events: int = 1_000_000


WHOLE = Size()
FULL = Size(many_stored_events=10_000_000, poured_lines=1_000_000, many_rebuilt_events=10_000_000)
QUICK = Size(
    runs=3,
    contacts=1_000,
    stock_projected_events=500,
    contacts_at_till=200,
    appends=1_000,
    bulk_events=3_000,
    visible_seconds=1.0,
    reads=500,
    many_stored_events=50_000,
    appends_to_stored=2_000,
    busy_events=2_000,
    counted_appends=100,
    poured_lines=10_000,
    listed_contacts=2_000,
    few_rebuilt_events=2_000,
    many_rebuilt_events=20_000,
)
