"""Webhooks in tables of a database: the statements, which are the same for every store.

A store says how a statement is run and how a transaction begins and ends. Values are given for
each ``?``; ``{webhooks}`` and ``{deliveries}`` stand for the names of the tables.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ledger.stores.webhooks import (
    DEAD,
    DELIVERED,
    WAITING,
    Backlog,
    Delivery,
    Webhook,
    WebhookStore,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager

WEBHOOK_COLUMNS = (
    "id, url, events, types, personal, description, enabled, secret, made_at, began_at,"
    " position, notice, failing_since, disabled_because, content, revision"
)
DELIVERY_COLUMNS = (
    "id, kind, contact, position, instant, detail, attempts, status, problem, first_at, at,"
    " next_at, state"
)

_ALL = f"SELECT {WEBHOOK_COLUMNS} FROM {{webhooks}} ORDER BY made_at, id"
_ADD = f"INSERT INTO {{webhooks}} ({WEBHOOK_COLUMNS}) VALUES ({','.join('?' * 16)})"
_CHANGE = (
    "UPDATE {webhooks} SET url = ?, events = ?, types = ?, personal = ?, description = ?,"
    " enabled = ?, disabled_because = ?, revision = revision + 1 WHERE id = ?"
)
_DUE = "UPDATE {deliveries} SET next_at = ? WHERE webhook = ? AND state = 'waiting' AND next_at > ?"
_FAILING = "UPDATE {webhooks} SET failing_since = ? WHERE id = ?"
_CAME_TO = "UPDATE {webhooks} SET position = ?, notice = ? WHERE id = ? AND revision = ?"
_REVISED = "UPDATE {webhooks} SET revision = revision + 1 WHERE id = ?"
_WENT_BACK = (
    "UPDATE {webhooks} SET position = ?, notice = ?, revision = revision + 1,"
    " began_at = CASE WHEN began_at < ? THEN began_at ELSE ? END WHERE id = ?"
)
_REMOVE = ("DELETE FROM {deliveries} WHERE webhook = ?", "DELETE FROM {webhooks} WHERE id = ?")
_TAKE_IN = (
    f"INSERT INTO {{deliveries}} (webhook, {DELIVERY_COLUMNS})"
    f" VALUES ({','.join('?' * 14)}) ON CONFLICT (webhook, id) DO UPDATE SET state = 'waiting',"
    " attempts = 0, status = NULL, problem = NULL, first_at = NULL, at = NULL,"
    " next_at = excluded.next_at"
)
_SELECT = f"SELECT number, {DELIVERY_COLUMNS} FROM {{deliveries}} WHERE webhook = ?"
_WAITING = (
    f"SELECT number, {DELIVERY_COLUMNS} FROM (SELECT number, {DELIVERY_COLUMNS}, row_number() OVER"
    " (PARTITION BY contact ORDER BY position, instant, number) AS place FROM {deliveries}"
    " WHERE webhook = ? AND state = 'waiting') AS ranked WHERE place <= ?"
    " ORDER BY position, instant, number LIMIT ?"
)
_HISTORY = f"{_SELECT} AND number > ? ORDER BY number LIMIT ?"
_RECORD = (
    "UPDATE {deliveries} SET attempts = ?, status = ?, problem = ?, first_at = ?, at = ?,"
    " next_at = ?, state = ? WHERE webhook = ? AND id = ?"
)
_REVIVE = (
    "UPDATE {deliveries} SET state = 'waiting', attempts = 0, status = NULL, problem = NULL,"
    " first_at = NULL, next_at = ? WHERE webhook = ? AND id = ?"
)
_FIND = "SELECT 1 FROM {deliveries} WHERE webhook = ? AND id = ?"
_FORGET = "DELETE FROM {deliveries} WHERE webhook = ? AND state = 'waiting' AND position > ?"
_BACKLOG = (
    "SELECT state, count(*), min(instant) FROM {deliveries}"
    " WHERE webhook = ? AND state <> 'delivered' GROUP BY state"
)
_PRUNE = (
    "DELETE FROM {deliveries} WHERE webhook = ? AND state = ? AND number <= coalesce(("
    "SELECT number FROM {deliveries} WHERE webhook = ? AND state = ?"
    " ORDER BY number DESC LIMIT 1 OFFSET ?), 0)"
)


class WebhookTables(WebhookStore):
    """See ``ledger.stores.webhooks.WebhookStore``; a store adds how statements are run."""

    @abstractmethod
    def rows(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """What a statement answers that does not write."""

    @abstractmethod
    def writing(self) -> AbstractContextManager[WebhookWriter]:
        """A transaction: durable at its end, and nothing where it is left by an error."""

    def all(self) -> list[Webhook]:
        return [_webhook(row) for row in self.rows(_ALL, ())]

    def add(self, webhook: Webhook) -> None:
        with self.writing() as transaction:
            transaction.run(
                _ADD,
                (
                    webhook.id.bytes,
                    *_owner_columns(webhook),
                    webhook.secret,
                    webhook.made_at,
                    webhook.began_at,
                    webhook.position,
                    webhook.notice,
                    webhook.failing_since,
                    webhook.disabled_because,
                    webhook.content,
                    webhook.revision,
                ),
            )

    def change(self, webhook: Webhook, due_at: int | None = None) -> None:
        with self.writing() as transaction:
            values = *_owner_columns(webhook), webhook.disabled_because, webhook.id.bytes
            transaction.run(_CHANGE, values)
            if due_at is not None:
                transaction.run(_DUE, (due_at, webhook.id.bytes, due_at))

    def remove(self, webhook_id: UUID) -> None:
        with self.writing() as transaction:
            for statement in _REMOVE:
                transaction.run(statement, (webhook_id.bytes,))

    def set_failing(self, webhook_id: UUID, since: int | None) -> None:
        with self.writing() as transaction:
            transaction.run(_FAILING, (since, webhook_id.bytes))

    def take_in(
        self, webhook: Webhook, deliveries: Sequence[Delivery], position: int, notice: int
    ) -> bool:
        name = webhook.id.bytes
        with self.writing() as transaction:
            # First, so that nothing is kept for a webhook that was changed meanwhile.
            if not transaction.run(_CAME_TO, (position, notice, name, webhook.revision)):
                return False
            transaction.run_each(_TAKE_IN, (_new_row(webhook.id, one) for one in deliveries))
        return True

    def waiting(self, webhook_id: UUID, limit: int, each: int) -> list[Delivery]:
        return [_delivery(row) for row in self.rows(_WAITING, (webhook_id.bytes, each, limit))]

    def keep_outcomes(self, webhook_id: UUID, deliveries: Sequence[Delivery]) -> None:
        with self.writing() as transaction:
            rows = ((*_outcome(one), webhook_id.bytes, one.id.bytes) for one in deliveries)
            transaction.run_each(_RECORD, rows)

    def deliveries(
        self, webhook_id: UUID, before: int | None, limit: int, state: str | None = None
    ) -> list[Delivery]:
        statement: str = _SELECT
        values: list[Any] = [webhook_id.bytes]
        for condition, value in ((" AND number < ?", before), (" AND state = ?", state)):
            if value is not None:
                statement += condition
                values.append(value)
        rows = self.rows(f"{statement} ORDER BY number DESC LIMIT ?", (*values, limit))
        return [_delivery(row) for row in rows]

    def history(self, webhook_id: UUID, after: int, limit: int) -> list[Delivery]:
        rows = self.rows(_HISTORY, (webhook_id.bytes, after, limit))
        return [_delivery(row) for row in rows]

    def revive(self, webhook_id: UUID, ids: Sequence[UUID], at: int) -> int:
        found = [one for one in ids if self.rows(_FIND, (webhook_id.bytes, one.bytes))]
        with self.writing() as transaction:
            transaction.run_each(_REVIVE, ((at, webhook_id.bytes, one.bytes) for one in found))
            transaction.run(_REVISED, (webhook_id.bytes,))
        return len(found)

    def rewind(self, webhook_id: UUID, position: int, notice: int) -> None:
        with self.writing() as transaction:
            transaction.run(_FORGET, (webhook_id.bytes, position))
            values = position, notice, position, position, webhook_id.bytes
            transaction.run(_WENT_BACK, values)

    def backlog(self, webhook_id: UUID) -> Backlog:
        found = {state: rest for state, *rest in self.rows(_BACKLOG, (webhook_id.bytes,))}
        waiting, oldest = found.get(WAITING, (0, None))
        dead, _ = found.get(DEAD, (0, None))
        return Backlog(waiting, dead, oldest)

    def prune(self, webhook_id: UUID, keep: int) -> None:
        name = webhook_id.bytes
        with self.writing() as transaction:
            for state in (DELIVERED, DEAD):
                transaction.run(_PRUNE, (name, state, name, state, keep))


class WebhookWriter(ABC):
    """Runs the statements of one transaction."""

    @abstractmethod
    def run(self, statement: str, values: Sequence[Any]) -> int:
        """Run a statement; how many rows it changed."""

    @abstractmethod
    def run_each(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row of values."""


