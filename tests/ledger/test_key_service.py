"""A master key that is a service far away: it fits everywhere where the file does."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from cryptography.exceptions import InvalidTag

from api.service.backups.making import back_up
from api.service.backups.restoring import check, copies_in
from domain.errors import Unavailable
from ledger.dry_run import open_dry_run
from ledger.erasure import Erasure
from ledger.folder import DataFolder
from ledger.rotation import rotate_master_key
from ledger.stores.sqlite.sorting import SqliteSorting
from ledger.stores.sqlite.store import SqliteStore
from ledger.stores.sqlite.verification.ledgers import verify_ledger
from ledger.verification.trust import Trust
from tests.ledger.given import ANN, HandClock, append, draft, registered
from tests.ledger.test_erasure import WISH, name_of
from tests.ledger.verification.test_for_audit import silent

if TYPE_CHECKING:
    from pathlib import Path

PASSPHRASE = "a passphrase of the tests"


class Service:
    """As those of clouds are: what comes back is a handle of a length of its own, and no key of
    ours is ever there; sometimes nobody answers."""

    def __init__(self) -> None:
        self._kept: dict[bytes, tuple[bytes, bytes]] = {}
        self.reachable = True

    def wrap(self, plain: bytes, context: bytes) -> bytes:
        self._answer()
        handle = b"projects/1/keys/2/versions/3:" + uuid4().bytes
        self._kept[handle] = plain, context
        return handle

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        self._answer()
        plain, bound = self._kept.get(wrapped, (b"", None))
        if bound != context:
            raise InvalidTag
        return plain

    def _answer(self) -> None:
        if not self.reachable:
            raise Unavailable("the key service does not answer")


def test_a_ledger_lives_under_a_key_service(tmp_path: Path) -> None:
    service, clock = Service(), HandClock()
    with closing(
        DataFolder.open(tmp_path / "data", SqliteStore, clock=clock, master_key=service)
    ) as folder:
        ledger = folder.ledger("main")
        ann, gone = registered(ledger), registered(ledger)
        ledger.erase(Erasure(contact_id=gone, event=WISH)).result()
        ledger.transparency.sign_head()
    assert not (tmp_path / "data" / "master.key").exists()
    with closing(
        DataFolder.open(tmp_path / "data", SqliteStore, clock=clock, master_key=service)
    ) as folder:
        assert name_of(folder.ledger("main"), ann) == ANN["name"]
        into = tmp_path / "saved"
        back_up(
            tmp_path / "data",
            into,
            ["main"],
            SqliteStore,
            SqliteSorting(),
            clock=clock,
            master_key=service,
            passphrase=PASSPHRASE,
        )
    (copy,) = copies_in(into, None)
    check(
        copy,
        SqliteSorting(),
        keys=[],
        passphrase=PASSPHRASE,
        erased_since=lambda _: frozenset(),
        advance=lambda _done, _total: None,
    )
    assert not verify_ledger(tmp_path / "data/ledgers/main", Trust(service), silent).faults
    with open_dry_run(
        tmp_path / "data", "main", SqliteStore, clock=clock, master_key=service
    ) as tried:
        assert name_of(tried, ann) == ANN["name"]


def test_while_it_does_not_answer_nothing_is_recorded_that_needs_it(tmp_path: Path) -> None:
    service = Service()
    opened = DataFolder.open(tmp_path / "data", SqliteStore, clock=HandClock(), master_key=service)
    with closing(opened) as folder:
        ledger = folder.ledger("main")
        registered(ledger)
        service.reachable = False
        contact_id, head = uuid4(), ledger.head()
        with pytest.raises(Unavailable):
            append(ledger, draft(contact_id, "contact-registered", ANN))
        assert ledger.head() == head
        service.reachable = True
        append(ledger, draft(contact_id, "contact-registered", ANN))
        assert name_of(ledger, contact_id) == ANN["name"]


def test_a_folder_moves_from_its_file_to_a_service(tmp_path: Path) -> None:
    clock, service = HandClock(), Service()
    with closing(DataFolder.open(tmp_path / "data", SqliteStore, clock=clock)) as folder:
        ann = registered(folder.ledger("main"))
        folder.ledger("main").transparency.sign_head()
    old = (tmp_path / "data" / "master.key").read_bytes()
    assert rotate_master_key(tmp_path / "data", SqliteStore, old=old, new=service) == 2
    (tmp_path / "data" / "master.key").unlink()
    with closing(
        DataFolder.open(tmp_path / "data", SqliteStore, clock=clock, master_key=service)
    ) as folder:
        assert name_of(folder.ledger("main"), ann) == ANN["name"]
