"""A ledger whose commits lose their answers: nobody is told what is not so."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from domain.events.contacts import ContactRegistered
from ledger.drafts import Append, Draft
from ledger.folder import DataFolder
from ledger.stores.postgresql.errors import OutcomeUnknown
from ledger.stores.postgresql.store import PostgresqlStore
from ledger.stores.postgresql.writer import Writer
from ledger.stores.sqlite.store import SqliteStore
from tests.fixtures.clock import Clock
from tests.fixtures.patience import END_SECONDS
from tests.postgresql.cable import cable

if TYPE_CHECKING:
    from pathlib import Path

    from domain.recorded import RecordedEvent
    from ledger.drafts import AppendResult
    from ledger.ledger import Ledger

ANN, BEN = UUID(int=1), UUID(int=2)


def register(ledger: Ledger, contact: UUID) -> AppendResult:
    event = ContactRegistered.read({"kind": "person", "name": "Ann Example"})
    draft = Draft(contact_id=contact, type=ContactRegistered.TYPE, event=event, id=contact)
    return ledger.append(Append(drafts=(draft,))).result(timeout=END_SECONDS)


def test_what_nobody_could_look_up_is_announced_once_it_is_known(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repetition with the same id answers with the place that the event has."""
    monkeypatch.setattr(Writer, "settle_seconds", 0)
    seen: list[RecordedEvent] = []
    (tmp_path / "cable").mkdir()
    with cable(tmp_path / "cable", url) as laid:

        def store_of(folder: Path) -> PostgresqlStore:
            return PostgresqlStore(laid.url, folder, SqliteStore)

        folder = DataFolder.open(tmp_path / "data", store_of, clock=Clock())
        with closing(folder):
            ledger = folder.ledger("main")
            ledger.on_record(seen.extend)
            laid.cut_after, laid.plugged = ANN.bytes, False
            with pytest.raises(OutcomeUnknown):
                register(ledger, ANN)
            assert (seen, ledger.head()) == ([], 1)
            laid.plugged = True
            assert register(ledger, BEN).position == 3
            assert [one.contact_id for one in seen] == [ANN, BEN]
            assert ledger.head() == 3
            assert register(ledger, ANN).position == 2
            assert [one.position for one in ledger.log()] == [1, 2, 3]
