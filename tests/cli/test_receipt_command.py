from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx
import pytest

from api.http.app import create_app
from tests.api.shop import START, Clock, built, listening
from tests.cli.running import Ended, rapport
from tests.fixtures.patience import END_SECONDS
from tests.ledger.given import append, draft

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.service.server import Server

CONTACT = "pos:17 50/é"


def record(server: Server) -> None:
    ledger = server.ledger("main").ledger
    contact = ledger.contact_id(CONTACT)
    append(ledger, draft(contact, "contact-registered", {"kind": "person", "name": "Ann"}))
    for guests in range(4):
        append(ledger, draft(contact, "visit-made", {"guests": guests}, occurred_at=START))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("receipt") / "data"
    with built(path, Clock()) as server:
        record(server)
    return path


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with (
        built(tmp_path_factory.mktemp("receipt") / "data", Clock()) as server,
        listening(create_app(server)) as address,
    ):
        record(server)
        yield f"{address}/v1/ledgers/main"


@pytest.fixture(params=["folder", "url"])
def target(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


def verified(ended: Ended, tmp_path: Path, *options: str) -> Ended:
    assert ended.code == 0, ended.err
    (tmp_path / "receipt.json").write_text(ended.out, encoding="utf-8")
    return rapport("verify", tmp_path / "receipt.json", *options)


def test_a_receipt_that_is_written_verifies_without_the_ledger(target: str, tmp_path: Path) -> None:
    ended = rapport("receipt", target, CONTACT, "--as-of", "2026-03-02")
    assert "NO KEY WAS PINNED" in ended.err
    assert "not proven by a receipt: that no event after the newest version" in ended.err
    (key,) = json.loads(ended.out)["verifiers"]
    checked = verified(ended, tmp_path, "--key", key)
    assert checked.code == 0, checked.out
    assert "sound" in checked.out
    pinned = rapport("receipt", target, CONTACT, "--as-of", "2026-03-02", "--key", key)
    assert "NO KEY" not in pinned.err
    assert json.loads(pinned.out)["answer"] == json.loads(ended.out)["answer"]


def test_it_takes_the_question_of_the_status(target: str, tmp_path: Path) -> None:
    asked = ("--as-of", "2026-03-02", "--as-known-at", 3, "--policy-version", 1)
    ended = rapport("receipt", target, CONTACT, *asked)
    question = json.loads(ended.out)["question"]
    assert question["as_of"] == "2026-03-02T00:00:00Z"
    assert (question["as_known_at"], question["policy_version"]) == (3, 1)
    assert len(json.loads(ended.out)["events"]) == 2
    assert verified(ended, tmp_path).code == 0


def test_a_receipt_somebody_changed_does_not_verify(target: str, tmp_path: Path) -> None:
    ended = rapport("receipt", target, CONTACT, "--as-of", "2026-03-02")
    receipt = json.loads(ended.out)
    receipt["answer"]["stage"] = "client"
    (tmp_path / "receipt.json").write_text(json.dumps(receipt), encoding="utf-8")
    checked = rapport("verify", tmp_path / "receipt.json")
    assert checked.code == 1
    assert "/answer/stage" in checked.out


def test_the_log_proves_that_nothing_newer_was_left_out(target: str, tmp_path: Path) -> None:
    kept = tmp_path / "receipt.json"
    kept.write_text(rapport("receipt", target, CONTACT).out, encoding="utf-8")
    ended = rapport("proof", "newest", target, kept)
    assert ended.code == 0, ended.err
    assert ended.out.startswith("nothing newer was known at position 6: 6 entries")
    shown = rapport("proof", "newest", target, kept, "--json").json()
    assert sorted(shown["newest_versions"].values()) == [1, 5]
    kept.write_text("{}", encoding="utf-8")
    ended = rapport("proof", "newest", target, kept)
    assert (ended.code, ended.out) == (1, "")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("pos:nobody",), 2),
        (("nonsense",), 2),
        ((CONTACT, "--as-known-at", 1), 2),
        ((CONTACT, "--as-known-at", 99), 2),
        ((CONTACT, "--policy-version", 9), 2),
        ((CONTACT, "--key", "nonsense"), 2),
    ],
)
def test_what_has_no_receipt_ends_with_its_code(
    target: str, words: tuple[object, ...], code: int
) -> None:
    ended = rapport("receipt", target, *words)
    assert ended.code == code, ended.err
    assert ended.out == ""
    assert "Traceback" not in ended.err


def test_a_receipt_in_msgpack_is_verified_as_one_in_json_is(url: str, tmp_path: Path) -> None:
    contact = quote(CONTACT, safe="")
    headers = {"Accept": "application/vnd.msgpack"}
    answer = httpx.get(
        f"{url}/contacts/{contact}/status/receipt", headers=headers, timeout=END_SECONDS
    )
    (tmp_path / "receipt").write_bytes(answer.content)
    ended = rapport("verify", tmp_path / "receipt")
    assert (ended.code, "receipt: sound" in ended.out) == (0, True)
    (tmp_path / "receipt").write_bytes(answer.content[:-1])
    ended = rapport("verify", tmp_path / "receipt")
    assert (ended.code, "not one whole msgpack value" in ended.out) == (1, True)
