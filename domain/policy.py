"""The policy: every number that the rules use, as one document with a schema.

A document may leave out whatever is as in the preset it ``extends`` (``retail`` if it names none);
what is stored is always whole. Source: the domain document, sections 3 to 6 and 8.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from domain.currencies import MINOR_DIGITS
from domain.documents import ListKind, plain, read_section, section_schema
from domain.errors import FieldError, Invalid
from domain.kinds import Choice, Flag, Text, Whole
from domain.policy_kinds import RULES, Caps, CustomKinds, CustomPoints, RulesVersion
from domain.text import NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


Days = Annotated[int, Whole(1, 36_500)]
Count = Annotated[int, Whole(1, 10_000)]
Points = Annotated[int, Whole(0, 1000)]
Penalty = Annotated[int, Whole(-1000, 0)]
Percent = Annotated[int, Whole(0, 100)]
Level = Annotated[int, Whole(0, 5)]
Switch = Annotated[bool, Flag()]

CAP_UNITS = 500
"""Whole units of its currency that one reward may be where a policy says nothing else."""


@dataclass(frozen=True)
class Rhythm:
    """How long a silence means something. Section 3.

    A client falls ``demote_after_days`` after the day on which they were due to buy again.
    """

    expected_gap_days: Days = 7
    demote_after_days: Days = 180
    subscription_grace_days: Annotated[int, Whole(0, 36_500)] = 10


@dataclass(frozen=True)
class Plain:
    """A signal that is on while something lies in its window."""

    points: Points = 0
    window_days: Days = 365


@dataclass(frozen=True)
class EngagementSignal:
    """Anchor: we act for the contact."""

    points: Points = 60


@dataclass(frozen=True)
class RegularitySignal:
    """Anchor: enough purchase days; off altogether where ``purchase_days`` is null."""

    points: Points = 35
    purchase_days: Count | None = 6
    window_days: Days | None = None


@dataclass(frozen=True)
class RenewalSignal:
    """Anchor: a subscription renewed without our asking."""

    points: Points = 25


@dataclass(frozen=True)
class WalletSignal:
    """Share of wallet; off altogether where ``share_percent`` is null."""

    points: Points = 25
    share_percent: Percent | None = 80
    window_days: Days = 365


@dataclass(frozen=True)
class ReferralSignal:
    """They send us people; strong by outcome or level, else weak."""

    strong_points: Points = 20
    weak_points: Points = 8
    strong_level: Level = 3
    weak_level: Level = 1
    window_days: Days = 365


@dataclass(frozen=True)
class GuestsSignal:
    """They bring others."""

    points: Points = 10
    visits: Count = 2
    window_days: Days = 90


@dataclass(frozen=True)
class TwoWaySignal:
    """They contact us too: at least ``inbound`` times, and ``inbound_percent`` of all touches."""

    points: Points = 5
    inbound: Count = 1
    inbound_percent: Percent = 25
    window_days: Days = 365


@dataclass(frozen=True)
class ComplaintSignal:
    """Complaints past their deadline, by severity 1, 2, 3."""

    points: Annotated[tuple[int, ...], ListKind(Whole(-1000, 0), 3)] = (-10, -30, -60)
    sla_days: Days = 2
    hold_severity: Annotated[int, Whole(1, 3)] = 2
    ending_severity: Annotated[int, Whole(1, 3)] = 3


@dataclass(frozen=True)
class PromiseSignal:
    """A promise broken not long ago."""

    points: Penalty = -15
    window_days: Days = 90


@dataclass(frozen=True)
class Signals:
    """Points and thresholds of every signal. Section 4."""

    engagement: EngagementSignal = EngagementSignal()
    regularity: RegularitySignal = RegularitySignal()
    renewal: RenewalSignal = RenewalSignal()
    wallet: WalletSignal = WalletSignal()
    referral: ReferralSignal = ReferralSignal()
    advice: Plain = Plain(points=15)
    self_directed: Plain = Plain(points=10)
    guests: GuestsSignal = GuestsSignal()
    known: Plain = Plain(points=0)
    testimonial: Plain = Plain(points=5)
    two_way: TwoWaySignal = TwoWaySignal()
    complaint: ComplaintSignal = ComplaintSignal()
    promise: PromiseSignal = PromiseSignal()
    custom: Annotated[Mapping[str, CustomPoints], CustomKinds()] = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """Where the lines between the stages run. Section 5."""

    promotion_score: Points = 60
    stay_score: Points = 45
    dwell_days: Days = 30
    falling_days: Days = 30


@dataclass(frozen=True)
class OutcomeWeights:
    """How much a referral of each outcome counts, per level."""

    won: Points = 6
    qualified: Points = 4
    open: Points = 2
    lost: Points = 1
    unqualified: Points = 0
    duplicate: Points = 0


@dataclass(frozen=True)
class Partner:
    """The limits of the partner standings. Section 6."""

    window_days: Days = 365
    outcome_weights: OutcomeWeights = OutcomeWeights()
    key_partner_won: Count = 3
    key_partner_influence: Count = 60
    partner_referrals: Count = 2
    partner_won: Count = 1
    partner_strong: Count = 2
    partner_strong_level: Level = 3
    introducer_level: Level = 1
    dormant_days: Days = 180
    dormant_gaps: Count = 3
    won_by_purchase: Switch = True
    balanced_least_percent: Percent = 35
    balanced_most_percent: Percent = 65
    owed_referrals: Count = 2


@dataclass(frozen=True)
class Rewards:
    """What a won referral earns, by its level 0 to 5, and whether in money at all. Section 6.

    ``caps`` says for each currency how much one reward may be, in minor units. A currency that it
    leaves out has ``cap_minor`` minor units, as documents from before ``caps`` say for all of them,
    or 500 whole units where that is null.
    """

    cash_allowed: Switch = True
    basis_points: Annotated[tuple[int, ...], ListKind(Whole(0, 10_000), 6)] = (
        0,
        200,
        200,
        500,
        500,
        1000,
    )
    caps: Annotated[Mapping[str, int], Caps()] = field(default_factory=dict)
    cap_minor: Annotated[int, Whole()] | None = None
    hold_days: Annotated[int, Whole(0, 36_500)] = 30

    def most_minor(self, currency: str) -> int:
        """The most that one reward may be, in minor units of its currency."""
        if (cap_minor := self.caps.get(currency, self.cap_minor)) is not None:
            return cap_minor
        units: int = 10 ** MINOR_DIGITS.get(currency, 2)
        return CAP_UNITS * units


@dataclass(frozen=True)
class TouchCadence:
    """How often a contact hears from us, by stage. Section 7."""

    client_days: Days = 60
    customer_days: Days = 90


@dataclass(frozen=True)
class Care:
    """When something is to be done for a contact, by when, and for how long.

    Source: the care document, section 2, whose table has these numbers.
    """

    promise_days: Days = 14
    thanks_hours: Annotated[int, Whole(1, 8760)] = 48
    thanks_gone_days: Days = 30
    renewal_days: Days = 30
    renewal_due_days: Days = 7
    occasion_days: Days = 7
    need_days: Days = 14
    competitor_days: Days = 7
    reciprocity_days: Days = 14
    report_back_days: Days = 7
    report_back_gone_days: Days = 60
    ask_client_days: Days = 30
    ask_days: Days = 90
    gesture_days: Days = 180
    learn_client_days: Days = 30
    learn_things: Count = 5


@dataclass(frozen=True)
class Book:
    """When an expected value is not given because the model was off. Care document, section 7.

    The purchases of the last fifth of the time may differ by ``hold_out_percent`` from those that
    were expected of it.
    """

    hold_out_percent: Percent = 25


@dataclass(frozen=True)
class Policy:
    """All the numbers. The defaults are those of the preset ``retail``."""

    rules: Annotated[int, RulesVersion()] = RULES
    name: Annotated[str, Text(100, NAME)] = "retail"
    rests_on: Annotated[str, Choice(("allegiance", "frequency"))] = "allegiance"
    rhythm: Rhythm = Rhythm()
    signals: Signals = Signals()
    stage: Stage = Stage()
    partner: Partner = Partner()
    rewards: Rewards = Rewards()
    touch_cadence: TouchCadence = TouchCadence()
    care: Care = Care()
    book: Book = Book()
    disclosure_required: Switch = False

    @classmethod
    def read(cls, document: object, base: Policy) -> Policy:
        """The policy that the document describes, with what it leaves out taken from ``base``.

        Raises:
            Invalid: naming each field and what is wrong with it.
        """
        policy: Policy = read_section(base, document, "")
        return policy.require_consistency()

    def require_consistency(self) -> Policy:
        """This policy, in which nothing contradicts anything else.

        Raises:
            Invalid: naming each field that contradicts another.
        """
        if errors := tuple(_contradictions(self)):
            raise Invalid(errors)
        return self

    def document(self) -> dict[str, Any]:
        """The whole policy as JSON-like values, in the form in which it is stored.

        The single cap of before ``rewards.caps`` stands only in documents that have one; one that
        was stored with it and without ``caps`` comes back as it was, and so does its digest. For
        the same reason the tables ``care`` and ``book`` stand only in documents that change
        something in them.
        """
        document: dict[str, Any] = plain(asdict(self))
        rewards = document["rewards"]
        if rewards["cap_minor"] is None:
            del rewards["cap_minor"]
        elif not rewards["caps"]:
            del rewards["caps"]
        if self.care == Care():
            del document["care"]
        if self.book == Book():
            del document["book"]
        return document


def digest(document: Mapping[str, object]) -> str:
    """SHA-256 in hex of the document as JSON with sorted keys and no white space."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def policy_schema() -> dict[str, object]:
    """The JSON Schema (draft 2020-12) of a whole policy by the present rules."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "policy",
        "description": inspect.cleandoc(Policy.__doc__ or ""),
        **section_schema(Policy),
    }


def _contradictions(policy: Policy) -> Iterator[FieldError]:
    """What would let a second look at unchanged facts change a stage, or makes no sense."""
    stage, signals = policy.stage, policy.signals
    if stage.stay_score > stage.promotion_score:
        detail = "must not exceed promotion_score, or a new client would fall at once"
        yield FieldError("/stage/stay_score", "contradiction", detail)
    if signals.complaint.ending_severity < signals.complaint.hold_severity:
        detail = "must not be below hold_severity, or a client sent away could come straight back"
        yield FieldError("/signals/complaint/ending_severity", "contradiction", detail)
    if signals.referral.weak_level > signals.referral.strong_level:
        detail = "must not exceed strong_level"
        yield FieldError("/signals/referral/weak_level", "contradiction", detail)
    if policy.partner.balanced_least_percent > policy.partner.balanced_most_percent:
        detail = "must not exceed balanced_most_percent"
        yield FieldError("/partner/balanced_least_percent", "contradiction", detail)
