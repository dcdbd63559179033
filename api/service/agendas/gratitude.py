"""How well a ledger thanks, by month and by contact."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from api.service.agendas.listing import contacts_in
from api.service.agendas.reading import Agendas
from domain.agenda.gratitude import Coverage, owed_thanks
from domain.instants import month_of

if TYPE_CHECKING:
    from uuid import UUID

    from ledger.ledger import Ledger
    from projections.folding import Moment


class Gratitude(NamedTuple):
    """Coverage by month, oldest first, and by contact, most missed first."""

    months: dict[str, Coverage]
    contacts: dict[UUID, Coverage]


def gratitude(
    ledger: Ledger, moment: Moment, from_: str | None, to: str | None, most_events: int
) -> Gratitude:
    """The thanks that became owed in the months from one to another, both included.

    Raises:
        Invalid: there is more to fold than one answer may.
    """
    months: dict[str, Coverage] = {}
    contacts: dict[UUID, Coverage] = {}
    agendas = Agendas(ledger, moment)
    for contact in contacts_in(agendas, ledger, most_events):
        relationship = agendas.relationship(contact, moment.at)
        referrals = agendas.referrals(contact)
        for thanks in owed_thanks(contact, relationship, referrals, moment.policies):
            month = month_of(thanks.opens_at, ledger.time_zone or "UTC")
            if (from_ or month) <= month <= (to or month):
                months.setdefault(month, Coverage()).add(thanks)
                contacts.setdefault(contact, Coverage()).add(thanks)
    by_missed = sorted(contacts.items(), key=lambda one: (-one[1].missed, one[0]))
    return Gratitude(dict(sorted(months.items())), dict(by_missed))
