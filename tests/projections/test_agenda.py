"""The agenda projection: what rests on others, how far rows reach, and what has no row."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.agenda.days import day_on
from domain.events.base import EncryptedValue
from domain.events.care import TouchMade
from domain.instants import DAY, HOUR, day_of
from projections.agenda_reading import AgendaRows, ItemsWanted
from projections.agenda_rows import MOST_LOOKS, Reach
from projections.edges import EDGES
from projections.generations import Tables
from tests.domain.scenario import ANN, BEN, CAT
from tests.projections.memory import NOW

if TYPE_CHECKING:
    from tests.fixtures.clock import Clock
    from tests.projections.hands import Hands
    from tests.projections.memory import MemoryLedger

DAN = UUID(int=77)

ZONES = ("UTC", "Europe/Amsterdam", "Pacific/Apia", "America/Havana", "America/Sao_Paulo")


class Kept:
    """What the live rows say once all was taken in; they are held against a rebuild each time."""

    def __init__(self, hands: Hands) -> None:
        hands.follow("agenda", hands.ledger.head())
        live = hands.digest("agenda")
        assert live.digest == hands.built_anew("agenda", live.position)
        with hands.store.read() as connection:
            generation = hands.projections.follower.build("agenda").generation
            rows = AgendaRows(Tables(connection, generation), live.position, live.as_of)
            zone = hands.ledger.time_zone or "UTC"
            day = day_on(date.fromordinal(day_of(live.as_of, zone)), zone, live.as_of)
            self.items = list(rows.items(day, ItemsWanted()))
            self.doubtful = rows.doubtful()

    def owed_to(self, contact: UUID, kind: str) -> list[int]:
        """From when on the items of a kind are seen."""
        found = [one for one in self.items if one.item.contact_id == contact]
        return [one.at for one in found if one.item.kind == kind]


def refer(ledger: MemoryLedger, referrer: UUID, other: UUID, days: int) -> UUID:
    """A referral of enough level for credit, so many days ago."""
    return ledger.tell(
        referrer, "referral-made", NOW - days * DAY, other=str(other), level=4, direction="inbound"
    )


def test_a_referral_that_is_taken_back_gives_its_credit_to_another(
    hands: Hands, ledger: MemoryLedger
) -> None:
    first = refer(ledger, ANN, CAT, 40)
    refer(ledger, BEN, CAT, 30)
    ledger.tell(CAT, "purchase-made", NOW - 20 * DAY, amount_minor=100_000)
    kept = Kept(hands)
    assert (len(kept.owed_to(ANN, "reward")), kept.owed_to(BEN, "reward")) == (1, [])
    ledger.tell(ANN, "event-retracted", target=str(first), reason="it was Ben")
    kept = Kept(hands)
    assert (kept.owed_to(ANN, "reward"), len(kept.owed_to(BEN, "reward"))) == ([], 1)


def test_a_circle_over_several_contacts_takes_the_credit_and_gives_it_back(
    hands: Hands, ledger: MemoryLedger
) -> None:
    """Ann brought Ben, Ben Cat, and Cat Dan: so Dan, who names Ann, has no credit for her."""
    ledger.tell(DAN, "contact-registered", NOW - 365 * DAY)
    for referrer, other, days in ((ANN, BEN, 60), (CAT, DAN, 50), (DAN, ANN, 30)):
        refer(ledger, referrer, other, days)
    ledger.tell(ANN, "purchase-made", NOW - 20 * DAY, amount_minor=100_000)
    assert len(Kept(hands).owed_to(DAN, "reward")) == 1
    closing = refer(ledger, BEN, CAT, 55)
    assert Kept(hands).owed_to(DAN, "reward") == []
    ledger.tell(BEN, "event-retracted", target=str(closing), reason="it was not Ben")
    assert len(Kept(hands).owed_to(DAN, "reward")) == 1


def test_a_referral_of_a_name_that_is_nobodys_any_more_brings_no_credit(
    hands: Hands, ledger: MemoryLedger
) -> None:
    ledger.tell(DAN, "contact-merged", into=str(CAT))
    refer(ledger, ANN, DAN, 40)
    ledger.tell(ANN, "referral-closed", NOW - 30 * DAY, outcome="won")
    assert len(Kept(hands).owed_to(ANN, "reward")) == 1
    ledger.tell(DAN, "merge-reversed", into=str(CAT))
    kept = Kept(hands)
    assert (kept.owed_to(ANN, "reward"), len(kept.owed_to(ANN, "thanks-won"))) == ([], 0)


def test_what_opens_before_the_day_ends_is_a_row_already(
    hands: Hands, ledger: MemoryLedger, clock: Clock
) -> None:
    """At noon in Amsterdam; the contacts' ids say how much earlier the day is prepared."""
    for hours in (10, 11):
        ledger.tell(
            ANN,
            "subscription-started",
            NOW + hours * HOUR - 20 * DAY,
            subscription_id=f"s{hours}",
            term_days=30,
        )
    opens_at = NOW + 10 * HOUR
    assert Kept(hands).owed_to(ANN, "renewal") == [opens_at]
    clock.instant = opens_at
    assert Kept(hands).owed_to(ANN, "renewal") == [opens_at]
    clock.instant += 1
    assert Kept(hands).owed_to(ANN, "renewal")[0] == opens_at + 1


