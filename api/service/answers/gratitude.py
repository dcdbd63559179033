"""How well we thank, by month and by contact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self
from uuid import UUID

from pydantic import WithJsonSchema

from api.service.answers.document import Document, optional

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.service.agendas.gratitude import Gratitude

Month = Annotated[str, WithJsonSchema({"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"})]
"""A month in the ledger's time zone, such as 2026-03."""


class GratitudeRow(Document):
    """The number of thanks that became owed, and what became of them."""

    owed: int
    in_time: int
    late: int
    missed: int
    open: int
    median_hours: int | None


class GratitudeMonth(GratitudeRow):
    """The thanks that became owed in a month."""

    month: Month


class GratitudeContact(GratitudeRow):
    """The thanks that became owed to a contact."""

    contact_id: UUID
    name: str | None = optional("On request: the contact's name, absent after an erasure.")


class GratitudeAnswer(Document):
    """The months, oldest first, and the contacts, most missed first."""

    months: tuple[GratitudeMonth, ...]
    contacts: tuple[GratitudeContact, ...]

    @classmethod
    def of(cls, found: Gratitude, name_of: Callable[[UUID], str | None]) -> Self:
        """The answer, with the names that there are."""
        return cls(
            months=tuple(
                GratitudeMonth.model_validate({**_fields(one), "month": month})
                for month, one in found.months.items()
            ),
            contacts=tuple(
                GratitudeContact.model_validate(
                    {**_fields(one), "contact_id": contact, "name": name_of(contact)}
                )
                for contact, one in found.contacts.items()
            ),
        )


def _fields(one: object) -> dict[str, object]:
    return {name: getattr(one, name) for name in GratitudeRow.model_fields}
