"""Over random histories: entries, totals and the agenda say the same of what is owed."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings

from api.service.known_contacts import KnownContacts, contacts_with
from api.service.rewards import RewardFilter, place_of, rewards_at
from domain.agenda.agenda import agenda
from domain.rewards import STATES
from tests.money.told import Told, told
from tests.projections.histories import seeds


def owed_by_the_agenda(story: Told) -> Counter[tuple[str, int, str]]:
    """What the items of kind ``reward`` say is owed: the referral, how much and in what."""
    contacts = KnownContacts(story.ledger, story.moment)
    found: Counter[tuple[str, int, str]] = Counter()
    for contact in contacts_with(story.ledger, story.moment, "referral-made"):
        relationship = contacts.relationship(contact)
        items = agenda(contact, relationship, contacts.referrals(contact), story.moment.policies)
        for item in items.items:
            if item.kind == "reward" and item.amount_minor is not None:
                assert item.subject is not None
                assert item.currency is not None
                found[item.subject, item.amount_minor, item.currency] += 1
    return found


@settings(max_examples=60)
@given(seeds)
def test_entries_totals_and_agenda_agree(seed: int) -> None:
    """Of a referral with several currencies the agenda names one; one paid in kind it leaves."""
    story = told(seed)
    found = rewards_at(story.ledger, story.moment, RewardFilter(), None)
    for reward in found.rewards:
        assert reward.owed_minor == sum(entry.amount_minor for entry in reward.entries)
        assert {entry.currency for entry in reward.entries} <= {reward.currency}
        assert found.streams[reward.event_id] in story.moment.aliases.members(reward.referrer)
    owed: Counter[tuple[str | None, str]] = Counter()
    counts: Counter[tuple[str | None, str]] = Counter()
    for reward in found.rewards:
        owed[reward.currency, reward.state] += sum(one.amount_minor for one in reward.entries)
        counts[reward.currency, reward.state] += 1
    assert {(one.currency, one.state): one.count for one in found.totals} == dict(counts)
    assert all(one.owed_minor == owed[one.currency, one.state] for one in found.totals)
    in_kind = {one.event_id for one in found.rewards if one.in_kind}
    in_agenda = Counter[tuple[str, int, str]]()
    seen = set[object]()
    by_referral = sorted(found.rewards, key=lambda one: one.event_id)
    for reward in by_referral:
        if reward.event_id in in_kind | seen or reward.state not in ("held", "due", "approved"):
            continue
        if reward.won_at is not None and reward.owed_minor > 0 and reward.currency is not None:
            in_agenda[str(reward.event_id), reward.owed_minor, reward.currency] += 1
    agreed = owed_by_the_agenda(story)
    assert agreed <= in_agenda
    assert {one[0] for one in agreed} == {one[0] for one in in_agenda}


@settings(max_examples=20)
@given(seeds)
def test_filters_divide_the_whole_list(seed: int) -> None:
    story = told(seed, 60)
    whole = rewards_at(story.ledger, story.moment, RewardFilter(), None)
    assert whole.rewards == sorted(whole.rewards, key=place_of)
    by_state = [
        one
        for state in STATES
        for one in rewards_at(story.ledger, story.moment, RewardFilter(state), None).rewards
    ]
    assert sorted(by_state, key=place_of) == whole.rewards
    for contact in {one.referrer for one in whole.rewards}:
        of_one = rewards_at(story.ledger, story.moment, RewardFilter(contact=contact), None)
        assert of_one.rewards == [one for one in whole.rewards if one.referrer == contact]
