"""Which events of the log a request wants, read from its query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.http.streams.log import Filter
from api.http.wire.parameters import CONTACT, GROUP, TYPES
from domain.errors import Invalid
from domain.kinds import ContactId

if TYPE_CHECKING:
    from api.http.call import Call


def read_filter(call: Call) -> Filter:
    """Which events a request wants.

    Raises:
        Invalid: the contact can be none, or ``group`` is said of no contact.
    """
    types, name = call.get(TYPES) or (), call.get(CONTACT)
    group = call.get(GROUP) or False
    if name is None:
        if group:
            raise Invalid.at("/group", "contradiction", "says whose events are wanted: add contact")
        return Filter(types)
    open_ledger = call.open_ledger
    try:
        contact_id = ContactId().read(name, open_ledger.ledger.contact_id)
    except Invalid as error:
        raise error.within("/contact") from None
    return Filter(types, contact_id, open_ledger.aliases if group else None)
