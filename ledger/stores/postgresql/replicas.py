"""The events of a ledger as a standby of its database has them, for those who only read."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from domain.errors import Unavailable
from ledger.events_at_rest import EventsAtRest
from ledger.stores.postgresql.events import PostgresqlEvents
from ledger.stores.postgresql.places import Place
from ledger.stores.postgresql.schemas import LEDGER_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator

_BEHIND_SECONDS = 60.0
_LOOK_SECONDS = 0.2


@contextmanager
def replica_events(url: str, name: str, time_zone: str | None, head: int) -> Iterator[EventsAtRest]:
    """The events of the ledger of that name up to a head, once the standby has them.

    Raises:
        Unavailable: the standby does not get there within a minute, or cannot be read.
    """
    place = Place(readable(url), f"{LEDGER_SCHEMA}{name}", name)
    with closing(PostgresqlEvents(place, None)) as events:
        ends = time.monotonic() + _BEHIND_SECONDS
        while (newest := _newest(events)) < head:
            if time.monotonic() > ends:
                raise Unavailable(f"the replica stands at {newest}, and {head} is wanted")
            time.sleep(_LOOK_SECONDS)
        yield EventsAtRest(events, head, time_zone)


def _newest(events: PostgresqlEvents) -> int:
    with events.errors():
        return events.max_notification_id() or 0


def readable(url: str) -> str:
    """The same URL, for a server that need not take writes unless it says otherwise."""
    if "target_session_attrs" in conninfo_to_dict(url):
        return url
    return make_conninfo(url, target_session_attrs="any")
