"""How right the falls by silence were, and what clients were worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field

from api.service.answers.document import Document, Instant, Position

if TYPE_CHECKING:
    from domain.calibration import Calibration, GroupWorth, Share, Worth


class ResolvedFalls(Document):
    """Of the falls whose outcome is known, how many were followed by a purchase in time."""

    bought: int
    resolved: int
    percent: int | None

    @classmethod
    def of(cls, share: Share) -> Self:
        """The share of the falls that are resolved."""
        return cls(bought=share.part, resolved=share.whole, percent=share.percent)


class DelayDays(Document):
    """Whole days from the last commerce to the fall; the lower median, null without falls."""

    median: int | None


class WrittenOff(Document):
    """Purchases of contacts who had fallen by silence, of all purchases of former clients too."""

    purchases: int
    of: int
    percent: int | None


class GroupValue(Document):
    """The revenue of a group of contacts in a year, in minor units, and the number who bought.

    ``net_minor`` is the sum over the group and ``share_percent`` its part of both groups' sums.
    """

    contacts: int
    net_minor: int
    net_minor_per_head: int | None
    repeat_percent: int | None
    share_percent: int | None

    @classmethod
    def of(cls, group: GroupWorth) -> Self:
        """The group in one currency."""
        return cls(
            contacts=group.contacts,
            net_minor=group.net_minor,
            net_minor_per_head=group.net_minor_per_head,
            repeat_percent=group.repeat.percent,
            share_percent=group.share.percent,
        )


class Value(Document):
    """The revenue of the clients of a year ago since then, beside that of all other buyers."""

    currency: str
    clients: GroupValue
    others: GroupValue
    ratio_percent: int | None

    @classmethod
    def of(cls, worth: Worth) -> Self:
        """The comparison in one currency."""
        return cls(
            currency=worth.currency,
            clients=GroupValue.of(worth.clients),
            others=GroupValue.of(worth.others),
            ratio_percent=worth.ratio_percent,
        )


class CalibrationAnswer(Document):
    """How right the falls by silence of a period were by an instant, and what clients were worth.

    ``from`` and ``to`` are null where the period is open; ``policy_version`` is that which judges
    the instant. A fall is resolved once the contact bought again, or the time for it has passed:
    for ``premature`` 90 days or two of their rhythms, for ``within_365_days`` that many.
    """

    from_: Instant | None = Field(alias="from")
    to: Instant | None
    position: Position
    as_of: Instant
    policy_version: int | None
    falls: int
    premature: ResolvedFalls
    within_365_days: ResolvedFalls
    delay_days: DelayDays
    written_off: WrittenOff
    values: tuple[Value, ...]

    @classmethod
    def of(
        cls,
        counted: Calibration,
        period: tuple[int | None, int | None],
        position: int,
        as_of: int,
        policy_version: int | None,
    ) -> Self:
        """What was counted of a period, by whom and by when."""
        from_at, to_at = period
        written_off = counted.written_off
        return cls(
            **{"from": from_at},
            to=to_at,
            position=position,
            as_of=as_of,
            policy_version=policy_version,
            falls=counted.falls,
            premature=ResolvedFalls.of(counted.premature),
            within_365_days=ResolvedFalls.of(counted.within_later),
            delay_days=DelayDays(median=counted.median_delay_days),
            written_off=WrittenOff(
                purchases=written_off.part, of=written_off.whole, percent=written_off.percent
            ),
            values=tuple(Value.of(one) for one in counted.worth),
        )
