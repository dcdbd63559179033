"""Every column of every table of every file, changed in every way that its index lets pass."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING

import pytest

from projections.agenda import AgendaProjection
from tests.tampering.mutations import Mutation, table_mutations
from tests.tampering.town import verified

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.tampering.conftest import Town

NOT_IN_ANY_LEAF = {
    ("checkpoints", "signed_at"): "nothing signs when; only its order is known",
    ("generations", "as_of"): "at another instant near by the rows are the same ones",
    # and the columns of projections that say when a row was made: ``Table.aside``
}
"""Columns in which a change is found only if it breaks what others say."""

LEAST_TRIED = {"events.sqlite": 90, "keys.sqlite": 80, "log.sqlite": 140, "projections.sqlite": 60}


def test_the_untouched_ledger_is_sound(town: Town) -> None:
    town.copy()
    assert town.faults(drift=True) == []
    assert town.is_unchanged()


@pytest.mark.parametrize(
    "everywhere",
    [
        False,
        pytest.param(
            True, marks=pytest.mark.long("each change at the first, a middle, and the last row")
        ),
    ],
)
@pytest.mark.parametrize("file", ["events.sqlite", "keys.sqlite", "log.sqlite"])
def test_every_change_of_a_table_is_found(town: Town, file: str, everywhere: bool) -> None:
    changes = table_mutations if everywhere else _each_at_one_row
    missed, tried = _missed(town, file, changes, drift=False)
    assert missed == []
    assert tried >= LEAST_TRIED[file] // (1 if everywhere else 3)


@pytest.mark.parametrize(
    "every_column",
    [
        False,
        pytest.param(True, marks=pytest.mark.long("everything is projected anew for each column")),
    ],
)
def test_every_change_of_a_projection_is_found_as_drift(town: Town, every_column: bool) -> None:
    changes = _one_of_a_kind if every_column else _one_of_a_table
    missed, tried = _missed(town, "projections.sqlite", changes, drift=True)
    assert missed == []
    assert tried >= LEAST_TRIED["projections.sqlite"] // (1 if every_column else 3)


def test_the_position_of_a_changed_event_is_named(town: Town) -> None:
    wrong, named = [], 0
    for mutation in table_mutations(town.ledger / "events.sqlite"):
        if (
            mutation.position is None
            or mutation.column == "position"
            or not _applied(town, mutation)
        ):
            continue
        first = town.faults()[0]
        named += 1
        inserted = "inserted" in mutation.what  # beyond the end, where nothing was
        if first.position != mutation.position and not inserted:
            wrong.append(f"{mutation}: {first}")
    assert wrong == []
    assert named > 60


def test_a_checkpoint_taken_from_between_is_found_by_who_kept_it(town: Town) -> None:
    """And by nobody else: that is why they are kept."""
    copy = town.copy()
    with sqlite3.connect(copy / "ledgers" / "main" / "log.sqlite") as log:
        (size,) = log.execute(
            "SELECT size FROM checkpoints ORDER BY size LIMIT 1 OFFSET 3"
        ).fetchone()
        log.execute("DELETE FROM checkpoints WHERE size = ?", (size,))
    log.close()
    assert verified(copy).sound
    assert [fault.position for fault in town.faults()[:1]] == [size]


def test_the_last_key_that_was_retired_as_if_for_another_is_found(town: Town) -> None:
    """By the instant of its last checkpoint, as a rotation does it, but with nothing to follow."""
    copy = town.copy()
    with sqlite3.connect(copy / "ledgers" / "main" / "log.sqlite") as log:
        log.execute(
            "UPDATE verifier_keys SET retired_at = (SELECT max(signed_at) FROM checkpoints)"
            " WHERE retired_at IS NULL"
        )
    log.close()
    assert "keys: every listed key is retired, and none follows" in map(str, town.faults())


@pytest.mark.parametrize("left", [200, 256, 270])
def test_events_that_were_cut_off_are_called_lost_and_not_changed(town: Town, left: int) -> None:
    with sqlite3.connect(town.copy() / "ledgers" / "main" / "events.sqlite") as events:
        events.execute("DELETE FROM stored_events WHERE position > ?", (left,))
    events.close()
    (report,) = verified(town.aside).reports
    assert report.first is not None
    assert report.first.position == left + 1
    said = [fault.detail for fault in report.faults if fault.position == left + 1]
    within_a_tile = left % 256 != 0
    assert any("stand for events that are not there" in one for one in said) is within_a_tile
    assert any("events were lost" in detail for detail in said)
    assert not any("either was changed" in fault.detail for fault in report.faults)


def _missed(
    town: Town,
    file: str,
    mutations: Callable[..., Iterator[Mutation]],
    *,
    drift: bool,
) -> tuple[list[str], int]:
    """The changes that were made and not found, and how many were made."""
    missed, tried = [], 0
    for mutation in mutations(town.ledger / file):
        if not _applied(town, mutation):
            continue
        tried += 1
        known = _is_known(mutation)
        if not town.faults(drift=drift) and not known:
            missed.append(str(mutation))
    return missed, tried


def _is_known(mutation: Mutation) -> bool:
    """Whether a change there is found only if it breaks what others say."""
    if (mutation.table, mutation.column) in NOT_IN_ANY_LEAF:
        return True
    asides = {
        (f"{AgendaProjection.name}_{table.name}_", column)
        for table in AgendaProjection.tables
        for column in table.aside
    }
    return any(
        mutation.table.startswith(name) and mutation.column == column for name, column in asides
    )


def _applied(town: Town, mutation: Mutation) -> bool:
    """Make the change in a copy; False where the database refuses it, or it changes nothing."""
    copy = town.copy()
    try:
        mutation.apply(copy / "ledgers" / "main" / mutation.file)
    except sqlite3.Error:
        return False
    return not town.is_unchanged()


def _each_at_one_row(path: Path) -> Iterator[Mutation]:
    """Of each column and table every change, and of those of rows the first."""
    seen = set()
    for mutation in table_mutations(path):
        kind = (mutation.table, mutation.column, re.sub(r"\d+", "", mutation.what))
        if kind not in seen:
            seen.add(kind)
            yield mutation


def _one_of_a_table(path: Path) -> Iterator[Mutation]:
    """Of each table one of its rows, and a value of its last column."""
    last = {one.table: one.column for one in table_mutations(path) if one.column}
    for mutation in _one_of_a_kind(path):
        if mutation.column in (None, last.get(mutation.table)):
            yield mutation


def _one_of_a_kind(path: object) -> Iterator[Mutation]:
    """Of each column one change of a value, and of each table one of its rows: a drift is slow."""
    seen: dict[tuple[str, str | None], int] = {}
    for mutation in table_mutations(path):  # type: ignore[arg-type]  # a path all the same
        kind = (mutation.table, mutation.column or mutation.what)
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] == (2 if mutation.column else 1):
            yield mutation
