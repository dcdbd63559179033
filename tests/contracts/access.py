"""What every store of access keys and audit trails promises, as tests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ledger.stores.access import BEGINNING, AccessKey, Act

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.stores.access import AccessKeyStore, TrailHeads, TrailStore

TILL = AccessKey(
    id="till",
    name="Till 4",
    digest=b"d" * 32,
    scopes=frozenset({"append", "read"}),
    ledger="main",
    per_minute=600,
    made_at=1,
    expires_at=None,
    revoked_at=None,
    seen_at=None,
)


def entry(number: int, act: str = "key-made", **more: object) -> Act:
    """An order with that number; hashes are the caller's concern."""
    made = Act(
        number=number,
        at=number,
        principal="open",
        act=act,
        subject="till",
        detail={"scopes": ["read"]},
        previous=BEGINNING,
        hash=f"{number:064d}",
    )
    return replace(made, **more)  # type: ignore[arg-type]  # fields of an act


class AccessKeyStoreContract(ABC):
    """Adopted by a store that says how one is opened in a folder."""

    @abstractmethod
    def open_keys(self, folder: Path) -> AccessKeyStore:
        """The store of that folder, empty at first."""

    def test_a_key_comes_back_as_it_was_added(self, tmp_path: Path) -> None:
        other = replace(TILL, id="all", ledger=None, per_minute=None, expires_at=9)
        of_calendar = replace(TILL, id="ics", scopes=frozenset({"calendar"}), occasions=True)
        with closing(self.open_keys(tmp_path)) as keys:
            assert keys.all() == []
            keys.add(TILL)
            keys.add(other)
            keys.add(of_calendar)
        with closing(self.open_keys(tmp_path)) as again:
            assert sorted(again.all(), key=lambda key: key.id) == [other, of_calendar, TILL]

    def test_a_change_is_of_one_key_alone(self, tmp_path: Path) -> None:
        with closing(self.open_keys(tmp_path)) as keys:
            keys.add(TILL)
            keys.add(replace(TILL, id="other"))
            keys.set_digest("till", b"n" * 32)
            keys.set_revoked("till", 7)
            keys.set_seen("till", 5)
            found = {key.id: key for key in keys.all()}
        assert found["till"] == replace(TILL, digest=b"n" * 32, revoked_at=7, seen_at=5)
        assert found["other"] == replace(TILL, id="other")

    def test_what_another_process_wrote_is_noticed(self, tmp_path: Path) -> None:
        with closing(self.open_keys(tmp_path)) as one, closing(self.open_keys(tmp_path)) as other:
            before = one.changes()
            assert one.changes() == before
            other.add(TILL)
            assert one.changes() != before
            assert one.all() == [TILL]


class TrailStoreContract(ABC):
    """Adopted by a store that says how one is opened in a folder."""

    @abstractmethod
    def open_trail(self, folder: Path) -> TrailStore:
        """The store of that folder, empty at first."""

    def test_entries_come_back_in_order_as_they_were_added(self, tmp_path: Path) -> None:
        order = entry(1)
        outcome = entry(2, outcome="done", of=1)
        with closing(self.open_trail(tmp_path)) as trail:
            assert trail.newest() is None
            with trail.adding(""):
                trail.insert(order)
                trail.insert(outcome)
        with closing(self.open_trail(tmp_path)) as again:
            assert again.entries(0, 10) == [order, outcome]
            assert again.entries(1, 10) == [outcome]
            assert again.entries(0, 1) == [order]
            assert again.newest() == (2, outcome.hash, 2)
            assert (again.hash_of(1), again.hash_of(3)) == (order.hash, None)

    def test_an_error_leaves_nothing_of_a_transaction(self, tmp_path: Path) -> None:
        with closing(self.open_trail(tmp_path)) as trail:
            with pytest.raises(ZeroDivisionError):
                _fail_after_one(trail)
            assert trail.entries(0, 10) == []
            with trail.adding(""):
                trail.insert(entry(1))
            assert trail.newest() == (1, entry(1).hash, 1)

    def test_an_act_counts_unless_it_was_refused_or_failed(self, tmp_path: Path) -> None:
        with closing(self.open_trail(tmp_path)) as trail, trail.adding(""):
            assert not trail.tells_of("key-made", None)
            trail.insert(entry(1))
            assert trail.tells_of("key-made", None)
            trail.insert(entry(2, outcome="refused", of=1))
            assert not trail.tells_of("key-made", None)
            trail.insert(entry(3))
            assert trail.tells_of("key-made", None)
            trail.insert(entry(4, act="ledger-restored"))
            assert trail.tells_of("key-made", None)
            assert not trail.tells_of("key-made", "ledger-restored")


def _fail_after_one(trail: TrailStore) -> None:
    with trail.adding(""):
        trail.insert(entry(1))
        raise ZeroDivisionError


class TrailHeadsContract(ABC):
    """Adopted by a store that says how one is opened in a folder."""

    @abstractmethod
    def open_heads(self, folder: Path) -> TrailHeads:
        """The store of that folder, empty at first."""

    def test_the_newest_entry_of_each_trail_is_known(self, tmp_path: Path) -> None:
        heads = self.open_heads(tmp_path)
        assert heads.heads() == {}
        heads.advance("", 1, "a")
        heads.advance("main", 2, "b")
        heads.advance("main", 1, "older")
        heads.advance("", 3, "c")
        assert self.open_heads(tmp_path).heads() == {"": (3, "c"), "main": (2, "b")}
        heads.forget("main")
        assert heads.heads() == {"": (3, "c")}
