"""Which events of the log a request wants, read from its query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.service.log_pages import Filter
from domain.errors import Invalid
from domain.kinds import ContactId

if TYPE_CHECKING:
    from api.service.server import OpenLedger


def log_filter(
    served: OpenLedger, types: tuple[str, ...] | None, contact: str | None, *, group: bool
) -> Filter:
    """Which events of the log are wanted.

    Raises:
        Invalid: the contact can be none, or ``group`` is said of no contact.
    """
    if contact is None:
        if group:
            raise Invalid.at("/group", "contradiction", "says whose events are wanted: add contact")
        return Filter(types or ())
    try:
        contact_id = ContactId().read(contact, served.ledger.contact_id)
    except Invalid as error:
        raise error.within("/contact") from None
    return Filter(types or (), contact_id, served.aliases if group else None)
