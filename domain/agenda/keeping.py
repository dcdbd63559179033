"""What keeps a client: kinds 6, 11 and 14 to 16 of the agenda.

Source: the care document, section 2.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from domain.agenda.owed import complaints_in
from domain.encounters import is_meeting
from domain.events import EncryptedValue
from domain.events.care import GestureMade
from domain.events.commerce import PurchaseMade
from domain.events.contacts import OccasionLearned, PreferenceLearned, ProfileFactLearned
from domain.events.referrals import ReferralAsked, ReferralMade
from domain.events.service import SurveyAnswered
from domain.instants import DAY, format_instant
from domain.relationship import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from domain.agenda.items import Item
    from domain.agenda.view import ContactView
    from domain.history import Fact
    from domain.relationship import Relationship

TOUCH_DAYS = 7
"""How many days before it is due a touch opens."""

_LEAST_GOOD = {"nps": 7, "csat": 4, "ces": 5}


def keeps(seen: ContactView) -> Iterator[Item]:
    """A client became quiet, or falling, and nothing was done since."""
    for flag in ("quiet", "falling"):
        since = flag_since(seen, flag)
        if since is None or seen.stage_at(since) != "client" or _is_kept(seen, since):
            continue
        subject = f"{flag}@{format_instant(since)}"
        yield from seen.item("keep", None, since, since, subject=subject, events=(), flag=flag)


def _is_kept(seen: ContactView, since: int) -> bool:
    bought = any(
        fact.occurred_at >= since and fact.id in seen.counted for fact, _ in seen.of(PurchaseMade)
    )
    return bought or any(act.at >= since for act in seen.acts)


def flag_since(seen: ContactView, flag: str) -> int | None:
    """Since when a flag has been on without a break; None where it is off.

    Between two facts or policies a flag turns on once, at an instant that is known beforehand. So
    the spell is followed back from fact to fact until one at which the flag was off.
    """
    relationship = seen.relationship
    if flag not in relationship.flags:
        return None
    turns = _turns(seen)
    while True:
        place = bisect_right(turns, relationship.at)
        begun_at = turns[place - 1] if place else relationship.at
        on_at = _on_at(relationship, flag)
        if on_at > begun_at:
            return on_at
        before = fold(
            relationship.history, seen.policies, seen.time_zone, begun_at - 1, goes_on=False
        )
        if flag not in before.flags:
            return begun_at
        relationship = before


def _turns(seen: ContactView) -> list[int]:
    """The instants up to now at which something happened or another policy took effect."""
    instants = {fact.occurred_at for fact in seen.facts}
    at = seen.policies.last_change(seen.at)
    while at is not None:
        instants.add(at)
        at = seen.policies.last_change(at - 1)
    return sorted(instants)


def _on_at(relationship: Relationship, flag: str) -> int:
    """From when on a flag is on that is, if nothing happens in between."""
    if flag == "quiet":
        assert relationship.silence is not None
        return relationship.silence.quiet_at
    falling_at = relationship.falling_at
    assert falling_at is not None
    return max(falling_at, relationship.client_spells[-1].from_at)


def touches(seen: ContactView) -> Iterator[Item]:
    """It is time that we meet again."""
    days = {
        "client": seen.policy.touch_cadence.client_days,
        "customer": seen.policy.touch_cadence.customer_days,
    }.get(seen.stage)
    if days is None:
        return
    last = next((fact for fact in reversed(seen.facts) if is_meeting(fact, seen.counted)), None)
    met_at = seen.since if last is None else max(last.occurred_at, seen.since)
    due_at = met_at + days * DAY
    events = () if last is None else (last.id,)
    opens_at = due_at - TOUCH_DAYS * DAY
    yield from seen.item("touch", None, opens_at, due_at, events=events, days=days)


def requests(seen: ContactView) -> Iterator[Item]:
    """All speaks for asking them for a referral."""
    if seen.stage != "client":
        return
    instants = [seen.since + seen.care.ask_client_days * DAY]
    for complaint in complaints_in(seen):
        if complaint.closed_at is None:
            return
        instants.append(complaint.closed_at)
    content_at = _content_since(seen.of(SurveyAnswered))
    if content_at is None:
        return
    instants.append(content_at)
    asked = [fact.occurred_at for fact, _ in seen.of(ReferralAsked)]
    asked += [fact.occurred_at for fact, one in seen.of(ReferralMade) if one.direction == "inbound"]
    instants += [at + seen.care.ask_days * DAY for at in asked]
    at = max(instants)
    yield from seen.item("ask", None, at, at, events=())


def _content_since(surveys: Iterable[tuple[Fact, SurveyAnswered]]) -> int | None:
    """Since when the last survey has not been a bad one; None where it is."""
    since: int | None = 0
    for fact, survey in surveys:
        if survey.score < _LEAST_GOOD[survey.metric]:
            since = None
        elif since is None:
            since = fact.occurred_at
    return since


def gestures(seen: ContactView) -> Iterator[Item]:
    """A client who got nothing extra for long."""
    if seen.stage != "client":
        return
    last = [fact for fact, _ in seen.of(GestureMade)][-1:]
    since = max([seen.since, *(fact.occurred_at for fact in last)])
    at = since + seen.care.gesture_days * DAY
    events = tuple(fact.id for fact in last)
    yield from seen.item("gesture", None, at, at, events=events, days=seen.care.gesture_days)


def known_things(facts: Iterable[Fact]) -> set[tuple[Any, ...]]:
    """The distinct things that we know of a contact: facts, preferences and occasions.

    What was erased is not known.
    """
    known: set[tuple[Any, ...]] = set()
    for fact in facts:
        event = fact.event
        if isinstance(event, ProfileFactLearned):
            if _is_known(event.value):
                known.add(("fact", event.section, event.key))
        elif isinstance(event, PreferenceLearned):
            if _is_known(event.value):
                known.add(("preference", event.key))
        elif isinstance(event, OccasionLearned) and _is_known(event.month):
            known.add(("occasion", fact.scope, event.occasion_id))
    return known


def _is_known(value: object) -> bool:
    return not (isinstance(value, EncryptedValue) and value.is_erased)


def lessons(seen: ContactView) -> Iterator[Item]:
    """A client of whom we know too little."""
    if seen.stage != "client":
        return
    known = len(known_things(seen.facts))
    at = seen.since + seen.care.learn_client_days * DAY
    if known < seen.care.learn_things:
        yield from seen.item("learn", None, at, at, events=(), known=known)
    else:
        seen.note(at)
