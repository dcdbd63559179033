"""The agenda: what is to be done for whom, in the words of a shop owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self
from uuid import UUID

from pydantic import Field, WithJsonSchema

from api.service.answers.contacts import Ref
from api.service.answers.document import Document, Instant, ShownName, optional
from domain.agenda.items import KINDS, STATES
from domain.agenda.sentences import sentence

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.service.agendas.listing import AgendaRow

ItemKind = Annotated[str, WithJsonSchema({"type": "string", "enum": list(KINDS)})]
"""What kind of thing is to be done."""

ItemState = Annotated[str, WithJsonSchema({"type": "string", "enum": list(STATES)})]
"""How an item stands on a day."""

CalendarDay = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]
"""A day in the ledger's time zone."""


class AgendaItem(Document):
    """One thing to do; ``stream`` is the contact to append to, once it is done."""

    key: str
    kind: ItemKind
    contact_id: UUID
    stream: UUID
    opens_at: Instant
    due_at: Instant
    gone_at: Instant | None
    state: ItemState
    reason: str
    events: tuple[UUID, ...]
    cleared_by: tuple[str, ...]
    subject: str | None
    amount_minor: int | None
    currency: str | None
    steward: str | None
    name: ShownName = optional("The contact's name; only with `names=true`. Null after an erasure.")
    refs: tuple[Ref, ...] | None = optional("The contact's refs; only with `refs=true`.")

    @classmethod
    def of(cls, row: AgendaRow, name_of: Callable[[UUID], str | None]) -> Self:
        """The item as an answer shows it, with the names that there are."""
        item = row.item
        return cls(
            key=item.key,
            kind=item.kind,
            contact_id=item.contact_id,
            stream=item.stream,
            opens_at=item.opens_at,
            due_at=item.due_at,
            gone_at=item.gone_at,
            state=row.state,
            reason=sentence(item, name_of),
            events=item.events,
            cleared_by=item.cleared_by,
            subject=item.subject,
            amount_minor=item.amount_minor,
            currency=item.currency,
            steward=row.steward,
            name=name_of(item.contact_id),
        )


class AgendaPage(Document):
    """A part of the agenda of a day; ``next_cursor`` leads to the next part."""

    items: tuple[AgendaItem, ...]
    on: CalendarDay
    next_cursor: str | None


class AgendaCount(Document):
    """The number of items of a kind in a state."""

    kind: ItemKind
    state: ItemState
    count: int = Field(ge=0)


class AgendaSummary(Document):
    """The number of items of each kind in each state; those that there are none of are left out."""

    on: CalendarDay
    counts: tuple[AgendaCount, ...]
