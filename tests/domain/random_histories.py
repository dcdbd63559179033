"""Random histories of one contact: events that matter to stages, with ids that often meet.

Most histories have a few themes only: events of which everything happens to everybody seldom meet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from domain.events import CATALOGUE
from domain.instants import DAY, HOUR, format_instant
from domain.presets import PRESETS
from tests.domain.folding import changed, versions
from tests.domain.scenario import EXAMPLES, Scenario, fact, on_day, registered

if TYPE_CHECKING:
    from collections.abc import Sequence

IDS = st.sampled_from(["1", "2", "3"])
THEMES: dict[str, tuple[str, ...]] = {
    "purchases": ("purchase-made", "purchase-made", "purchase-made", "purchase-reversed"),
    "subscriptions": (
        "subscription-started",
        "subscription-renewed",
        "subscription-renewed",
        "subscription-upgraded",
        "subscription-cancelled",
    ),
    "engagements": ("engagement-opened", "engagement-closed"),
    "wallet": ("wallet-share-reported", "wallet-rank-reported"),
    "advice": ("advice-accepted", "advice-declined"),
    "own accord": ("detail-updated", "subscription-started", "subscription-upgraded"),
    "visits": ("visit-made", "preference-learned", "recognition-given", "testimonial-given"),
    "touches": ("touch-made", "touch-made", "need-discovered"),
    "complaints": ("complaint-raised", "complaint-resolved", "complaint-reopened"),
    "promises": ("promise-made", "promise-broken"),
    "referrals": (
        "referral-made",
        "referral-level-raised",
        "referral-closed",
        "referral-closed",
        "referral-received",
    ),
    "endings": ("relationship-ended",),
    "overrides": ("stage-overridden",),
    "customs": ("custom-recorded",),
}
STAGE_TYPES = [name for types in THEMES.values() for name in types]


@st.composite
def types_of_some_themes(draw: st.DrawFn, most: int = 4) -> Sequence[str]:
    """What is going to happen in one history: all of it, or more of less; with 1, of one theme."""
    if most > 1 and draw(st.booleans()):
        return STAGE_TYPES
    themes = draw(st.lists(st.sampled_from(sorted(THEMES)), min_size=1, max_size=most, unique=True))
    return [name for theme in themes for name in THEMES[theme]]


@st.composite
def events(draw: st.DrawFn, types: Sequence[str] = STAGE_TYPES) -> Any:
    """An event of a type that matters to stages."""
    type_name = draw(st.sampled_from(types))
    data: dict[str, Any] = dict(EXAMPLES[type_name])
    for field in CATALOGUE[type_name].FIELDS:
        if field.name.endswith("_id") and field.name != "occasion_id":
            data[field.name] = draw(IDS)
    data.update({name: draw(values) for name, values in VARIED.get(type_name, {}).items()})
    return CATALOGUE[type_name].read(data)


VARIED: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "purchase-made": {
        "purchase_id": st.integers(1, 30).map(str),
        "amount_minor": st.sampled_from([0, 50, 100]),
    },
    "purchase-reversed": {
        "purchase_id": st.integers(1, 30).map(str),
        "amount_minor": st.sampled_from([50, 100]),
    },
    "engagement-opened": {"capacity": st.sampled_from(["client", "customer", "dual"])},
    "subscription-started": {"term_days": st.sampled_from([5, 30, 200])},
    "subscription-renewed": {"automatic": st.booleans(), "reminded": st.booleans()},
    "subscription-upgraded": {"initiated_by": st.sampled_from(["contact", "business"])},
    "detail-updated": {"initiated_by": st.sampled_from(["contact", "business"])},
    "wallet-share-reported": {
        "category": st.sampled_from(["bread", "wine"]),
        "share_percent": st.sampled_from([30, 60, 85]),
    },
    "wallet-rank-reported": {
        "category": st.sampled_from(["bread", "wine"]),
        "rank": st.integers(1, 2),
    },
    "visit-made": {"guests": st.integers(0, 2)},
    "complaint-raised": {"severity": st.integers(1, 3)},
    "touch-made": {"direction": st.sampled_from(["inbound", "outbound", "outbound"])},
    "referral-made": {
        "level": st.integers(0, 5),
        "direction": st.sampled_from(["inbound", "inbound", "outbound"]),
    },
    "referral-level-raised": {"level": st.integers(0, 5)},
    "referral-closed": {"outcome": st.sampled_from(["won", "lost"])},
    "custom-recorded": {"kind": st.sampled_from(["tasting", "late", "unheard of"])},
    "stage-overridden": {
        "stage": st.sampled_from(["client", "prospect", "lapsed_customer", "ended"]),
        # Before and after silences end a stage underneath, and at instants at which facts occur.
        "expires_at": st.sampled_from([40, 140, 181, 260, 400]).map(
            lambda half_days: format_instant(on_day(0) + half_days * 12 * HOUR)
        ),
    },
}
"""What differs between events of a type, beside their ids."""


@st.composite
def scenarios(draw: st.DrawFn, most_themes: int = 4) -> Scenario:
    """Up to forty events on a coarse grid of instants, so that many share one.

    An opening id is used once, as decisions see to it.
    """
    used: set[tuple[str, object]] = set()
    scenario = Scenario()
    scenario.record(fact("contact-registered", time_zone="America/New_York"), on_day(0))
    if draw(st.booleans()):
        # A client from the start, whom random events seldom make: what ends one is met more often.
        scenario.record(fact("engagement-opened", engagement_id="0"), on_day(0))
    types = draw(types_of_some_themes(most_themes))
    # Left to itself, a list of up to forty has six or so.
    least = draw(st.sampled_from([0, 12, 25]))
    for event in draw(st.lists(events(types), min_size=least, max_size=40)):
        opening = [(event.TYPE, getattr(event, f.name)) for f in event.FIELDS if f.opens]
        if used.intersection(opening):
            continue
        used.update(opening)
        scenario.record(event, on_day(0) + draw(st.integers(0, 400)) * 12 * HOUR)
    return scenario


_MASKED = (
    *["purchase-made"] * 3,
    *["stage-overridden"] * 4,
    *["engagement-opened"] * 2,
    *["engagement-closed"] * 2,
    *["promise-broken"] * 2,
    "complaint-raised",
    "complaint-resolved",
    "wallet-share-reported",
    "relationship-ended",
)


@st.composite
def masked_scenarios(draw: st.DrawFn) -> Scenario:
    """A few events over more than a year, so that silences end stages under an override.

    And clients who lose some of their points under one: who stays with those would not have become
    a client with them.
    """
    scenario = Scenario()
    scenario.record(fact("contact-registered", time_zone="America/New_York"), on_day(0))
    scenario.record(fact("promise-made", promise_id="1"), on_day(0))
    for number, type_name in enumerate(
        draw(st.lists(st.sampled_from(_MASKED), min_size=6, max_size=16))
    ):
        data: dict[str, Any] = {}
        on = on_day(draw(st.integers(0, 250)))
        if type_name == "purchase-made":
            data["purchase_id"] = str(number)
        elif type_name.startswith("engagement"):
            # Opened once each, and closed in any order.
            data["engagement_id"] = str(number if type_name.endswith("opened") else number - 1)
        elif type_name.startswith("promise"):
            data["promise_id"] = "1"
        elif type_name == "complaint-raised":
            data.update(complaint_id=str(number), severity=draw(st.integers(1, 3)))
        elif type_name == "complaint-resolved":
            data["complaint_id"] = str(number - 1)
        elif type_name == "wallet-share-reported":
            data["share_percent"] = 90
        elif type_name == "stage-overridden":
            stages = ["client", "prospect", "customer", "lapsed_customer"]
            data["stage"] = draw(st.sampled_from(stages))
            data["expires_at"] = format_instant(on + draw(st.integers(5, 300)) * DAY)
        scenario.record(fact(type_name, **data), on)
    return scenario


OF_A_TRADE = changed(
    "retail",
    rhythm={"expected_gap_days": 5, "demote_after_days": 20},
    stage={"promotion_score": 40, "stay_score": 30, "dwell_days": 3},
    signals={
        "custom": {
            "tasting": {"points": 25, "window_days": 30},
            "late": {"points": -20, "window_days": 21},
        },
        "regularity": {"purchase_days": 3, "window_days": 45},
        "renewal": {"points": 45},
        "complaint": {"hold_severity": 1, "ending_severity": 2},
        "wallet": {"share_percent": 60, "window_days": 60},
        **{
            name: {"window_days": 60}
            for name in ("advice", "known", "promise", "referral", "self_directed", "two_way")
        },
    },
)
"""With events of its own that tell for and against, thresholds moved, and windows that end soon."""


@st.composite
def buyers(draw: st.DrawFn) -> Scenario:
    """Purchases only, hours to weeks apart, some of them given back, one time ended and begun."""
    scenario, at = registered(), on_day(0)
    amounts = [draw(st.sampled_from([100, 100, 100, 0])) for _ in range(draw(st.integers(3, 16)))]
    for number, amount_minor in enumerate(amounts):
        at += draw(st.sampled_from([0, 6, 24, 24, 24, 48, 120, 240, 400, 700])) * HOUR
        bought = fact("purchase-made", purchase_id=f"b{number}", amount_minor=amount_minor)
        scenario.record(bought, at)
        if draw(st.integers(0, 5)) == 0:
            given_back = draw(st.integers(0, number))
            back_minor = amounts[given_back]
            refund = fact(
                "purchase-reversed", purchase_id=f"b{given_back}", amount_minor=back_minor
            )
            scenario.record(refund, at + draw(st.sampled_from([0, 1, 30])) * HOUR)
        if draw(st.integers(0, 15)) == 0:
            scenario.record(fact("relationship-ended"), at)
    return scenario


OF_BUYERS = changed(
    "purchases-only",
    rhythm={"expected_gap_days": 3, "demote_after_days": 10},
    signals={"regularity": {"purchase_days": 3}},
    stage={"dwell_days": 2},
)
"""Under which buying alone makes clients, who fall and come back soon."""

TIMELINES = st.sampled_from(
    [versions((0, PRESETS[name])) for name in PRESETS]
    + [
        versions((0, PRESETS["retail"]), (on_day(90), PRESETS["cafe"])),
        versions((0, PRESETS["purchases-only"]), (on_day(60), PRESETS["subscription"])),
        versions((0, OF_A_TRADE), (on_day(90), PRESETS["retail"])),
        *[versions((0, OF_A_TRADE))] * 5,
        *[versions((0, OF_BUYERS))] * 3,
    ]
)
INSTANTS = st.integers(-2, 900).map(lambda half_days: on_day(0) + half_days * 12 * HOUR)
