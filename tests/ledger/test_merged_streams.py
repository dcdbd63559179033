"""What a ledger must know of merges to append: little, and after a failed commit the truth."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from domain.errors import Refused, Unavailable
from ledger.application import LedgerApplication
from ledger.drafts import Append
from tests.fixtures.faults import calls_of
from tests.ledger.given import ANN, SALE, append, draft, open_ledger, registered
from tests.ledger.test_committer import locked, pragma

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.ledger import Ledger
    from tests.ledger.given import HandClock


def merged(ledger: Ledger, contact_id: UUID, into: UUID) -> None:
    append(ledger, draft(contact_id, "contact-merged", {"into": str(into)}))


def test_an_append_says_for_whom_its_streams_count(ledger: Ledger) -> None:
    old, new, last = (registered(ledger) for _ in range(3))
    merged(ledger, old, new)
    merged(ledger, new, last)
    drafts = [draft(one, "visit-made", {"guests": 1}) for one in (old, last, new)]
    done = ledger.append(Append(drafts=tuple(drafts))).result()
    assert done.survivors == {old: last, new: last}
    assert (done.contact_id, done.counts_for, done.version) == (new, last, 3)


def test_within_an_append_merges_count_from_where_they_stand(ledger: Ledger) -> None:
    """Also for whether somebody refers themselves, which takes the survivors of both."""
    old, new = registered(ledger), registered(ledger)
    sent = {"direction": "inbound", "level": 1, "other": str(new)}
    merge = draft(old, "contact-merged", {"into": str(new)})
    reversal = draft(old, "merge-reversed", {"into": str(new)})
    first = draft(old, "referral-made", {"referral_id": "1", **sent})
    with pytest.raises(Refused) as raised:
        append(ledger, merge, first)
    assert raised.value.reason == "self-referral"
    second = draft(old, "referral-made", {"referral_id": "2", **sent})
    done = append(ledger, first, merge, reversal, second)
    assert done.survivors == {}
    assert done.events[-1].version == 5


def test_an_append_to_a_merged_contact_reads_nothing_of_its_survivor(
    tmp_path: Path, clock: HandClock
) -> None:
    ledger = open_ledger(tmp_path, clock)
    old, new = registered(ledger), registered(ledger)
    merged(ledger, old, new)
    ledger.close()
    with (
        calls_of(LedgerApplication, "contact") as alone,
        calls_of(LedgerApplication, "contacts") as together,
        closing(open_ledger(tmp_path, clock)) as ledger,
    ):
        assert append(ledger, draft(old, "purchase-made", SALE)).counts_for == new
    read = [call.positional[1] for call in alone]
    read += [contact for call in together for contact in call.positional[1]]
    assert read == [old]


def test_a_merge_that_was_not_committed_is_none(tmp_path: Path, clock: HandClock) -> None:
    ledger = open_ledger(tmp_path, clock)
    old, new = registered(ledger), registered(ledger)
    pragma(ledger, "PRAGMA busy_timeout=20")
    with locked(tmp_path), pytest.raises(Unavailable):
        merged(ledger, old, new)
    assert append(ledger, draft(old, "purchase-made", SALE)).counts_for is None
    merged(ledger, old, new)
    assert append(ledger, draft(old, "visit-made", {"guests": 0})).counts_for == new
    ledger.close()


def test_a_merged_contact_keeps_its_own_versions_and_preconditions(ledger: Ledger) -> None:
    old, new = registered(ledger), registered(ledger)
    merged(ledger, old, new)
    sale = draft(old, "purchase-made", SALE, id=uuid4())
    done = ledger.append(Append(drafts=(sale,), if_version=2)).result()
    assert (done.version, ledger.version(new)) == (3, 1)
    again = ledger.append(Append(drafts=(sale,), if_version=2)).result()
    assert (again.replayed, again.version, again.counts_for) == (True, 3, new)


def test_a_merged_contact_is_registered_once(ledger: Ledger) -> None:
    old, new = registered(ledger), registered(ledger)
    merged(ledger, old, new)
    done = append(ledger, draft(old, "contact-registered", ANN))
    assert (done.events, done.version, done.counts_for) == ((), 2, new)


def test_the_log_of_some_streams_is_by_position_whatever_their_number(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    contacts = [registered(ledger) for _ in range(7)]
    for number in range(3):
        for contact in contacts:
            append(ledger, draft(contact, "visit-made", {"guests": number}))
    some = contacts[:5]
    whole = [one for one in ledger.log(limit=100) if one.contact_id in some]
    for together in (2, 3, 500):
        monkeypatch.setattr("ledger.stores.sqlite.events.MOST_IDS", together)
        assert ledger.log(limit=100, streams=some) == whole
        assert (
            ledger.log(limit=4, streams=some, after=9)
            == [one for one in whole if one.position > 9][:4]
        )
        assert ledger.log(limit=100, streams=some, upto=9, types=["visit-made"]) == [
            one for one in whole if one.position <= 9 and one.type == "visit-made"
        ]
