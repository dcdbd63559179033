"""``rapport contacts`` and ``rapport duplicates``, of a folder and of a server that runs on it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from tests.cli.running import rapport, serving
from tests.fixtures.clock import Clock
from tests.ledger.given import append, draft

if TYPE_CHECKING:
    from pathlib import Path

MAIL = {"kind": "email", "value": "ada@example.org"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("contacts") / "data"
    with closing(DataFolder.open(path, SqliteStore, clock=Clock())) as folder:
        ledger = folder.ledger("main")
        for ref, name in (("pos:1", "Ada Jansen"), ("shop:1", "A. Jansen"), ("pos:2", "Bo Smit")):
            contact = ledger.contact_id(ref)
            append(ledger, draft(contact, "contact-registered", {"kind": "person", "name": name}))
            if "Jansen" in name:
                append(ledger, draft(contact, "contact-detail-learned", MAIL))
    return path


def test_people_find_people(data: Path) -> None:
    ended = rapport("contacts", "smit", "bo", "--data", data)
    assert ended.code == 0, ended.err
    assert "Bo Smit" in ended.out
    assert "Jansen" not in ended.out
    assert rapport("contacts", "nobody", "--data", data).out == "Nobody is called so.\n"


def test_people_read_who_may_be_one_person(data: Path) -> None:
    ended = rapport("duplicates", "--data", data)
    assert ended.code == 0, ended.err
    assert "same email" in ended.out
    assert "different name" in ended.out
    assert "Bo Smit" not in ended.out


def test_a_running_server_answers_the_same(data: Path) -> None:
    asked = (("contacts", "jansen"), ("contacts", "ada@example.org"), ("duplicates",))
    alone = [rapport(*words, "--data", data, "--json").json() for words in asked]
    assert [len(one["items"]) for one in alone] == [2, 2, 1]
    with serving("serve", "--port", 0, "--data", data):
        assert [rapport(*words, "--data", data, "--json").json() for words in asked] == alone
