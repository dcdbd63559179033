"""What is read to know a contact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.aliases import Aliases
from projections.groups import read_group, read_merges
from tests.domain.scenario import ANN, BEN, CAT, DAN

if TYPE_CHECKING:
    from tests.projections.memory import MemoryLedger


def test_merges_are_known_from_their_position_on(ledger: MemoryLedger) -> None:
    before = ledger.head()
    ledger.tell(ANN, "contact-merged", into=str(BEN))
    assert Aliases(read_merges(ledger, upto=before)).survivor_of(ANN) == ANN
    assert Aliases(read_merges(ledger, upto=ledger.head())).survivor_of(ANN) == BEN


def test_a_group_has_the_streams_of_all_its_members(ledger: MemoryLedger) -> None:
    ledger.tell(ANN, "visit-made")
    ledger.tell(ANN, "contact-merged", into=str(BEN))
    aliases = Aliases(read_merges(ledger, upto=ledger.head()))
    group = read_group(ledger, BEN, aliases, ledger.head())
    assert [(one.contact_id, one.type) for one in group] == [
        (BEN, "contact-registered"),
        (ANN, "contact-registered"),
        (ANN, "visit-made"),
        (ANN, "contact-merged"),
    ]


def test_a_referral_received_comes_with_what_its_referrer_took_back(ledger: MemoryLedger) -> None:
    """Nothing else of the referrer's, and of no other contact."""
    made = ledger.tell(ANN, "referral-made", other=str(BEN))
    seen = ledger.tell(ANN, "visit-made")
    ledger.tell(ANN, "event-corrected", target=str(seen))
    ledger.tell(ANN, "event-retracted", target=str(made))
    ledger.tell(CAT, "event-retracted", target=str(ledger.tell(CAT, "visit-made")))
    group = read_group(ledger, BEN, Aliases(), ledger.head())
    assert [(one.contact_id, one.type) for one in group] == [
        (BEN, "contact-registered"),
        (BEN, "referral-received"),
        (ANN, "event-corrected"),
        (ANN, "event-retracted"),
    ]


def test_a_referrer_in_the_group_is_read_once(ledger: MemoryLedger) -> None:
    ledger.tell(DAN, "contact-registered")
    made = ledger.tell(DAN, "referral-made", other=str(BEN))
    ledger.tell(DAN, "event-retracted", target=str(made))
    ledger.tell(DAN, "contact-merged", into=str(BEN))
    aliases = Aliases(read_merges(ledger, upto=ledger.head()))
    group = read_group(ledger, BEN, aliases, ledger.head())
    assert len({one.position for one in group}) == len(group)
