"""What the caches of a process keep together, however many ledgers it has open."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING
from uuid import uuid4

from domain.contact import ContactState
from ledger.folder import DataFolder
from ledger.memory_budget import (
    BELIEFS,
    CARDS,
    HISTORIES,
    KEYS,
    MEBIBYTE,
    STATES,
    STATUSES,
    STREAMS,
    MemoryBudget,
    Part,
)
from ledger.state_cache import CONTACT_WEIGHT, ContactStates
from ledger.stores.sqlite.store import SqliteStore
from tests.ledger.given import HandClock

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from uuid import UUID

TENTH = Part(10, 100)


def test_the_parts_of_a_server_and_its_follower_are_all_of_the_budget() -> None:
    """Streams are read in both processes, and histories are kept for three projections."""
    once = sum(one.percent for one in (STATES, KEYS, STATUSES, CARDS, BELIEFS))
    assert once + 2 * STREAMS.percent + 3 * HISTORIES.percent == 100


def test_each_ledger_has_the_same_share_and_all_of_them_the_budget() -> None:
    memory = MemoryBudget(MEBIBYTE)
    most = memory.share(TENTH)
    assert most() == MEBIBYTE // 1000
    for count in (1, 2, 3):
        memory.add_ledger()
        assert most() * TENTH.unit_bytes * count <= MEBIBYTE // 10
        assert most() == MEBIBYTE // 1000 // count
    memory.remove_ledger()
    assert most() == MEBIBYTE // 2000


def test_ledgers_share_the_budget_of_their_folder(tmp_path: Path) -> None:
    memory = MemoryBudget(MEBIBYTE)
    most = memory.share(TENTH)
    with ExitStack() as opened:
        folder = DataFolder.open(tmp_path / "data", SqliteStore, clock=HandClock(), memory=memory)
        opened.enter_context(closing(folder))
        folder.ledger("main")
        alone = most()
        folder.create("shop")
        assert most() == alone // 2
        folder.delete("shop")
        assert most() == alone


def test_a_cache_gives_way_to_a_ledger_that_is_opened_later() -> None:
    memory = MemoryBudget(MEBIBYTE)
    memory.add_ledger()
    loaded: list[UUID] = []

    def load_all(unknown: Sequence[UUID]) -> Iterable[ContactState]:
        loaded.extend(unknown)
        return ()

    most = memory.share(Part(100, MEBIBYTE // 100))
    states = ContactStates(ContactState.initial, load_all, most)
    contacts = [uuid4() for _ in range(100)]
    for contact in contacts:
        states.get(contact)
    for share in (100, 50):
        states.trim()
        loaded.clear()
        states.meet(contacts)
        assert len(contacts) - len(loaded) == share // CONTACT_WEIGHT
        memory.add_ledger()
