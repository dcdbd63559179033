"""An import that is undone: the ledger says what it said before, and its log is longer."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from api.bootstrap import build
from api.service.importing.mapping import mapping_of
from api.service.importing.undoing import Undoing
from api.service.settings import Settings
from domain.errors import ImportNotFound
from domain.events import CATALOGUE
from domain.events.commerce import PurchaseMade
from domain.events.governance import PersonalDataErased
from ledger.drafts import Append, Draft
from ledger.erasure import Erasure
from tests.fixtures.patience import END_SECONDS
from tests.importing.ledgers import NOW, import_of_file, imported_into, opened
from tests.importing.test_mapping import SOUND, changed

if TYPE_CHECKING:
    from uuid import UUID

    from api.service.importing.undoing import Undone
    from ledger.ledger import Ledger

REFUND = {"purchase_id": "1", "amount_minor": 100, "currency": "EUR"}
HEAD = "receipt,who,when,total\n"
MAPPING = mapping_of(SOUND)
ROOT = Path(__file__).parents[2]
PAST = ("1,ann,2026-01-01T10:00:00Z,4.20", "2,ben,2026-01-02T10:00:00Z,3")
NEW = (
    "3,ann,2026-01-03T10:00:00Z,9",
    "4,ben,2026-01-04T10:00:00Z,8",
    "5,ben,2026-02-01T10:00:00Z,7",
)


def write(folder: Path, *lines: str, name: str = "till.csv") -> Path:
    path = folder / name
    path.write_text(HEAD + "".join(f"{line}\n" for line in lines))
    return path


def append(ledger: Ledger, name: str, kind: str, **data: Any) -> UUID:
    """Record one event of a producer; its id."""
    contact_id = ledger.contact_id(name)
    event = CATALOGUE[kind].read(data, ledger.contact_id)
    draft = Draft(contact_id=contact_id, type=kind, event=event)
    return ledger.append(Append(drafts=(draft,))).result(END_SECONDS).events[0].id


def purchases(ledger: Ledger) -> dict[str, UUID]:
    """The ids of the events of purchases, by the purchase."""
    events = ((one.id, one.event) for one in ledger.log())
    return {event.purchase_id: one for one, event in events if isinstance(event, PurchaseMade)}


def undone(ledger: Ledger, import_id: UUID) -> Undone:
    return Undoing(ledger, import_id, lambda _done, _total: None).run()


def test_statuses_standings_and_digests_are_as_before_and_the_log_longer(tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path / "data")
    with closing(build(settings, clock=lambda: NOW)) as server:
        served = server.ledger("main")
        ledger, projections = served.ledger, served.projections
        imported_into(ledger, MAPPING, write(tmp_path, *PAST))
        append(ledger, "pos:ann", "advice-given", advice_id="a1", summary="A lens hood.")

        def known() -> list[object]:
            for name in ("status", "standing"):
                projections.wait_for(ledger.head(), END_SECONDS, name)
            return [projections.digest(name).digest for name in ("status", "standing")]

        before, head = known(), ledger.head()
        path = write(tmp_path, *NEW)
        imported_into(ledger, MAPPING, path)
        with_it = known()
        account = undone(ledger, import_of_file(ledger, MAPPING, path))
        assert (known(), account.retracted) == (before, 3)
        assert before[0] != with_it[0]
        assert ledger.head() == head + 6


def test_the_same_file_appends_its_rows_anew_after_each_undo(tmp_path: Path) -> None:
    path = write(tmp_path, *PAST, *NEW)
    with opened(tmp_path / "data") as ledger:
        import_id = import_of_file(ledger, MAPPING, path)
        for _ in range(3):
            account, rejects = imported_into(ledger, MAPPING, path)
            assert (account.appended, account.already_known, rejects) == (5, 0, [])
            account, rejects = imported_into(ledger, MAPPING, path)
            assert (account.appended, account.already_known, rejects) == (0, 5, [])
            found = undone(ledger, import_id)
            assert (found.retracted, found.kept) == (5, {"contact-registered": 2})
        assert undone(ledger, import_id).retracted == 0


def test_a_corrected_mapping_can_be_used_for_the_file_after_the_undo(tmp_path: Path) -> None:
    path = write(tmp_path, *PAST)
    otherwise = mapping_of(changed("event", 0, "data", "currency", to="USD"))
    with opened(tmp_path / "data") as ledger:
        imported_into(ledger, MAPPING, path)
        _, rejects = imported_into(ledger, otherwise, path)
        assert {one.code for one in rejects} == {"event-id-reused"}
        undone(ledger, import_of_file(ledger, MAPPING, path))
        account, rejects = imported_into(ledger, otherwise, path)
        assert (account.appended, rejects) == (2, [])


def test_only_what_this_import_appended_is_retracted(tmp_path: Path) -> None:
    short, long = write(tmp_path, *PAST, name="a.csv"), write(tmp_path, *PAST, *NEW, name="b.csv")
    with opened(tmp_path / "data") as ledger:
        imported_into(ledger, MAPPING, short)
        imported_into(ledger, MAPPING, long)
        found = undone(ledger, import_of_file(ledger, MAPPING, long))
        assert (found.events, found.retracted, found.kept.total()) == (3, 3, 0)
        account, _ = imported_into(ledger, MAPPING, short)
        assert (account.appended, account.already_known) == (0, 2)


def test_contacts_with_nothing_else_and_events_that_rest_on_it_are_listed(tmp_path: Path) -> None:
    path = write(tmp_path, *PAST, "6,eve,2026-01-03T10:00:00Z,9")
    with opened(tmp_path / "data") as ledger:
        imported_into(ledger, MAPPING, path)
        refund = append(ledger, "pos:ann", "purchase-reversed", **REFUND)
        append(ledger, "pos:ben", "advice-given", advice_id="a1", summary="Wait for the sale.")
        found = undone(ledger, import_of_file(ledger, MAPPING, path))
        assert found.contacts == [ledger.contact_id("pos:eve")]
        (resting,) = found.resting_events
        assert (resting.event_id, resting.type) == (refund, "purchase-reversed")
        imported_into(ledger, MAPPING, path)
        again = undone(ledger, import_of_file(ledger, MAPPING, path))
        assert [one.event_id for one in again.resting_events] == [refund]


def test_what_somebody_retracted_or_corrected_before_is_left_as_it_is(tmp_path: Path) -> None:
    path = write(tmp_path, *PAST)
    with opened(tmp_path / "data") as ledger:
        imported_into(ledger, MAPPING, path)
        ids = purchases(ledger)
        append(ledger, "pos:ann", "event-retracted", target=str(ids["1"]), reason="A test sale.")
        append(
            ledger, "pos:ben", "event-corrected", target=str(ids["2"]), data={
                "purchase_id": "2b", "amount_minor": 1, "currency": "EUR", "initiated_by": "contact"
            },
        )  # fmt: skip
        found = undone(ledger, import_of_file(ledger, MAPPING, path))
        assert (found.retracted, found.already_retracted) == (1, 1)
        account, rejects = imported_into(ledger, MAPPING, path)
        assert (account.appended, account.already_known, rejects) == (1, 1, [])
        append(ledger, "pos:ben", "purchase-made", purchase_id="2b", amount_minor=5, currency="EUR",
               initiated_by="contact")  # fmt: skip


def test_an_id_is_free_again_only_by_an_undo_of_its_own_import(tmp_path: Path) -> None:
    path = write(tmp_path, *PAST)
    with opened(tmp_path / "data") as ledger:
        imported_into(ledger, MAPPING, path)
        ids = purchases(ledger)
        event = CATALOGUE["event-retracted"].read({"target": str(ids["1"]), "reason": "x"})
        other = f"undo;import={ids['1']}"
        draft = Draft(
            contact_id=ledger.contact_id("pos:ann"), type=event.TYPE, event=event, source=other
        )
        ledger.append(Append(drafts=(draft,))).result(END_SECONDS)
        with pytest.raises(Exception, match="was opened by event"):
            append(ledger, "pos:ann", "purchase-made", purchase_id="1", amount_minor=5,
                   currency="EUR", initiated_by="contact")  # fmt: skip


def test_a_run_that_was_stopped_is_completed_by_the_next(tmp_path: Path) -> None:
    rows = [f"{n},c{n % 7},2026-01-01T10:00:00Z,{n}" for n in range(1, 1201)]
    path = write(tmp_path, *rows)
    with opened(tmp_path / "data") as ledger:
        imported_into(ledger, MAPPING, path)
        import_id = import_of_file(ledger, MAPPING, path)

        def stop(done: int, total: int) -> None:
            if 0 < done < total:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            Undoing(ledger, import_id, stop).run()
        # The file can be imported in the middle: what was retracted is new, the rest is known.
        account, _ = imported_into(ledger, MAPPING, path)
        assert 0 < account.appended < 1200
        found = undone(ledger, import_id)
        assert found.retracted == 1200
        assert found.already_retracted == account.appended
        assert len(found.contacts) == 7


def test_an_erased_contact_takes_its_retractions_without_a_reason(tmp_path: Path) -> None:
    path = write(tmp_path, *PAST)
    with opened(tmp_path / "data") as ledger:
        imported_into(ledger, MAPPING, path)
        event = PersonalDataErased.read({"requested_by": "the person", "reason": "By letter."})
        ledger.erase(Erasure(contact_id=ledger.contact_id("pos:ann"), event=event)).result()
        import_id = import_of_file(ledger, MAPPING, path)
        assert [undone(ledger, import_id).retracted for _ in range(2)] == [2, 0]


def test_refunds_are_paired_anew_after_an_undo(tmp_path: Path) -> None:
    document = changed("event", 0, "when", to={"amount": "{total}", "sign": ["positive", "zero"]})
    refund = {
        "type": "purchase-reversed",
        "pair_with_purchase": True,
        "when": {"amount": "{total}", "sign": ["negative"]},
        "data": {"amount_minor": {"amount": "{total}", "negated": True}, "currency": "EUR"},
    }
    mapping = mapping_of({**document, "event": [*document["event"], refund]})
    path = write(tmp_path, *PAST, "7,ann,2026-01-05T10:00:00Z,-4.20")
    with opened(tmp_path / "data") as ledger:
        for _ in range(2):
            account, rejects = imported_into(ledger, mapping, path)
            assert (account.appended, rejects) == (3, [])
            assert imported_into(ledger, mapping, path)[0].already_known == 3
            assert undone(ledger, import_of_file(ledger, mapping, path)).retracted == 3


def test_an_import_that_never_was_is_not_found(tmp_path: Path) -> None:
    path = write(tmp_path, *PAST)
    with opened(tmp_path / "data") as ledger, pytest.raises(ImportNotFound):
        undone(ledger, import_of_file(ledger, MAPPING, path))


KILLED = """
import os, signal, sys
from pathlib import Path
from uuid import UUID
from api.service.importing.undoing import Undoing
from tests.importing.ledgers import opened

def die(done, total):
    if 0 < done < total:
        os.kill(os.getpid(), signal.SIGKILL)

with opened(Path(sys.argv[1])) as ledger:
    Undoing(ledger, UUID(sys.argv[2]), die).run()
"""


def test_an_undo_that_was_killed_is_completed_by_the_next(tmp_path: Path) -> None:
    rows = [f"{n},c{n % 7},2026-01-01T10:00:00Z,{n}" for n in range(1, 1201)]
    path, data = write(tmp_path, *rows), tmp_path / "data"
    with opened(data) as ledger:
        imported_into(ledger, MAPPING, path)
        import_id, head = import_of_file(ledger, MAPPING, path), ledger.head()
    command = [sys.executable, "-c", KILLED, str(data), str(import_id)]
    died = subprocess.run(command, cwd=ROOT, timeout=END_SECONDS, check=False)
    assert died.returncode == -signal.SIGKILL
    with opened(data) as ledger:
        assert head < ledger.head() < head + 1200
        found = undone(ledger, import_id)
        assert (found.retracted + found.already_retracted, ledger.head()) == (1200, head + 1200)