def test_occasions_have_no_rows(hands: Hands, ledger: MemoryLedger) -> None:
    ledger.tell(ANN, "occasion-learned", occasion_id="o", month=1, day=2)
    assert Kept(hands).owed_to(ANN, "occasion") == []


@pytest.mark.parametrize(("changes", "is_doubtful"), [(MOST_LOOKS - 2, False), (60, True)])
def test_a_contact_of_whom_much_changes_today_is_doubtful(
    hands: Hands, ledger: MemoryLedger, changes: int, is_doubtful: bool
) -> None:
    for number in range(changes):
        at = NOW + (number + 1) * HOUR // 10
        ledger.tell(ANN, "promise-made", at, promise_id=f"p{number}")
    assert Kept(hands).doubtful == [ANN] * is_doubtful


@pytest.mark.parametrize("about", [None, "s1", EncryptedValue(b"\1")])
def test_only_an_encrypted_about_makes_a_renewal_doubtful(
    hands: Hands, ledger: MemoryLedger, about: Any
) -> None:
    ledger.tell(ANN, "subscription-started", NOW - 25 * DAY, subscription_id="s1", term_days=30)
    touch = TouchMade(
        direction="outbound", purpose="renewal", planned=True, channel="phone", about=about
    )
    ledger.append(ANN, touch, NOW - 24 * DAY)
    kept = Kept(hands)
    assert kept.doubtful == ([ANN] if isinstance(about, EncryptedValue) else [])
    assert len(kept.owed_to(ANN, "renewal")) == (about is None)


@given(
    st.uuids(),
    st.integers(NOW - 400 * DAY, NOW + 400 * DAY),
    st.integers(1, 90 * DAY),
    st.sampled_from(ZONES),
)
def test_rows_reach_over_the_day_and_are_made_again_in_time(
    contact: UUID, at: int, ahead: int, zone: str
) -> None:
    """Whatever changes before the ledger's day ends is within reach, at every instant before."""
    reach, changes_at = Reach(contact, at, zone), at + ahead
    assert reach.ends_at >= day_on(date.fromordinal(day_of(at, zone)), zone, at).ends_at
    breakpoint_at = reach.breakpoint(changes_at)
    assert breakpoint_at is not None
    assert at < breakpoint_at <= changes_at
    if breakpoint_at < changes_at:
        assert Reach(contact, breakpoint_at, zone).ends_at > changes_at
        assert Reach(contact, breakpoint_at - 1, zone).ends_at <= changes_at
    assert reach.breakpoint(None) is None


def test_the_edges_are_those_of_the_standing_projection(hands: Hands, ledger: MemoryLedger) -> None:
    refer(ledger, ANN, CAT, 40)
    found = []
    for name in ("standing", "agenda"):
        hands.follow(name, ledger.head())
        with hands.store.read() as connection:
            tables = Tables(connection, hands.projections.follower.build(name).generation)
            found.append(tables.execute(f"SELECT * FROM {tables[EDGES.name]}").fetchall())
    assert found[0] == found[1] != []
