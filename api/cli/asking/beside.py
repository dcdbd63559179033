"""A contact's past read beside the server that holds the data folder."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from api.bootstrap import events_beside
from api.cli.asking.answers import ContactHistory
from api.service.questions import group_of, subject_in
from api.service.replays.steps import steps
from domain.aliases import Aliases
from domain.instants import parse_instant
from projections.folding import Moment
from projections.groups import read_merges

if TYPE_CHECKING:
    from api.cli.asking.answers import Document
    from api.service.stores import ServedLedgerStore


def steps_beside(
    store: ServedLedgerStore, status: Document, policy_version: int | None
) -> ContactHistory:
    """The steps to a status that the server answered, by the events in the ledger's ``store``.

    Raises:
        Corrupt: the events cannot be read.
        Unavailable: the file cannot be read.
    """
    position, at = status["as_known_at"]["position"], parse_instant(status["as_of"])
    with events_beside(store, position) as events:
        policies = events.policies(position)
        if policy_version is not None:
            policies = events.policies().only(policy_version)
        aliases = Aliases(read_merges(events, upto=position))
        moment = Moment(position, at, policies, events.time_zone, aliases)
        survivor, group = group_of(events, aliases, position, UUID(status["contact_id"]))
        subject = subject_in(survivor, group)
        walked = [*steps(group, subject.history, moment)]
    return ContactHistory(str(survivor), status["as_of"], position, walked)
