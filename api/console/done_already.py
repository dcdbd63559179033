"""Who did what an item of the agenda asked for, once the item is not there any more.

Two people may look at the same list: what one has done, the other must not record again.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from api.console.vocabulary import act_named
from api.service.agendas.answering import AgendaQuestion, whole_agenda
from api.service.agendas.listing import AgendaFilter
from api.service.labels import LabelsWanted
from api.service.marks import MARKING
from api.service.profiles import history_of_types
from api.service.questions import Knowledge
from domain.errors import LedgerError
from domain.events.base import EncryptedValue
from domain.events.care import ActionDeferred

if TYPE_CHECKING:
    from uuid import UUID

    from api.console.visit import Visit
    from api.service.answers.agenda import AgendaItem
    from api.service.questions import Question

MOST_LOOKED_AT = 30
"""How many of the newest events of a contact are looked at for the one that did it."""

_LOCKS = tuple(Lock() for _ in range(64))


class Completion(NamedTuple):
    """What was done instead: the act in words, who recorded it, and when; instants in microseconds.

    All are None where no event did it: the time for it went by.
    """

    what: str | None = None
    by: str | None = None
    at: int | None = None


def lock_of(contact: UUID) -> Lock:
    """What is held from looking whether an item is there until its act is recorded."""
    return _LOCKS[crc32(contact.bytes) % len(_LOCKS)]


def item_of(visit: Visit, contact: UUID, key: str) -> AgendaItem | None:
    """The item of the contact's agenda of today; None where there is none any more.

    Raises:
        ContactNotFound: nobody registered it.
    """
    return _item_in(visit, visit.question(), contact, key, names=True)


def who_did(visit: Visit, contact: UUID, key: str) -> Completion:
    """The newest event without which the item would still be there."""
    now, ledger = visit.question(), visit.served.ledger
    members = now.aliases.members(now.aliases.survivor_of(contact))
    newest = sorted(
        (one for member in members for one in ledger.stream(member, decrypt=True)),
        key=lambda one: one.position,
        reverse=True,
    )
    for one in newest[:MOST_LOOKED_AT]:
        before = visit.question(knowledge=Knowledge(position=one.position - 1))
        try:
            was_there = _item_in(visit, before, contact, key) is not None
        except LedgerError:  # nobody had registered it before
            return Completion()
        if was_there:
            actor = None if isinstance(one.actor, EncryptedValue) else one.actor
            return Completion(act_named(one.type), actor, one.recorded_at)
    return Completion()


def who_put_off(visit: Visit, contact: UUID, key: str, since: int) -> Completion | None:
    """Who put the item off after a position; None where nobody did, or took it back."""
    now, ledger = visit.question(), visit.served.ledger
    survivor = now.aliases.survivor_of(contact)
    history = history_of_types(
        ledger, now.aliases, survivor, now.position, (ActionDeferred.TYPE, *MARKING), decrypt=True
    )
    found = [
        one
        for one in history.facts
        if isinstance(one.event, ActionDeferred) and one.event.item == key and one.position > since
    ]
    if not found:
        return None
    newest = max(found, key=lambda one: one.position)
    (recorded,) = ledger.log(after=newest.position - 1, limit=1, upto=newest.position)
    actor = None if isinstance(recorded.actor, EncryptedValue) else recorded.actor
    return Completion(act_named(recorded.type), actor, recorded.recorded_at)


def _item_in(
    visit: Visit, question: Question, contact: UUID, key: str, *, names: bool = False
) -> AgendaItem | None:
    wanted = AgendaQuestion(
        items=AgendaFilter(muted=True, deferred=True),
        labels=LabelsWanted(names=names),
        contact=contact,
    )
    served = visit.served
    limit = served.limits.calibrated_events
    found = whole_agenda(served.ledger, question.moment, wanted, limit)
    return next((one for one in found.items if one.key == key), None)
