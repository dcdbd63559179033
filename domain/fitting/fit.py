"""Which wait and which number of purchase days a business's own purchases ask for.

Everything is counted in integers, so that the same ledger always gives the same proposal. Source:
the errata, 11.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from domain.calibration import LATER_DAYS, PREMATURE_DAYS, WORTH_DAYS, Share
from domain.fitting.product_limit import SCALE, Observation, product_limit
from domain.instants import DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from domain.fitting.buyers import Buyer, Silence

STEPS = 104
"""How many steps the longest wait has that is considered."""

NEIGHBOURS = 2
"""For how many of the next longer waits the target must hold too."""

LEAST_CASES = 30
"""Fewer falls whose outcome is known, or fewer clients, say too little."""

WORTH_TIMES = 5
"""How many times as much as another contact a client is to bring."""

HOLD_OUT_PERCENTS = (50, 60, 70, 80)
"""At which parts of the time the wait is fitted again, and tried on the rest."""

_TOO_FEW = f"fewer than {LEAST_CASES} contacts had bought on two days a year before the end"
_NOT_WORTH_IT = (
    "for no number of purchase days did the clients of a year before the end bring"
    f" {WORTH_TIMES} times as much since as everybody else, and there were {LEAST_CASES} of them"
)

WAIT = "demote_after_days"
DAYS = "purchase_days"


class Target(NamedTuple):
    """How many falls are to stay falls: ``stay`` of ``of``."""

    stay: int = 2
    of: int = 3


class Abstention(NamedTuple):
    """A number of the policy that the history does not decide, and why."""

    field: str
    because: str


class HoldOut(NamedTuple):
    """How the wait does that was fitted on the first part of the time, on the rest.

    The falls are those whose 90 days the rest shows as a whole, so that all are resolved; the
    outcome is how many of them bought again in that time. There is no wait where the first part
    says too little.
    """

    at_percent: int
    demote_after_days: int | None
    falls: int
    outcome: Share


@dataclass(frozen=True)
class Fit:
    """What is proposed; a number that is None is not decided, and an abstention says why."""

    demote_after_days: int | None
    purchase_days: int | None
    abstained: tuple[Abstention, ...]
    hold_outs: tuple[HoldOut, ...]


def step_days(expected_gap_days: int) -> int:
    """How far the considered waits lie apart: three days where people come daily, else a week."""
    return 3 if expected_gap_days <= 3 else 7


class Fitting:
    """Fits to the purchases of all contacts that were made up to the last of them."""

    def __init__(
        self,
        buyers: Sequence[Buyer],
        expected_gap_days: int,
        target: Target,
        check: Callable[[], object] = lambda: None,
    ) -> None:
        """``check`` is called now and then, and may end the work by an exception."""
        self._check = check
        self._silences = [list(one.silences()) for one in buyers]
        self._step_days = step_days(expected_gap_days)
        self._target = target
        self._first_at = min((one[0].bought_at for one in self._silences), default=0)
        self._last_at = max((one[-1].bought_at for one in self._silences), default=0)
        self._members = _members(buyers, self._last_at)

    def fit(self, usual_days: int | None) -> Fit:
        """What to propose; ``usual_days`` are the purchase days that the policy asks for now."""
        if usual_days is None:
            return _no_proposal("the policy does not judge by purchase days: its regularity is off")
        if not self._silences:
            return _no_proposal(
                "no contact without a subscription or an engagement bought anything"
            )
        abstained: list[Abstention] = []
        days, wait_days, because = self._least_days()
        if days is None:
            abstained.append(Abstention(DAYS, because))
            wait_days, because = self._least_wait(usual_days, self._last_at)
            if wait_days is None:
                abstained.append(Abstention(WAIT, because))
        hold_outs = [self._hold_out(one, days or usual_days) for one in HOLD_OUT_PERCENTS]
        return Fit(wait_days, days, tuple(abstained), tuple(hold_outs))

    def _least_days(self) -> tuple[int | None, int | None, str]:
        """The least purchase days for which clients are worth enough, and its wait; or why none."""
        reasons: list[str] = []
        days = 2
        while sum(one.purchase_days >= days for one in self._members) >= LEAST_CASES:
            wait_days, because = self._least_wait(days, self._last_at)
            if wait_days is None:
                reasons.append(because)
            elif all(self._is_worth_it(one, wait_days) for one in (days, days + 1)):
                return days, wait_days, ""
            else:
                # This is what keeps most histories from deciding, so it is said before the others.
                reasons.insert(0, _NOT_WORTH_IT)
            days += 1
        return None, None, reasons[0] if reasons else _TOO_FEW

    def _is_worth_it(self, days: int, wait_days: int) -> bool:
        """Whether the clients of a year before the end brought enough, beside all others."""
        then_at = self._last_at - WORTH_DAYS * DAY
        clients, others = [], []
        for one in self._members:
            if one.purchase_days >= days and then_at < one.due_at + wait_days * DAY:
                clients.append(one.net_minor)
            elif one.bought_lately:
                others.append(one.net_minor)
        if len(clients) < LEAST_CASES or not others:
            return False
        return sum(clients) * len(others) >= WORTH_TIMES * sum(others) * len(clients)

    def _least_wait(self, days: int, known_at: int) -> tuple[int | None, str]:
        """The least wait after which enough falls stay, by what was known then; or why none."""
        silences = [
            silence
            for contact in self._silences
            for silence in contact
            if silence.purchase_days >= days and silence.bought_at <= known_at
        ]
        allowed, held = self._target.of - self._target.stay, 0
        for step in range(1, STEPS + NEIGHBOURS + 1):
            self._check()
            wait_days = step * self._step_days
            soon = [*_falls(silences, wait_days * DAY, known_at, _WITHIN)]
            resolved = sum(one.is_event or one.duration == _WITHIN for one in soon)
            if resolved < LEAST_CASES:
                return None, (
                    f"with {days} purchase days, fewer than {LEAST_CASES} contacts were silent for"
                    f" {wait_days} days after they were due and are known to have come back or not"
                )
            stays = product_limit(soon).is_surely_at_most(allowed, self._target.of)
            held = held + 1 if stays else 0
            if held > NEIGHBOURS:
                wait_days -= NEIGHBOURS * self._step_days
                if self._comes_in_seasons(silences, wait_days, known_at):
                    return None, (
                        f"most contacts with {days} purchase days who are silent for {wait_days}"
                        " days after they were due do come back within a year, later than after"
                        f" {PREMATURE_DAYS} days"
                    )
                return wait_days, ""
        longest_days = STEPS * self._step_days
        return None, (
            f"with {days} purchase days, more than {allowed} of {self._target.of} contacts come"
            f" back within {PREMATURE_DAYS} days of any fall up to {longest_days} days after they"
            " were due"
        )

    def _comes_in_seasons(self, silences: Sequence[Silence], wait_days: int, known_at: int) -> bool:
        """Whether surely more than two of three who fall come back within a year.

        Where people come once a year, nobody comes back within 90 days of any short wait.
        """
        later = product_limit(_falls(silences, wait_days * DAY, known_at, LATER_DAYS * DAY))
        return (later.part - later.error) * 3 > 2 * SCALE

    def _hold_out(self, percent: int, days: int) -> HoldOut:
        cut_at = self._first_at + (self._last_at - self._first_at) * percent // 100
        wait_days, _ = self._least_wait(days, cut_at)
        if wait_days is None:
            return HoldOut(percent, None, 0, Share(0, 0))
        wait, until_at = wait_days * DAY, self._last_at - _WITHIN
        silences = [
            silence
            for contact in self._silences
            for silence in contact
            if silence.purchase_days >= days and cut_at <= silence.due_at + wait < until_at
        ]
        observations = [*_falls(silences, wait, self._last_at, _WITHIN)]
        bought = sum(one.is_event for one in observations)
        return HoldOut(percent, wait_days, len(observations), Share(bought, len(observations)))


_WITHIN = PREMATURE_DAYS * DAY


def _no_proposal(because: str) -> Fit:
    """No proposal for either number, for the same reason."""
    return Fit(None, None, (Abstention(WAIT, because), Abstention(DAYS, because)), ())


def _falls(
    silences: Sequence[Silence], wait: int, known_at: int, within: int
) -> Iterator[Observation]:
    """For how long each fall was watched, up to a time, and whether a purchase ended that."""
    for silence in silences:
        fell_at = silence.due_at + wait
        next_at = silence.next_at
        if next_at is not None and next_at > known_at:
            next_at = None
        if fell_at >= known_at or (next_at is not None and next_at <= fell_at):
            continue
        watched = (known_at if next_at is None else next_at) - fell_at
        if watched < within:
            yield Observation(watched, is_event=next_at is not None)
        else:
            yield Observation(within, is_event=False)


class _Member(NamedTuple):
    """What somebody was a year before the end, and what they brought since, in one currency."""

    purchase_days: int
    due_at: int
    bought_lately: bool
    net_minor: int


def _members(buyers: Sequence[Buyer], last_at: int) -> list[_Member]:
    """All who had bought a year before the end, measured in the currency of the most movements."""
    then_at = last_at - WORTH_DAYS * DAY
    counts = Counter(currency for one in buyers for currency in one.currencies)
    currency = max(sorted(counts), key=counts.__getitem__, default="")
    found = []
    for buyer in buyers:
        before = [one for one in buyer.silences() if one.bought_at <= then_at]
        if before:
            last = before[-1]
            lately = last.bought_at > then_at - WORTH_DAYS * DAY
            net_minor = buyer.net_minor(currency, then_at + 1, last_at)
            found.append(_Member(last.purchase_days, last.due_at, lately, net_minor))
    return found
