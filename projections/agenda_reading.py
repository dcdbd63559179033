"""Questions to the agenda projection's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from domain.agenda.items import DUE, NUMBERS, Putting
from projections.agenda_rows import read_item

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from domain.agenda.days import Day
    from domain.agenda.items import Item
    from projections.generations import Tables

Place = tuple[int, int, UUID, str]
"""Where an item stands in the order of an agenda: ``Item.order``."""


class ItemsWanted(NamedTuple):
    """Which items are read: of one kind, in one state, of contacts in one stage; None is all."""

    kind: str | None = None
    state: str | None = None
    stage: str | None = None


class StoredItem(NamedTuple):
    """An item, and the instant of the day from which on it is seen.

    ``stewarded`` says whether somebody looks after the contact, whose name stands in no row.
    """

    item: Item
    at: int
    stewarded: bool


class StoredState(NamedTuple):
    """The kind and the state of an item, where it stands, and whether the contact has a steward."""

    kind: str
    state: str
    place: Place
    stewarded: bool


class StoredCount(NamedTuple):
    """The number of ``items`` of a kind in a state, of which the first is due at ``due_at``."""

    kind: str
    state: str
    due_at: int
    items: int


class AgendaRows:
    """The rows at one position and instant, for as long as a read lasts.

    Occasions have no rows, and doubtful contacts have none that are given here.
    """

    def __init__(self, tables: Tables, position: int, as_of: int) -> None:
        self._tables = tables
        self.position = position
        self.as_of = as_of

    def items(
        self, day: Day, wanted: ItemsWanted, after: Place | None = None
    ) -> Iterator[StoredItem]:
        """The items that are wanted of a day that begins at ``as_of``, in order."""
        rows = self._select(
            "i.contact, i.kind, i.from_at, i.detail, o.stewarded", day, wanted, after
        )
        for contact, kind, from_at, detail, stewarded in rows:
            item = read_item(contact, kind, detail)
            yield StoredItem(item, max(from_at, day.first_at), bool(stewarded))

    def items_of(self, contacts: Sequence[UUID], day: Day) -> Iterator[StoredItem]:
        """The items of some contacts of a day that begins at ``as_of``, in order."""
        columns = "i.contact, i.kind, i.from_at, i.detail, o.stewarded"
        among = [contact.bytes for contact in contacts]
        condition = f"i.contact IN ({', '.join('?' * len(among))})"
        for contact, kind, from_at, detail, stewarded in self._rows(
            columns, day, [condition], among
        ):
            item = read_item(contact, kind, detail)
            yield StoredItem(item, max(from_at, day.first_at), bool(stewarded))

    def states(self, day: Day, wanted: ItemsWanted) -> Iterator[StoredState]:
        """The kinds and states of the items that are wanted, in order."""
        return self._states(day, wanted, [])

    def _states(
        self, day: Day, wanted: ItemsWanted, conditions: Sequence[str]
    ) -> Iterator[StoredState]:
        columns = "i.contact, i.item, i.number, i.kind, i.due_at, i.from_at, i.muted,"
        columns += " i.deferred_until, i.gone_at, o.stewarded"
        for row in self._select(columns, day, wanted, None, conditions):
            contact, key, number, kind, due_at, from_at, muted, *put_off, stewarded = row
            at = max(from_at, day.first_at)
            state = Putting(bool(muted), *put_off).state(due_at, day.begins_at, day.ends_at, at)
            place = number, due_at, UUID(bytes=contact), key
            yield StoredState(kind, state, place, bool(stewarded))

    def counts(self, day: Day, wanted: ItemsWanted, most: int | None) -> Iterator[StoredCount]:
        """How many items that are wanted there are, in parts; with ``most`` of that many, or a few
        more, where there are more.

        Rows that are alike in what their state follows from are counted by the database.
        """
        tables, found = self._tables, 0
        bounds = day.begins_at, day.ends_at
        for conditions, values in self._each_number(day, wanted, None):
            if most is not None and found >= most:
                return
            where, at = self._where(day, [*conditions, "i.deferred_until IS NULL"], values)
            if wanted.state in _BY_DUE:
                where += " AND i.muted = 0"
            limit = "" if most is None else f" LIMIT {most - found}"
            rows = tables.execute(
                f"SELECT kind, muted, MIN(due_at), COUNT(*) FROM"
                f" (SELECT i.kind, i.muted, i.due_at {where}{limit}) AS counted"
                " GROUP BY kind, muted, due_at >= ?, due_at >= ?",
                (*at, *bounds),
            )
            for kind, muted, due_at, count in rows.fetchall():
                found += count
                put_off = Putting(bool(muted), None, None)
                yield StoredCount(kind, put_off.state(due_at, *bounds, day.first_at), due_at, count)
        for one in self._states(day, wanted, ["i.deferred_until IS NOT NULL"]):
            yield StoredCount(one.kind, one.state, one.place[1], 1)

    def doubtful(self) -> list[UUID]:
        """The contacts of which rows do not say all: a reader that has the keys folds them."""
        rows = self._tables.execute(
            f"SELECT contact FROM {self._tables['own']} WHERE doubtful = 1"
            f" UNION SELECT contact FROM {self._tables['referrers']} WHERE doubtful = 1"
        )
        return [UUID(bytes=contact) for (contact,) in rows]

    def _select(
        self,
        columns: str,
        day: Day,
        wanted: ItemsWanted,
        after: Place | None,
        more_conditions: Sequence[str] = (),
    ) -> Iterator[Sequence[Any]]:
        for conditions, values in self._each_number(day, wanted, after):
            yield from self._rows(columns, day, [*conditions, *more_conditions], values)

    def _each_number(
        self, day: Day, wanted: ItemsWanted, after: Place | None
    ) -> Iterator[tuple[list[str], list[object]]]:
        """Conditions of the rows that are wanted, and their values; what they find is in order.

        A number at a time where items of a number are sorted by what is asked for, so that what is
        due otherwise is not read.
        """
        conditions, values = list[str](), list[object]()
        if wanted.kind is not None:
            conditions.append("i.number = ? AND i.kind = ?")
            values += [NUMBERS[wanted.kind], wanted.kind]
        if wanted.stage is not None:
            conditions.append("o.stage = ?")
            values.append(wanted.stage)
        if wanted.state is not None:
            condition, bounds = _OF_STATE[wanted.state]
            conditions.append(condition)
            values += [getattr(day, bound) for bound in bounds]
        if after is not None:
            number, due_at, contact, key = after
            conditions.append("(i.number, i.due_at, i.contact, i.item) > (?, ?, ?, ?)")
            values += [number, due_at, contact.bytes, key]
        if wanted.kind is not None or wanted.state not in _BY_DUE:
            yield conditions, values
            return
        for number in sorted(set(NUMBERS.values())):
            if after is None or number >= after[0]:
                yield [*conditions, "i.number = ?"], [*values, number]

    def _rows(
        self, columns: str, day: Day, conditions: Sequence[str], values: Sequence[object]
    ) -> Iterator[Sequence[Any]]:
        """Rows of items that exist on the day, in order, of contacts that are not doubtful."""
        where, values = self._where(day, conditions, values)
        rows: Iterator[Sequence[Any]] = iter(
            self._tables.execute(
                f"SELECT {columns} {where} ORDER BY i.number, i.due_at, i.contact, i.item", values
            )
        )
        return rows

    def _where(
        self, day: Day, conditions: Sequence[str], values: Sequence[object]
    ) -> tuple[str, tuple[object, ...]]:
        """Where such rows are, with the values for it."""
        tables = self._tables
        every = ["i.from_at < ?", _NOT_DOUBTFUL.format(tables["referrers"]), *conditions]
        where = (
            f"FROM {tables['items']} AS i JOIN {tables['own']} AS o ON o.contact = i.contact"
            f" WHERE {' AND '.join(every)}"
        )
        return where, (day.ends_at, *values)


_NOT_DOUBTFUL = (
    "o.doubtful = 0 AND NOT EXISTS"
    " (SELECT 1 FROM {} AS r WHERE r.contact = i.contact AND r.doubtful = 1)"
)

_OF_STATE: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "muted": ("i.muted = 1", ()),
    "deferred": ("i.deferred_until > ?", ("first_at",)),
    "overdue": ("i.due_at < ?", ("begins_at",)),
    "today": ("i.due_at >= ? AND i.due_at < ?", ("begins_at", "ends_at")),
    "upcoming": ("i.due_at >= ?", ("ends_at",)),
    DUE: ("i.due_at < ?", ("ends_at",)),
}
"""What is true of every item of a state, and of some others."""

_BY_DUE = frozenset({"overdue", "today", "upcoming", DUE})
"""The states that follow from when an item is due, by which the items of a number are sorted."""