def _owner_columns(webhook: Webhook) -> tuple[Any, ...]:
    """The columns that an owner may change, from ``url`` to ``enabled``."""
    return (
        webhook.url,
        " ".join(webhook.events),
        " ".join(webhook.types),
        int(webhook.personal),
        webhook.description,
        int(webhook.enabled),
    )


def _new_row(webhook_id: UUID, one: Delivery) -> tuple[Any, ...]:
    return (
        webhook_id.bytes,
        one.id.bytes,
        one.kind,
        None if one.contact is None else one.contact.bytes,
        one.position,
        one.instant,
        one.detail,
        *_outcome(one),
    )


def _outcome(one: Delivery) -> tuple[Any, ...]:
    """The result of the attempts so far, in the order of the columns."""
    return one.attempts, one.status, one.problem, one.first_at, one.at, one.next_at, one.state


def _webhook(row: Any) -> Webhook:
    return Webhook(
        id=UUID(bytes=bytes(row[0])),
        url=row[1],
        events=tuple(row[2].split()),
        types=tuple(row[3].split()),
        personal=bool(row[4]),
        description=row[5],
        enabled=bool(row[6]),
        secret=bytes(row[7]),
        made_at=row[8],
        began_at=row[9],
        position=row[10],
        notice=row[11],
        failing_since=row[12],
        disabled_because=row[13],
        content=None if row[14] is None else bytes(row[14]),
        revision=row[15],
    )


def _delivery(row: Any) -> Delivery:
    return Delivery(
        number=row[0],
        id=UUID(bytes=bytes(row[1])),
        kind=row[2],
        contact=None if row[3] is None else UUID(bytes=bytes(row[3])),
        position=row[4],
        instant=row[5],
        detail=bytes(row[6]),
        attempts=row[7],
        status=row[8],
        problem=row[9],
        first_at=row[10],
        at=row[11],
        next_at=row[12],
        state=row[13],
    )
