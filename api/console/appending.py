"""Recording what was typed into a page: the same reading and the same committer as elsewhere."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from api.service.envelope import read_many
from domain.errors import ProjectionBehind
from ledger.drafts import Append

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.console.visit import Visit
    from ledger.drafts import AppendResult

SOURCE = "console"
"""The source of the events that people record on pages."""

WAIT_SECONDS = 30
"""How long a page waits for its events to be durable."""

SHOWN_SECONDS = 2.0
"""How long a page waits for the lists to reflect what it recorded; then it shows them as they are.
"""


def record(visit: Visit, events: Sequence[dict[str, object]]) -> AppendResult:
    """Record events that each name their ``contact``, all or none, once they are durable.

    Raises:
        LedgerError: nothing was recorded, and why; pointers begin with the place of the event.
    """
    ledger = visit.served.ledger
    sent = [{"source": SOURCE, **event} for event in events]
    drafts = read_many(sent, None, ledger.contact_id, lambda _: None)
    if len(drafts) > 1:
        visit.server.rate_limits.owe(visit.principal.id, len(drafts) - 1)
    result = ledger.append(Append(drafts=drafts)).result(timeout=WAIT_SECONDS)
    with suppress(ProjectionBehind):  # the lists say how fresh they are
        for name in ("status", "agenda"):
            visit.served.projections.wait_for(result.position, SHOWN_SECONDS, name)
    return result


def event_id(act_id: str, contact: str) -> str | None:
    """The id of an event of an act for one of its contacts: the same when the form is sent again.

    None for a text that is no UUID: the ledger gives the event an id then.
    """
    try:
        return str(uuid5(UUID(act_id), contact))
    except ValueError:
        return None
