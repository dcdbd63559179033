"""What a signal observes, and what could change it, in the words of a shop owner.

Every number in these words is in the evidence too. Nothing is judged here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events.commerce import WalletRankReported, WalletShareReported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from domain.history import Fact

    Figures = Mapping[str, object]
    FormatDay = Callable[[int], str]


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def day_in_words(day: date, beside: date | None = None) -> str:
    """The day, with its year unless it is that of the day beside which it is read.

    >>> from datetime import date
    >>> day_in_words(date(2026, 5, 3)), day_in_words(date(2026, 5, 3), date(2026, 6, 1))
    ('3 May 2026', '3 May')
    """
    year = "" if beside is not None and day.year == beside.year else f" {day.year}"
    return f"{day.day} {_MONTHS[day.month - 1]}{year}"


def month_in_words(month: str) -> str:
    """A month with its year.

    >>> month_in_words("2026-05")
    'May 2026'
    """
    return f"{_MONTHS[int(month[5:]) - 1]} {month[:4]}"


class Phrases:
    """Words for the signals of one contact.

    ``format_day`` writes the day of an instant. ``regular_days`` is how many purchase days the
    policy asks of those who never were a client; None where it asks nobody.
    """

    def __init__(self, format_day: FormatDay, regular_days: int | None = None) -> None:
        self._format_day = format_day
        self._regular_days = regular_days

    def reading(self, name: str, value: Figures, threshold: Figures, behind: Sequence[Fact]) -> str:
        """What a signal observed, as a clause. ``behind`` are the facts that it rests on."""
        return _READINGS[name](self, value, threshold, behind)

    def change(self, name: str) -> str:
        """Something that could happen, as a noun phrase."""
        what, _, kind = name.partition(":")
        if kind:
            return f"{'no more' if what == 'custom_lost' else 'an event'} {kind!r}"
        if name.startswith("complaint_severity_"):
            severity = name.removeprefix("complaint_severity_")[0]
            if name.endswith("_resolved"):
                return f"the resolution of the overdue complaint of severity {severity}"
            return f"a complaint of severity {severity} that stays open past its deadline"
        return _CHANGES[name]

    def _engagement(self, value: Figures, _needs: Figures, _behind: Sequence[Fact]) -> str:
        until_at = value["counts_until_at"]
        if isinstance(until_at, int):
            until = self._format_day(until_at)
            return f"our last engagement for them has ended, but counts until {until}"
        return f"we act for them in {count_of(value['open'], 'open engagement')}"

    def _regularity(self, value: Figures, needs: Figures, _behind: Sequence[Fact]) -> str:
        window = f" in the last {needs['window_days']} days" if "window_days" in needs else ""
        since_at, why = needs.get("counts_from_at"), ""
        since = f" after {self._format_day(since_at)}" if isinstance(since_at, int) else ""
        if since and needs["purchase_days"] != self._regular_days:
            why = ", because they were a client before"
        days = count_of(value["purchase_days"], "day")
        return f"they bought on {days}{since}{window} ({_requirement(needs['purchase_days'])}{why})"

    def _renewal(self, value: Figures, _needs: Figures, _behind: Sequence[Fact]) -> str:
        renewed = count_of(value["renewed_unprompted"], "subscription")
        return f"they renewed {renewed} without a reminder"

    def _wallet(self, value: Figures, needs: Figures, behind: Sequence[Fact]) -> str:
        share = (
            f"our share of wallet is {value['share_percent']}% "
            f"({needs['share_percent']}% is needed)"
        )
        if not behind:
            return share
        newest = behind[-1]
        return f"{share}, {_provenance(newest)} on {self._format_day(newest.occurred_at)}"

    def _referral(self, value: Figures, needs: Figures, _behind: Sequence[Fact]) -> str:
        kinds = [f"{value[kind]} {kind}" for kind in ("strong", "weak") if value[kind]]
        noun = "referral" if kinds[-1].startswith("1 ") else "referrals"
        return f"they sent us {' and '.join(kinds)} {noun} in the last {needs['window_days']} days"

    def _advice(self, value: Figures, _needs: Figures, _behind: Sequence[Fact]) -> str:
        declined = f" and declined it {_times(value['declined'])}" if value["declined"] else ""
        return f"they took our advice {_times(value['accepted'])}{declined}"

    def _self_directed(self, value: Figures, needs: Figures, _behind: Sequence[Fact]) -> str:
        times = _times(value["count"])
        return f"they acted on their own initiative {times} in the last {needs['window_days']} days"

    def _guests(self, value: Figures, needs: Figures, _behind: Sequence[Fact]) -> str:
        visits = count_of(value["visits"], "visit")
        window = f"in the last {needs['window_days']} days"
        return f"they brought guests on {visits} {window} ({_requirement(needs['visits'])})"

    def _recognition(self, value: Figures, needs: Figures, _behind: Sequence[Fact]) -> str:
        times = _times(value["recognitions"])
        window = f"in the last {needs['window_days']} days"
        return f"we showed {times} {window} that we know their preferences"

    def _testimonial(self, value: Figures, needs: Figures, _behind: Sequence[Fact]) -> str:
        given = count_of(value["count"], "testimonial")
        return f"they gave {given} in the last {needs['window_days']} days"

    def _two_way(self, value: Figures, _needs: Figures, _behind: Sequence[Fact]) -> str:
        inbound, touches = _times(value["inbound"]), count_of(value["touches"], "time")
        return f"they got in touch with us {inbound}, out of {touches} in all"

    def _complaint(self, value: Figures, _needs: Figures, _behind: Sequence[Fact]) -> str:
        overdue = count_of(value["overdue"], "complaint")
        verb = "is" if value["overdue"] == 1 else "are"
        worst = value["worst_overdue_severity"]
        return f"{overdue} {verb} past the deadline (worst severity {worst})"

    def _promise(self, value: Figures, needs: Figures, _behind: Sequence[Fact]) -> str:
        promises = count_of(value["broken"], "promise")
        return f"we broke {promises} in the last {needs['window_days']} days"

    def _custom(self, value: Figures, _needs: Figures, _behind: Sequence[Fact]) -> str:
        return ", ".join(
            f"{kind!r} was recorded {_times(count)}"
            for kind, count in sorted(value.items())
            if count
        )


_READINGS: dict[str, Callable[[Phrases, Figures, Figures, Sequence[Fact]], str]] = {
    "engagement": Phrases._engagement,
    "regularity": Phrases._regularity,
    "renewal": Phrases._renewal,
    "wallet": Phrases._wallet,
    "referral": Phrases._referral,
    "advice": Phrases._advice,
    "self_directed": Phrases._self_directed,
    "guests": Phrases._guests,
    "known": Phrases._recognition,
    "testimonial": Phrases._testimonial,
    "two_way": Phrases._two_way,
    "complaint": Phrases._complaint,
    "promise": Phrases._promise,
    "custom": Phrases._custom,
}

_CHANGES = {
    "engagement": "an engagement in which we act for them",
    "engagement_lost": "the end of our engagements for them",
    "regularity": "regular purchases",
    "regularity_lost": "no more regular purchases",
    "renewal": "the renewal of a subscription without a reminder",
    "renewal_lost": "the end of the subscription that they renewed without a reminder",
    "wallet": "a report that our share of wallet is large enough",
    "wallet_lost": "a report that our share of wallet is too small",
    "referral_weak": "a referral that gives us a name",
    "referral_strong": "a referral with an introduction, or one that we win",
    "referral_lost": "the expiry of their referrals",
    "advice": "advice that they take",
    "advice_lost": "advice that they decline more often than they take it",
    "self_directed": "an upgrade or news on their own initiative",
    "self_directed_lost": "no more upgrades or news on their own initiative",
    "guests": "visits with guests",
    "guests_lost": "no more visits with guests",
    "known": "a moment in which we show that we know their preferences",
    "known_lost": "no more moments in which we show that we know their preferences",
    "testimonial": "a testimonial",
    "testimonial_lost": "the expiry of their testimonial",
    "two_way": "more messages or visits that they begin",
    "two_way_lost": "no more messages or visits that they begin",
    "promise_broken": "a promise that we break",
    "promise_forgotten": "the expiry of the broken promise",
}


def _provenance(fact: Fact) -> str:
    """How we know a share of wallet."""
    event = fact.event
    if isinstance(event, WalletShareReported):
        return {
            "stated": "as they stated",
            "observed": "as we observed",
            "estimated": "as we estimated",
        }[event.method]
    assert isinstance(event, WalletRankReported)
    return f"estimated from our rank {event.rank} of {event.brands}, reported"


def count_of(number: object, one: str, many: str = "") -> str:
    """The number and its noun, ``many`` or ``one`` with an s where there are several."""
    return f"{number} {one if str(number) == '1' else many or one + 's'}"


def _requirement(number: object) -> str:
    return f"{number} {'is' if number == 1 else 'are'} needed"


def _times(number: object) -> str:
    return "once" if number == 1 else "twice" if number == 2 else f"{number} times"
