"""The questions of the event-sourcing library, asked of the rows of a store.

The library's contract suite for recorders runs over them. Our own questions are in
``ledger.stores.events``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from eventsourcing.persistence import Notification

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from eventsourcing.persistence import StoredEvent

    from ledger.stores.events import Row


class Rows(Protocol):
    """The stored events that meet all conditions (SQL to its parameters), in order."""

    def __call__(
        self,
        conditions: Mapping[str, object],
        *,
        topics: Sequence[str] = (),
        order: str = "position",
        limit: int | None = None,
    ) -> Sequence[Row]:
        """The rows; of any topic where none is named."""


def events_of_stream(
    rows: Rows,
    stream: tuple[str, object],
    mark: str,
    *,
    gt: int | None,
    lte: int | None,
    desc: bool,
    limit: int | None,
) -> Sequence[StoredEvent]:
    """A stream's events as notifications, so that they know their positions.

    ``stream`` is the condition that names it, and ``mark`` what stands for a parameter.
    """
    conditions: dict[str, object] = dict([stream])
    if gt is not None:
        conditions[f"originator_version > {mark}"] = gt
    if lte is not None:
        conditions[f"originator_version <= {mark}"] = lte
    order = "originator_version DESC" if desc else "originator_version"
    return [notification_of(row) for row in rows(conditions, order=order, limit=limit)]


def notifications_of_log(
    rows: Rows,
    mark: str,
    start: int | None,
    limit: int,
    stop: int | None,
    topics: Sequence[str],
    *,
    inclusive_of_start: bool,
) -> Sequence[Notification]:
    """The log from ``start`` to ``stop``; ``mark`` as above."""
    conditions: dict[str, object] = {}
    if start is not None:
        comparison = ">=" if inclusive_of_start else ">"
        conditions[f"position {comparison} {mark}"] = start
    if stop is not None:
        conditions[f"position <= {mark}"] = stop
    return [notification_of(row) for row in rows(conditions, topics=topics, limit=limit)]


def notification_of(row: Row) -> Notification:
    """A row as the library hands it on."""
    return Notification(row.stream, row.version, row.topic, row.state, row.position)
