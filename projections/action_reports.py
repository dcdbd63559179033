"""Reports of things to do, from the rows of the agenda."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.instants import format_instant
from domain.notices import ACTION_OPENED, ACTION_OVERDUE, REWARD_DUE, Notice
from projections.agenda_rows import read_item
from projections.edges import referred_by
from projections.reported_rows import table_name, upsert_reported
from projections.row_writing import NEVER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.agenda.items import Item
    from projections.generations import Tables
    from projections.reporting import Change, Knowledge

_NOTHING, OPENED, BOTH = "", "opened", "overdue"
"""The reported state of an item: nothing, that it opened, or that and that it is overdue."""


class ActionReporter:
    """Reports items that open and are overdue, by the rows of the projection ``agenda``."""

    kinds = frozenset({ACTION_OPENED, ACTION_OVERDUE, REWARD_DUE})

    def snapshot(self, tables: Tables, at: int) -> None:
        """See ``Reporter``."""
        insert = f"INSERT INTO {table_name(tables)} VALUES (?, ?, ?, ?, ?, ?)"
        contact, key = b"", ""
        while rows := tables.execute(_PAGE.format(tables["items"]), (contact, key)).fetchall():
            items = [_ItemRow.of(row) for row in rows]
            tables.executemany(insert, [one.reported_row(at, _NOTHING) for one in items])
            contact, key = items[-1].contact, items[-1].key

    def differing(self, tables: Tables) -> set[UUID]:
        """See ``Reporter``."""
        rows = tables.execute(
            f"SELECT r.contact FROM {tables['items']} AS r LEFT JOIN {table_name(tables)} AS t"
            " ON t.projection = 'agenda' AND t.contact = r.contact AND t.item = r.item"
            " WHERE t.item IS NULL UNION"
            f" SELECT t.contact FROM {table_name(tables)} AS t LEFT JOIN {tables['items']} AS r"
            " ON t.contact = r.contact AND t.item = r.item"
            " WHERE t.projection = 'agenda' AND r.item IS NULL"
        ).fetchall()
        return {UUID(bytes=bytes(contact)) for (contact,) in rows}

    def report(self, tables: Tables, change: Change) -> list[Notice]:
        """See ``Reporter``. Muted items are not reported, deferred ones once they are back."""
        contact, at = change.contact, change.moment.at
        rows = tables.execute(
            f"SELECT {_ITEM} FROM {tables['items']} WHERE contact = ?", (contact.bytes,)
        ).fetchall()
        kept = {
            item: (state, opens_at, next_at)
            for item, state, opens_at, next_at in tables.execute(
                f"SELECT item, state, instant, next_at FROM {table_name(tables)}"
                " WHERE projection = 'agenda' AND contact = ?",
                (contact.bytes,),
            ).fetchall()
        }
        found: list[Notice] = []
        written, whole = [], None
        for one in map(_ItemRow.of, rows):
            before = kept.pop(one.key, None)
            # A key comes again with a later opening: a touch that is due once more, say.
            state = before[0] if before is not None and before[1] == one.opens_at else _NOTHING
            row = one.reported_row(at, state)
            if row[3:] != before:
                written.append(row)
            if row[3] != state:
                whole = whole or change.beside(referred_by(tables, [contact]))
                found += one.notices(whole, state, row[3])
        name = table_name(tables)
        if kept:
            tables.executemany(
                f"DELETE FROM {name} WHERE projection = 'agenda' AND contact = ? AND item = ?",
                [(contact.bytes, item) for item in kept],
            )
        if written:
            tables.executemany(upsert_reported(tables), written)
        return sorted(found, key=lambda one: one.instant)


_ITEM = "contact, item, kind, due_at, from_at, muted, deferred_until, gone_at, detail"
_PAGE = f"SELECT {_ITEM} FROM {{}} WHERE (contact, item) > (?, ?) ORDER BY 1, 2 LIMIT 2000"


@dataclass(frozen=True)
class _ItemRow:
    """A row of the agenda's items."""

    contact: bytes
    key: str
    kind: str
    due_at: int
    from_at: int
    muted: int
    deferred_until: int | None
    gone_at: int | None
    opens_at: int
    detail: bytes

    @classmethod
    def of(cls, row: Sequence[Any]) -> _ItemRow:
        """A row of the columns ``_ITEM``."""
        contact, key, kind, due_at, from_at, muted, deferred_until, gone_at, detail = row
        contact, detail = bytes(contact), bytes(detail)
        opens_at = read_item(contact, kind, detail).opens_at
        return cls(
            contact, key, kind, due_at, from_at, muted, deferred_until, gone_at, opens_at, detail
        )

    def reported_row(self, at: int, state: str) -> tuple[Any, ...]:
        """A row of ``REPORTED`` after a report at an instant; ``state`` is that before it."""
        shown = max(self.from_at, self.deferred_until or NEVER)
        if not self._is_shown(at):
            later = shown if shown > at and not self.muted and not self._is_gone(shown) else None
            return "agenda", self.contact, self.key, state, self.opens_at, later
        if self.due_at < at or state == BOTH:
            return "agenda", self.contact, self.key, BOTH, self.opens_at, None
        later = None if self._is_gone(self.due_at + 1) else self.due_at + 1
        return "agenda", self.contact, self.key, OPENED, self.opens_at, later

    def notices(self, change: Change, state: str, now: str) -> list[Notice]:
        """The notices that lead from one reported state to another, ``now``."""
        item = read_item(self.contact, self.kind, self.detail)
        found = []
        opened = change.knowledge_at(item.opens_at, item.events)
        if state == _NOTHING:
            found.append(_action(ACTION_OPENED, item, opened))
        if now == BOTH:
            due = change.knowledge_at(item.due_at, item.events)
            # Nothing is known to be overdue before it is known to be there.
            due = max(opened, due) if state == _NOTHING else due
            found.append(_action(ACTION_OVERDUE, item, due))
            if item.kind == "reward":
                found.append(_action(REWARD_DUE, item, due))
        return found

    def _is_shown(self, at: int) -> bool:
        put_off = self.deferred_until is not None and at < self.deferred_until
        return self.from_at <= at and not (self.muted or put_off or self._is_gone(at))

    def _is_gone(self, at: int) -> bool:
        return self.gone_at is not None and self.gone_at <= at


def _action(kind: str, item: Item, known: Knowledge) -> Notice:
    detail: Mapping[str, object] = {
        "contact_id": str(item.contact_id),
        "stream": str(item.stream),
        "key": item.key,
        "kind": item.kind,
        "opens_at": format_instant(item.opens_at),
        "due_at": format_instant(item.due_at),
        "gone_at": None if item.gone_at is None else format_instant(item.gone_at),
        "events": [str(event) for event in item.events],
        "cleared_by": list(item.cleared_by),
        "amount_minor": item.amount_minor,
        "currency": item.currency,
    }
    return Notice(kind, item.contact_id, item.key, *known, detail)
