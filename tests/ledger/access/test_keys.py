from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from domain.errors import Invalid, KeyNotFound, Unauthenticated
from domain.instants import SECOND
from ledger.access.keys import SEEN_EVERY, AccessKeys
from ledger.access.opening import open_access_keys
from ledger.access.scopes import READ
from ledger.stores.sqlite.store import SqliteStore
from tests.fixtures.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(tmp_path: Path, clock: Clock) -> Iterator[AccessKeys]:
    opened = open_access_keys(SqliteStore(tmp_path), clock)
    yield opened
    opened.close()


def test_a_key_opens_with_its_secret_and_with_nothing_else(keys: AccessKeys) -> None:
    made, secret = keys.make("till", [READ], ledger="main")
    found = keys.authenticate(secret)
    assert (found.id, found.name, found.ledger) == (made.id, "till", "main")
    assert found.principal.has([READ])
    other = "A" if secret[-1] != "A" else "B"
    for wrong in (secret[:-1] + other, secret + "A", secret[:-1], "", made.id, "é", secret.upper()):
        with pytest.raises(Unauthenticated):
            keys.authenticate(wrong)


def test_no_secret_is_kept_and_the_file_is_for_its_owner(keys: AccessKeys, tmp_path: Path) -> None:
    _, secret = keys.make("till", [READ])
    random = secret.split("_", 2)[2].encode()
    for file in tmp_path.iterdir():
        assert random not in file.read_bytes()
    assert (tmp_path / "access.sqlite").stat().st_mode & 0o077 == 0


def test_it_is_open_until_the_first_key_and_never_again(keys: AccessKeys) -> None:
    assert keys.is_open()
    made, _ = keys.make("till", [READ])
    assert not keys.is_open()
    keys.revoke(made.id)
    assert not keys.is_open()


def test_a_revoked_key_opens_nothing_and_an_expired_one_neither(
    keys: AccessKeys, clock: Clock
) -> None:
    made, secret = keys.make("till", [READ])
    _, brief = keys.make("visitor", [READ], expires_at=clock.instant + SECOND)
    keys.authenticate(brief)
    clock.instant += SECOND
    with pytest.raises(Unauthenticated):
        keys.authenticate(brief)
    keys.authenticate(secret)
    revoked = keys.revoke(made.id)
    assert keys.revoke(made.id) == revoked
    with pytest.raises(Unauthenticated):
        keys.authenticate(secret)


def test_a_rotated_key_keeps_its_name_and_loses_its_old_secret(keys: AccessKeys) -> None:
    made, old = keys.make("till", [READ])
    rotated, new = keys.rotate(made.id)
    assert (rotated.id, rotated.name) == (made.id, made.name)
    assert keys.authenticate(new).id == made.id
    with pytest.raises(Unauthenticated):
        keys.authenticate(old)
    keys.revoke(made.id)
    with pytest.raises(KeyNotFound):
        keys.rotate(made.id)


@pytest.mark.parametrize("change", ["revoke", "rotate"])
def test_a_key_that_is_changed_while_it_is_being_used_stays_changed(
    tmp_path: Path, change: str
) -> None:
    """Noting the use of it must not bring back what was known of it before."""
    clock = Clock()
    meanwhile: list[Callable[[str], object]] = []

    def late() -> int:
        """The clock is asked between letting a key in and noting its use."""
        while meanwhile:
            meanwhile.pop()(made.id)
        return clock()

    keys = open_access_keys(SqliteStore(tmp_path), late)
    made, secret = keys.make("till", [READ])
    meanwhile.append(getattr(keys, change))
    keys.authenticate(secret)
    with pytest.raises(Unauthenticated):
        keys.authenticate(secret)
    keys.close()


def test_who_was_let_in_is_let_go_on_with_the_same_secret_alone(
    keys: AccessKeys, clock: Clock
) -> None:
    made, secret = keys.make("till", [READ], expires_at=clock.instant + SECOND)
    first = keys.authenticate(secret).principal
    assert keys.still_opens(first)
    _, secret = keys.rotate(made.id)
    assert not keys.still_opens(first)
    second = keys.authenticate(secret).principal
    assert keys.still_opens(second)
    clock.instant += SECOND
    assert not keys.still_opens(second)


def test_what_another_process_changes_holds_here(tmp_path: Path, clock: Clock) -> None:
    keys = open_access_keys(SqliteStore(tmp_path), clock, fresh_seconds=0.0)
    elsewhere = open_access_keys(SqliteStore(tmp_path), clock)
    made, secret = elsewhere.make("till", [READ])
    assert keys.authenticate(secret).id == made.id
    elsewhere.revoke(made.id)
    with pytest.raises(Unauthenticated):
        keys.authenticate(secret)
    elsewhere.close()
    keys.close()


def test_the_last_use_is_noted_once_a_minute_and_kept(
    keys: AccessKeys, tmp_path: Path, clock: Clock
) -> None:
    made, secret = keys.make("till", [READ])
    first = clock.instant
    keys.authenticate(secret)
    clock.instant += SEEN_EVERY - 1
    keys.authenticate(secret)
    assert keys.find(made.id).seen_at == first
    clock.instant += 1
    keys.authenticate(secret)
    keys.close()
    again = open_access_keys(SqliteStore(tmp_path), clock)
    assert again.find(made.id).seen_at == first + SEEN_EVERY
    again.close()


def test_a_use_that_cannot_be_noted_still_opens(keys: AccessKeys, tmp_path: Path) -> None:
    made, secret = keys.make("till", [READ])
    with sqlite3.connect(tmp_path / "access.sqlite", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert keys.authenticate(secret).id == made.id
        other.execute("ROLLBACK")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "a\nb"}, "/name"),
        ({"name": "x" * 101}, "/name"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["root"]}, "/scopes"),
        ({"per_minute": 0}, "/per_minute"),
        ({"expires_at": 5}, "/expires_at"),
    ],
)
def test_a_key_that_cannot_be_is_refused_by_its_field(
    keys: AccessKeys, wrong: dict[str, object], pointer: str
) -> None:
    given: dict[str, object] = {"name": "till", "scopes": [READ], **wrong}
    with pytest.raises(Invalid) as caught:
        keys.make(**given)  # type: ignore[arg-type]  # wrong ones on purpose
    assert caught.value.errors[0].pointer == pointer
    assert keys.is_open()


def test_a_key_that_is_not_there_is_not_found(keys: AccessKeys) -> None:
    for act in (keys.find, keys.revoke, keys.rotate):
        with pytest.raises(KeyNotFound):
            act("0123456789abcdef")
