"""Who would change stage under a policy, and why; told with a few contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api.service.questions import At
from api.service.replays.preview import Proposal
from domain.instants import DAY, format_instant, parse_instant
from domain.presets import PRESETS, read_policy
from tests.domain.scenario import ANN, BEN, CAT
from tests.fixtures.clock import Clock
from tests.projections.memory import NOW, MemoryLedger
from tests.replays.asked import moment, previewed, replayed

if TYPE_CHECKING:
    from projections.folding import Moment

FOUR = read_policy({"extends": "purchases-only", "signals": {"regularity": {"purchase_days": 4}}})


@pytest.fixture
def ledger() -> MemoryLedger:
    """Ann bought on five days this month, Ben on one, and Cat on four long ago."""
    told = MemoryLedger(Clock(NOW))
    told.publish(PRESETS["purchases-only"], 0)
    for contact in (ANN, BEN, CAT):
        told.tell(contact, "contact-registered", NOW - 500 * DAY)
    for day in range(5):
        told.tell(ANN, "purchase-made", NOW - day * 7 * DAY, purchase_id=str(day))
    told.tell(BEN, "purchase-made", NOW - DAY, amount_minor=700)
    for day in range(4):
        told.tell(CAT, "purchase-made", NOW - (400 + day * 7) * DAY, purchase_id=str(day))
    return told


def after_a_complaint(ledger: MemoryLedger) -> Moment:
    """A day on which Cat is a customer in any case, since we left a severe complaint unsolved."""
    ledger.tell(CAT, "complaint-raised", NOW - 390 * DAY, severity=3)
    return moment(ledger, NOW, At(NOW - 330 * DAY))


def test_a_contact_that_would_change_says_on_which_signals(ledger: MemoryLedger) -> None:
    account, (row, cat) = previewed(ledger, moment(ledger, NOW), Proposal(FOUR))
    assert (row["contact_id"], cat["contact_id"]) == (str(ANN), str(CAT))
    assert (cat["from"], cat["to"], cat["signals"]) == ("lapsed_customer", "lapsed_client", [])
    assert cat["first_client_at"] == {"before": None, "after": format_instant(NOW - 400 * DAY)}
    assert (row["from"], row["to"], row["at"]) == ("customer", "client", format_instant(NOW))
    assert row["score"] == {"before": 0, "after": 60}
    (signal,) = row["signals"]
    assert signal["name"] == "regularity"
    assert (signal["before"]["on"], signal["after"]["on"]) == (False, True)
    assert signal["before"]["threshold"] == {"purchase_days": 8}
    assert signal["before"]["value"]["purchase_days"] == 5
    assert account["from_to"] == [
        {"from": "customer", "to": "client", "count": 1},
        {"from": "lapsed_customer", "to": "lapsed_client", "count": 1},
    ]
    assert (account["contacts"], account["compared_with"]) == (3, 2)
    assert account["policy"]["differs"] == [
        {"pointer": "/signals/regularity/purchase_days", "before": 8, "after": 4}
    ]


def test_revenue_moves_with_the_stage_it_is_counted_under(ledger: MemoryLedger) -> None:
    account, _ = previewed(ledger, moment(ledger, NOW), Proposal(FOUR))
    (euros,) = account["revenue"]
    assert euros["currency"] == "EUR"
    assert (euros["before"]["customer"], euros["before"]["client"]) == (1200, 0)
    assert (euros["after"]["customer"], euros["after"]["client"]) == (700, 500)
    assert sum(euros["before"].values()) == sum(euros["after"].values()) == 1600
    assert euros["before"]["lapsed_customer"] == euros["after"]["lapsed_client"] == 400
    window = Proposal(FOUR, from_at=NOW - 10 * DAY)
    account, _ = previewed(ledger, moment(ledger, NOW), window)
    assert sum(account["revenue"][0]["after"].values()) == 900


def test_whoever_differed_only_earlier_is_found_by_a_window(ledger: MemoryLedger) -> None:
    """Cat would have been a client until a complaint, and then a customer, as she was."""
    then = after_a_complaint(ledger)
    assert previewed(ledger, then, Proposal(FOUR))[1] == []
    _, (cat,) = previewed(ledger, then, Proposal(FOUR, from_at=NOW - 430 * DAY))
    (stretch,) = cat["stretches"]
    assert (stretch["before"], stretch["after"]) == ("customer", "client")
    assert (cat["from"], cat["to"]) == ("customer", "client")
    assert stretch["from"] == format_instant(NOW - 400 * DAY)


def test_what_made_the_difference_is_read_while_it_lasts(ledger: MemoryLedger) -> None:
    """Once it is over, neither judgement has the signal on."""
    then = after_a_complaint(ledger)
    _, (cat,) = previewed(ledger, then, Proposal(FOUR, from_at=NOW - 430 * DAY))
    (stretch,) = cat["stretches"]
    assert cat["at"] == format_instant(parse_instant(stretch["to"]) - 1)
    (signal,) = cat["signals"]
    assert (signal["before"]["on"], signal["after"]["on"]) == (False, True)


def test_a_policy_from_an_instant_on_judges_nothing_before(ledger: MemoryLedger) -> None:
    then = moment(ledger, NOW, At(NOW - 5 * DAY))
    assert previewed(ledger, then, Proposal(FOUR, NOW - DAY))[1] == []
    assert len(previewed(ledger, then, Proposal(FOUR))[1]) == 2
    _, (ann,) = previewed(ledger, moment(ledger, NOW), Proposal(FOUR, NOW - DAY))
    assert (ann["contact_id"], ann["to"]) == (str(ANN), "client")


def test_a_policy_that_a_later_one_replaces_changes_nothing_now(ledger: MemoryLedger) -> None:
    ledger.publish(PRESETS["purchases-only"], NOW - DAY)
    now = moment(ledger, NOW)
    assert (
        previewed(ledger, now, Proposal(FOUR, NOW - 2 * DAY))[0]["stages"]["after"]["client"] == 1
    )
    ledger.publish(PRESETS["retail"], NOW - DAY)
    now = moment(ledger, NOW)
    assert previewed(ledger, now, Proposal(FOUR, NOW - 200 * DAY))[0]["compared_with"] == 4


def test_the_policy_in_force_changes_nobody(ledger: MemoryLedger) -> None:
    account, rows = previewed(ledger, moment(ledger, NOW), Proposal(PRESETS["purchases-only"]))
    assert (rows, account["changes"], account["from_to"]) == ([], 0, [])
    assert account["policy"]["differs"] == []
    assert account["stages"]["before"] == account["stages"]["after"]


def test_nothing_is_published(ledger: MemoryLedger) -> None:
    head, before = ledger.head(), replayed(ledger, moment(ledger, NOW))
    previewed(ledger, moment(ledger, NOW), Proposal(FOUR))
    assert ledger.head() == head
    assert replayed(ledger, moment(ledger, NOW)) == before


def test_a_longer_silence_shows_where_signals_do_not(ledger: MemoryLedger) -> None:
    """No signal switches where only the lines of silence are drawn elsewhere."""
    patient = read_policy({"extends": "purchases-only", "rhythm": {"demote_after_days": 730}})
    _, (cat,) = previewed(ledger, moment(ledger, NOW), Proposal(patient))
    assert (cat["from"], cat["to"], cat["signals"]) == ("lapsed_customer", "customer", [])
    assert cat["silence"]["before"]["lapse_at"] < format_instant(NOW)
    assert cat["silence"]["after"]["lapse_at"] > format_instant(NOW)
