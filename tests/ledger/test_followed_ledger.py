"""A ledger that one process appends to and another one follows and signs."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from domain.errors import Corrupt
from domain.events.base import EncryptedValue
from domain.events.contacts import ContactRegistered
from domain.events.governance import PersonalDataErased
from domain.presets import PRESETS
from ledger.drafts import Append
from ledger.erasure import Erasure
from ledger.folder import DataFolder
from ledger.followed_ledger import FollowedLedger
from ledger.memory_budget import MemoryBudget
from ledger.stores.sqlite.store import SqliteStore
from tests.ledger.given import ANN, HandClock, draft

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from uuid import UUID

    from ledger.ledger import Ledger


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    """A folder whose logs are signed by somebody else."""
    opened = DataFolder.open(
        tmp_path / "data", SqliteStore, clock=HandClock(), signed_elsewhere=True
    )
    with closing(opened):
        yield opened


@pytest.fixture
def ledger(folder: DataFolder) -> Ledger:
    return folder.ledger("main")


@pytest.fixture
def followed(folder: DataFolder, ledger: Ledger) -> Iterator[FollowedLedger]:
    with closing(follow(folder, ledger)) as opened:
        yield opened


def follow(folder: DataFolder, ledger: Ledger) -> FollowedLedger:
    return FollowedLedger(
        ledger.store, master_key=folder.master_key, clock=HandClock(), memory=MemoryBudget()
    )


def register(ledger: Ledger) -> UUID:
    contact = uuid4()
    ledger.append(Append(drafts=(draft(contact, ContactRegistered.TYPE, ANN),))).result()
    return contact


def test_what_is_appended_and_published_is_seen(ledger: Ledger, followed: FollowedLedger) -> None:
    for _ in range(2):
        contact = register(ledger)
        ledger.publish_policy(PRESETS["cafe"], None).result()
        assert followed.head() == ledger.head()
        assert followed.stream(contact) == ledger.stream(contact)
        assert followed.policies() == ledger.policies()
        assert followed.policies(1) == ledger.policies(1)


def test_policies_of_a_position_are_asked_for_once(
    folder: DataFolder, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pass over the contacts asks for them with each one of them."""
    ledger.publish_policy(PRESETS["cafe"], None).result()
    with closing(follow(folder, ledger)) as followed:
        head = followed.head()
        known = followed.policies(head)
        asked = []

        def counted() -> int:
            asked.append(head)
            return head

        monkeypatch.setattr(followed, "head", counted)
        assert followed.policies(head) == known == ledger.policies(head)
        assert asked == []
        followed.policies(head + 1)
        assert asked == [head]


def test_nothing_personal_is_readable_there(ledger: Ledger, followed: FollowedLedger) -> None:
    contact = register(ledger)
    (event,) = followed.stream(contact, decrypt=True)
    assert isinstance(event.event, ContactRegistered)
    assert isinstance(event.event.name, EncryptedValue)
    (told,) = ledger.stream(contact, decrypt=True)
    assert told.event != event.event


def test_what_it_signs_is_the_checkpoint_of_the_one_that_appends(
    ledger: Ledger, followed: FollowedLedger
) -> None:
    assert ledger.transparency.checkpoint().size == 0
    register(ledger)
    signed = followed.transparency.sign_head()
    assert signed.size == ledger.head() == 2
    assert ledger.transparency.checkpoint() == signed
    assert ledger.transparency.inclusion(2).tree_size == 2


def test_a_rotated_key_is_known_on_both_sides(folder: DataFolder, ledger: Ledger) -> None:
    register(ledger)
    ledger.transparency.rotate()
    with closing(follow(folder, ledger)) as later:
        later.transparency.sign_head()
        ours, theirs = ledger.transparency.key_history(), later.transparency.key_history()
        assert [key.retired_at for key in ours] == [key.retired_at for key in theirs]
        assert len(ours) == 2


def test_an_erasure_is_not_held_up(ledger: Ledger, followed: FollowedLedger) -> None:
    """The file of keys is not open there, which would keep a destroyed key in its log."""
    contact = register(ledger)
    followed.transparency.sign_head()
    event = PersonalDataErased(requested_by="Ann", reason="asked")
    ledger.erase(Erasure(contact_id=contact, event=event)).result()
    assert ledger.head() == followed.head()


def test_a_wake_calls_those_who_follow_with_the_head(
    ledger: Ledger, followed: FollowedLedger
) -> None:
    heads: list[int] = []
    let_go = followed.on_commit(heads.append)
    register(ledger)
    assert heads == []
    followed.wake()
    let_go()
    followed.wake()
    assert heads == [ledger.head()]


def test_another_master_key_is_refused(ledger: Ledger) -> None:
    with pytest.raises(Corrupt):
        FollowedLedger(ledger.store, master_key=bytes(32), clock=HandClock(), memory=MemoryBudget())
