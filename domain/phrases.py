"""What a signal reads, and what could happen to it, in words that a shop owner uses.

Every word stands for a figure that the evidence shows beside it; nothing is judged here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events.commerce import WalletRankReported, WalletShareReported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from domain.history import Fact

    Figures = Mapping[str, object]
    Dated = Callable[[int], str]


class Phrases:
    """Words for one contact's signals; ``dated`` turns instants into days as they read them."""

    def __init__(self, dated: Dated) -> None:
        self._dated = dated

    def reading(self, name: str, value: Figures, threshold: Figures, behind: Sequence[Fact]) -> str:
        """A signal that is on, as what happened; ``behind`` are the facts it rests on."""
        return _READINGS[name](self, value, threshold, behind)

    def change(self, name: str) -> str:
        """One thing that could happen, as the subject of a sentence."""
        what, _, kind = name.partition(":")
        if kind:
            return f"{'no longer having' if what == 'custom_lost' else 'recording'} {kind!r}"
        if name.startswith("complaint_severity_"):
            severity = name.removeprefix("complaint_severity_")[0]
            if name.endswith("_resolved"):
                return f"resolving the overdue complaint of severity {severity}"
            return f"a complaint of severity {severity} left lying"
        return _CHANGES[name]

    def _engagement(self, value: Figures, _needs: Figures, _behind: Sequence[Fact]) -> str:
        until_at = value["counts_until_at"]
        if isinstance(until_at, int):
            return f"our last engagement for them ended, and counts until {self._dated(until_at)}"
        return f"we act for them in {_count(value['open'], 'open engagement')}"

    def _regularity(self, value: Figures, needs: Figures, _behind: Sequence[Fact]) -> str:
        window = f" within {needs['window_days']} days" if "window_days" in needs else ""
        days = _count(value["purchase_days"], "day")
        return f"bought on {days}{window} (needs {needs['purchase_days']})"

    def _renewal(self, value: Figures, _needs: Figures, _behind: Sequence[Fact]) -> str:
        return f"{_count(value['renewed_unprompted'], 'subscription')} renewed without our asking"

    def _wallet(self, value: Figures, needs: Figures, behind: Sequence[Fact]) -> str:
        share = f"share of wallet {value['share_percent']}% (needs {needs['share_percent']})"
        if not behind:
            return share
        newest = behind[-1]
        return f"{share}, {_provenance(newest)} on {self._dated(newest.occurred_at)}"

    def _referral(self, value: Figures, needs: Figures, _behind: Sequence[Fact]) -> str:
        kinds = [f"{value[kind]} {kind}" for kind in ("strong", "weak") if value[kind]]
        total = sum(count for count in value.values() if isinstance(count, int))
        noun = "referral" if total == 1 else "referrals"
        return f"sent us {' and '.join(kinds)} {noun} in {needs['window_days']} days"

    def _advice(self, value: Figures, _needs: Figures, _behind: Sequence[Fact]) -> str:
        declined = f", declined it {_times(value['declined'])}" if value["declined"] else ""
        return f"took our advice {_times(value['accepted'])}{declined}"

    def _self_directed(self, value: Figures, needs: Figures, _behind: Sequence[Fact]) -> str:
        times = _times(value["count"])
        return f"acted of their own accord {times} in {needs['window_days']} days"

    def _guests(self, value: Figures, needs: Figures, _behind: Sequence[Fact]) -> str:
        visits = _count(value["visits"], "visit")
        return (
            f"brought guests on {visits} in {needs['window_days']} days (needs {needs['visits']})"
        )

    def _known(self, value: Figures, needs: Figures, _behind: Sequence[Fact]) -> str:
        times = _times(value["recognitions"])
        return f"we showed {times} in {needs['window_days']} days that we know their preferences"

    def _testimonial(self, value: Figures, needs: Figures, _behind: Sequence[Fact]) -> str:
        given = _count(value["count"], "testimonial")
        return f"gave {given} in {needs['window_days']} days"

    def _two_way(self, value: Figures, _needs: Figures, _behind: Sequence[Fact]) -> str:
        return (
            f"{value['inbound']} of {_count(value['touches'], 'touch', 'touches')} came from them"
        )

    def _complaint(self, value: Figures, _needs: Figures, _behind: Sequence[Fact]) -> str:
        overdue = _count(value["overdue"], "complaint")
        return f"{overdue} past the deadline (worst severity {value['worst_overdue_severity']})"

    def _promise(self, value: Figures, needs: Figures, _behind: Sequence[Fact]) -> str:
        return f"{_count(value['broken'], 'promise')} broken in {needs['window_days']} days"

    def _custom(self, value: Figures, _needs: Figures, _behind: Sequence[Fact]) -> str:
        return ", ".join(
            f"{kind} {_times(count)}" for kind, count in sorted(value.items()) if count
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
    "known": Phrases._known,
    "testimonial": Phrases._testimonial,
    "two_way": Phrases._two_way,
    "complaint": Phrases._complaint,
    "promise": Phrases._promise,
    "custom": Phrases._custom,
}

_CHANGES = {
    "engagement": "acting for them in an engagement",
    "engagement_lost": "the end of our engagements for them",
    "regularity": "buying regularly",
    "regularity_lost": "no longer buying regularly",
    "renewal": "renewing a subscription without our asking",
    "renewal_lost": "the end of the subscription they renewed without our asking",
    "wallet": "a report that enough of what they spend goes to us",
    "wallet_lost": "a report that less of what they spend goes to us",
    "referral_weak": "sending us a name",
    "referral_strong": "sending us someone introduced or won",
    "referral_lost": "their referrals growing old",
    "advice": "taking our advice",
    "advice_lost": "declining our advice more often than taking it",
    "self_directed": "an upgrade or news of their own accord",
    "self_directed_lost": "nothing more of their own accord",
    "guests": "bringing guests",
    "guests_lost": "no longer bringing guests",
    "known": "showing them that we know their preferences",
    "known_lost": "no longer showing them that we know their preferences",
    "testimonial": "giving a testimonial",
    "testimonial_lost": "their testimonial growing old",
    "two_way": "turning to us as well, not only we to them",
    "two_way_lost": "no longer turning to us",
    "promise_broken": "a promise of ours broken",
    "promise_forgotten": "the broken promise growing old",
}


def _provenance(fact: Fact) -> str:
    """How a share of wallet is known."""
    event = fact.event
    if isinstance(event, WalletShareReported):
        return {
            "stated": "stated by them",
            "observed": "observed by us",
            "estimated": "estimated by us",
        }[event.method]
    assert isinstance(event, WalletRankReported)
    return f"by their rank for us of {event.rank} among {event.brands}"


def _count(number: object, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _times(number: object) -> str:
    return "once" if number == 1 else "twice" if number == 2 else f"{number} times"
