"""The book of a ledger: what contacts brought and cost, by currency; and the watch lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self
from uuid import UUID

from pydantic import Field, WithJsonSchema

from api.service.answers.contacts import ContactDocument
from api.service.answers.document import Document, Instant, KnownAt, ShownName, optional
from api.service.answers.gratitude import Month
from api.service.answers.money import Amount, NetRevenue
from domain.book.book import DIVISIONS

if TYPE_CHECKING:
    from api.service.labels import Labels
    from domain.book.book import BookQuestion, BookTotals, Sums
    from domain.book.watch import WatchEntry

Division = Annotated[str, WithJsonSchema({"type": "string", "enum": list(DIVISIONS)})]
"""By what rows are divided."""


class BookTotal(Document):
    """The figures of a currency in minor units; ``contacts`` are those who bought.

    ``contribution_minor`` is net, less gestures and rewards.
    """

    currency: str
    gross_minor: int
    refunds_minor: int
    net_minor: int
    purchases: int
    contacts: int
    gestures_cost_minor: int | None
    rewards_paid_minor: int | None
    contribution_minor: int | None


class _RowKey(Document):
    key: str | None
    name: ShownName = optional(
        "The contact's name; only by contact with `names=true`. Null after an erasure."
    )


class BookRow(BookTotal, _RowKey):
    """The figures of one month, stage, contact, category or steward in a currency.

    ``key`` is null without a category, and where nobody looked after the contact. By category,
    gestures and rewards are null; by steward, rewards are: then the contribution is null as well.
    """


class Beside(Document):
    """Figures beside the rows in a currency; null where there is nothing to divide by."""

    currency: str
    client_year_minor: int | None
    customer_year_minor: int | None
    ratio_percent: int | None
    repeat_percent: int | None
    referred_percent: int | None
    top_ten_percent: int | None


class StageChanges(Document):
    """The number of contacts who became clients, fell, and became clients again."""

    new_clients: int
    falls: int
    regained: int


class BookAnswer(Document):
    """The book of the months from one to another, both included, up to the instant."""

    from_: Month | None = Field(alias="from")
    to: Month | None
    by: Division
    as_of: Instant
    as_known_at: KnownAt
    policy_version: int | None
    rows: tuple[BookRow, ...]
    totals: tuple[BookTotal, ...]
    beside: tuple[Beside, ...]
    stages: StageChanges

    @classmethod
    def of(
        cls,
        question: BookQuestion,
        found: BookTotals,
        labels: Labels,
        *,
        as_of: int,
        as_known_at: KnownAt,
        policy_version: int | None,
    ) -> Self:
        """The answer; by contact with their names, where these are wanted."""
        by_contact = question.by == "contact"
        rows = []
        for key, currency, sums in found.rows:
            fields: dict[str, object] = {"key": key, **_figures(currency, sums)}
            if by_contact and key is not None:
                fields |= labels.of(UUID(key))
            rows.append(BookRow.model_validate(fields))
        return cls(
            **{"from": question.from_},
            to=question.to,
            by=question.by,
            as_of=as_of,
            as_known_at=as_known_at,
            policy_version=policy_version,
            rows=tuple(rows),
            totals=tuple(
                BookTotal.model_validate(_figures(currency, sums))
                for _, currency, sums in found.totals
            ),
            beside=tuple(Beside.model_validate(one) for one in found.beside),
            stages=StageChanges.model_validate(found.stages),
        )


def _figures(currency: str, sums: Sums) -> dict[str, object]:
    names = [name for name in BookTotal.model_fields if name != "currency"]
    return {"currency": currency, **{name: getattr(sums, name) for name in names}}


class WatchItem(ContactDocument):
    """A contact on a watch list: why, since when, what to do, and what they brought.

    ``client_year`` is what a lost client brought in the last 365 days as a client.
    """

    contact_id: UUID
    why: str
    do: str
    since: Instant
    net: tuple[NetRevenue, ...]
    client_year: tuple[Amount, ...] | None = optional("Only in the list `lost`.")

    @classmethod
    def of(cls, found: WatchEntry) -> Self:
        """The item of a contact that was found."""
        return cls(
            contact_id=found.contact_id,
            why=found.why,
            do=found.do,
            since=found.since,
            net=tuple(NetRevenue.model_validate(one) for one in found.net),
            client_year=None if found.client_year is None else Amount.each(found.client_year),
        )
