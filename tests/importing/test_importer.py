"""Imports into a real ledger: nothing lost, nothing doubled, every rejected row with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api.service.importing.mapping import FileMapping, mapping_of
from domain.events.commerce import PurchaseMade
from domain.events.contacts import ContactRegistered
from ledger.drafts import Append, Draft
from tests.importing.ledgers import content_of, dry_run, imported_into, opened
from tests.importing.test_mapping import SOUND, changed

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.ledger import Ledger

HEAD = "receipt,who,when,total\n"
MAPPING = mapping_of(SOUND)


def write(folder: Path, *lines: str) -> Path:
    path = folder / "till.csv"
    path.write_text(HEAD + "".join(f"{line}\n" for line in lines))
    return path


def purchases(ledger: Ledger, name: str) -> list[PurchaseMade]:
    events = [recorded.event for recorded in ledger.stream(ledger.contact_id(name))]
    return [event for event in events if isinstance(event, PurchaseMade)]


def test_each_row_becomes_an_event_and_each_new_contact_a_registration(tmp_path: Path) -> None:
    path = write(tmp_path, "1,ann,2026-01-01T10:00:00Z,4.20", "2,ann,2026-01-02T10:00:00Z,3")
    with opened(tmp_path / "data") as ledger:
        account, rejects = imported_into(ledger, MAPPING, path)
        types = [recorded.type for recorded in ledger.stream(ledger.contact_id("pos:ann"))]
        amounts = [event.amount_minor for event in purchases(ledger, "pos:ann")]
    assert types == ["contact-registered", "purchase-made", "purchase-made"]
    assert amounts == [420, 300]
    assert not rejects
    assert (account.rows, account.appended, account.contacts_registered) == (2, 2, 1)


def test_a_second_run_of_the_same_file_changes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, "1,ann,2026-01-01T10:00:00Z,4.20", "2,ben,2026-01-02T10:00:00Z,3")
    with opened(tmp_path / "data") as ledger:
        imported_into(ledger, MAPPING, path)
        head = ledger.head()
        account, rejects = imported_into(ledger, MAPPING, path)
        assert ledger.head() == head
    assert (account.appended, account.already_known, rejects) == (0, 2, [])


def test_a_longer_file_of_the_same_kind_adds_only_its_new_rows(tmp_path: Path) -> None:
    first = "1,ann,2026-01-01T10:00:00Z,4.20"
    with opened(tmp_path / "data") as ledger:
        imported_into(ledger, MAPPING, write(tmp_path, first))
        account, _ = imported_into(
            ledger, MAPPING, write(tmp_path, first, "2,ann,2026-01-02T10:00:00Z,3")
        )
    assert (account.appended, account.already_known, account.contacts_registered) == (1, 1, 0)


def test_rows_that_are_the_same_to_the_letter_are_each_kept(tmp_path: Path) -> None:
    mapping = mapping_of(changed("event", 0, "data", "purchase_id", to="{receipt}-{occurrence}"))
    path = write(tmp_path, *["1,ann,2026-01-01T10:00:00Z,4.20"] * 3)
    with opened(tmp_path / "data") as ledger:
        for _ in range(2):
            imported_into(ledger, mapping, path)
        ids = [event.purchase_id for event in purchases(ledger, "pos:ann")]
    assert ids == ["1-1", "1-2", "1-3"]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("2,ann,yesterday,4", "invalid-time"),
        ("2,ann,2027-01-01T10:00:00Z,4", "invalid-time"),
        ("2,,2026-01-02T10:00:00Z,4", "unknown-contact"),
        ("2,ann,2026-01-02T10:00:00Z,four", "not-an-amount"),
        ("2,ann,2026-01-02T10:00:00Z,-4", "out-of-range"),
        ("2,ann,2026-01-02T10:00:00Z,4.005", "too-precise"),
        ("2,ann,2026-01-02T10:00:00Z", "wrong-columns"),
        (",ann,2026-01-02T10:00:00Z,4", "missing"),
        ("1,ann,2026-01-02T10:00:00Z,4", "id-in-use"),
    ],
)
@pytest.mark.parametrize("dry", [False, True])
def test_a_bad_row_is_rejected_with_line_and_reason_and_others_go_on(
    tmp_path: Path, row: str, code: str, dry: bool
) -> None:
    path = write(tmp_path, "1,ann,2026-01-01T10:00:00Z,4.20", row, "3,ann,2026-01-03T10:00:00Z,5")
    if dry:
        account, rejects = dry_run(MAPPING, path)
    else:
        with opened(tmp_path / "data") as ledger:
            account, rejects = imported_into(ledger, MAPPING, path)
            assert len(purchases(ledger, "pos:ann")) == 2
    assert [(reject.line, reject.code, reject.row) for reject in rejects] == [(3, code, row)]
    assert (account.appended, account.rejected, account.contacts_registered) == (2, 1, 1)


def test_every_field_that_is_wrong_in_a_row_is_named(tmp_path: Path) -> None:
    mapping = mapping_of(changed("event", 0, "data", "currency", to="{who}"))
    path = write(tmp_path, "1,XXX,2026-01-01T10:00:00Z,4.20")
    _, (reject,) = dry_run(mapping, path)
    assert "'XXX' is not an ISO 4217 code" in reject.detail


def test_a_contact_that_was_registered_in_other_words_is_left_as_it_is(tmp_path: Path) -> None:
    path = write(tmp_path, "1,ann,2026-01-01T10:00:00Z,4.20")
    with opened(tmp_path / "data") as ledger:
        ann = ledger.contact_id("pos:ann")
        event = ContactRegistered.read({"kind": "person", "name": "Ann of the till"})
        ledger.append(
            Append(drafts=(Draft(contact_id=ann, type=event.TYPE, event=event),))
        ).result()
        account, rejects = imported_into(ledger, MAPPING, path)
        assert len(purchases(ledger, "pos:ann")) == 1
    assert (rejects, account.contacts_registered) == ([], 0)


def test_unknown_contacts_are_rejected_where_the_mapping_registers_none(
    tmp_path: Path,
) -> None:
    mapping = mapping_of(changed("contact", "registration", to=None))
    path = write(tmp_path, "1,ann,2026-01-01T10:00:00Z,4.20")
    with opened(tmp_path / "data") as ledger:
        _, (reject,) = imported_into(ledger, mapping, path)
    assert reject.code == "contact-unregistered"


def test_a_file_of_many_batches_with_one_bad_row_in_each_loses_only_those(tmp_path: Path) -> None:
    lines = [
        f"{number},c{number % 40},2026-01-01T10:00:00Z,{'bad' if number % 300 == 7 else 1}"
        for number in range(1500)
    ]
    lines[900] = "899,c19,2026-01-01T10:00:00Z,1"  # the receipt of the row above, so it is refused
    path = write(tmp_path, *lines)
    with opened(tmp_path / "data") as ledger:
        account, rejects = imported_into(ledger, MAPPING, path)
        recorded = sum(r.type == "purchase-made" for r in ledger.log(limit=10_000))
    assert [reject.line for reject in rejects if reject.code == "not-an-amount"] == [
        number + 2 for number in range(7, 1500, 300)
    ]
    assert [reject.line for reject in rejects if reject.code == "id-in-use"] == [902]
    assert recorded == account.appended == 1500 - len(rejects)


def test_a_dry_run_says_what_a_run_would_say_of_a_ledger_that_is_in_use(tmp_path: Path) -> None:
    first = "1,ann,2026-01-01T10:00:00Z,4.20"
    with opened(tmp_path / "data") as ledger:
        imported_into(ledger, MAPPING, write(tmp_path, first))
    path = write(
        tmp_path,
        first,
        "2,ann,2026-01-02T10:00:00Z,3",
        "3,ben,2026-01-02T10:00:00Z,3",
        "1,ben,2026-01-02T10:00:00Z,free",
    )
    dry = dry_run(MAPPING, path, tmp_path / "data")
    again = dry_run(MAPPING, path, tmp_path / "data")
    with opened(tmp_path / "data") as ledger:
        real = imported_into(ledger, MAPPING, path)
    for account, _ in (dry, again, real):
        account.seconds = 0
    assert dry == again == real
    assert (real[0].appended, real[0].already_known, real[0].contacts_registered) == (2, 1, 1)


def paired_mapping() -> FileMapping:
    document = changed("event", 0, "when", to={"text": "{kind}", "is": "sale"})
    document["event"].append(
        {
            "type": "purchase-reversed",
            "when": {"text": "{kind}", "is": "refund"},
            "pair_with_purchase": True,
            "data": {"amount_minor": {"amount": "{total}", "negated": True}, "currency": "EUR"},
        }
    )
    return mapping_of(document)


def test_cancellations_are_paired_or_rejected_and_twice_the_same(tmp_path: Path) -> None:
    path = tmp_path / "till.csv"
    path.write_text(
        "receipt,kind,who,when,total\n"
        "C0,refund,ann,2026-01-01T09:00:00Z,-4.20\n"
        "1,sale,ann,2026-01-01T10:00:00Z,4.20\n"
        "2,sale,ann,2026-01-02T10:00:00Z,9\n"
        "C1,refund,ann,2026-01-03T10:00:00Z,-4.20\n"
        "C2,refund,ann,2026-01-04T10:00:00Z,-6\n"
        "C3,refund,ann,2026-01-05T10:00:00Z,-6\n"
        "X,gift,ann,2026-01-05T10:00:00Z,-6\n"
    )
    with opened(tmp_path / "data") as ledger:
        _, rejects = imported_into(ledger, paired_mapping(), path)
        before = content_of(ledger)
        again, rejects_again = imported_into(ledger, paired_mapping(), path)
        assert content_of(ledger) == before
        reversed_ids = [
            recorded.event.show()["purchase_id"]
            for recorded in ledger.stream(ledger.contact_id("pos:ann"), types=["purchase-reversed"])
        ]
    assert reversed_ids == ["1", "2"]
    assert sorted((reject.line, reject.code) for reject in rejects) == [
        (2, "unpaired"),
        (7, "unpaired"),
        (8, "no-rule"),
    ]
    assert rejects_again == rejects
    assert again.appended == 0


@pytest.mark.parametrize("newest_first", [False, True])
def test_the_order_of_rows_makes_no_difference_to_pairs(tmp_path: Path, newest_first: bool) -> None:
    rows = [
        "1,sale,ann,2026-01-01T10:00:00Z,4.20",
        "2,sale,ann,2026-01-02T10:00:00Z,9",
        "C1,refund,ann,2026-01-03T10:00:00Z,-4.20",
        "C2,refund,ann,2026-01-04T10:00:00Z,-6",
    ]
    path = tmp_path / "till.csv"
    listed = reversed(rows) if newest_first else rows
    path.write_text("".join(f"{row}\n" for row in ("receipt,kind,who,when,total", *listed)))
    with opened(tmp_path / "data") as ledger:
        account, rejects = imported_into(ledger, paired_mapping(), path)
        assert (account.appended, rejects) == (4, [])
        refunds = ledger.stream(ledger.contact_id("pos:ann"), types=["purchase-reversed"])
        assert [one.event.show()["purchase_id"] for one in refunds] == ["1", "2"]


def test_a_refund_that_is_recorded_keeps_its_purchase_whatever_comes_later(tmp_path: Path) -> None:
    head, path = "receipt,kind,who,when,total", tmp_path / "till.csv"
    first = ("1,sale,ann,2026-01-01T10:00:00Z,9", "C1,refund,ann,2026-01-03T10:00:00Z,-4.20")
    better = "2,sale,ann,2026-01-02T10:00:00Z,4.20"
    with opened(tmp_path / "data") as ledger:
        for rows, appended in ((first, 2), ((first[0], better, first[1]), 1)):
            path.write_text("".join(f"{row}\n" for row in (head, *rows)))
            account, rejects = imported_into(ledger, paired_mapping(), path)
            assert (account.appended, rejects) == (appended, [])
