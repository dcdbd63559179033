"""Replays over HTTP: the whole ledger at a point in both times, and its bytes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest

from api.http.app import create_app
from api.service.limits import ServiceLimits
from api.service.replays import replay as module
from api.service.replays import results
from domain.instants import DAY, format_instant
from tests.api.asking import answered, ended, result_of
from tests.api.shop import (
    START,
    Clock,
    Json,
    Shop,
    built,
    listening,
    problem_of,
    purchase,
    registration,
    set_limits,
)
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.service.server import Server

QUESTIONS: tuple[Json, ...] = (
    {},
    {"as_of": format_instant(START - 20 * DAY)},
    {"as_known_at": 12},
    {"as_known_at": "12"},
    {"as_known_at": format_instant(START)},
    {"policy_version": 1},
    {"as_of": format_instant(START - 20 * DAY), "as_known_at": 12},
    {"as_of": format_instant(START - 20 * DAY), "policy_version": 2},
    {"as_known_at": 12, "policy_version": 2},
    {"as_of": format_instant(START - 20 * DAY), "as_known_at": 12, "policy_version": 2},
)


def fill(shop: Shop) -> None:
    """Five contacts, of whom two are one, and a second policy."""
    for number in range(5):
        sales = [purchase(str(n), at=START - n * 7 * DAY) for n in range(2 + 2 * number)]
        answer = shop.append(f"pos:{number}", registration(), *sales)
        assert answer.status_code == 201, answer.text
    into = shop.get("/contacts/pos:1").json()["contact_id"]
    shop.append("pos:2", {"type": "contact-merged", "data": {"into": into}})
    assert shop.post("/policies", {"preset": "purchases-only"}).status_code == 201


@pytest.fixture
def filled(shop: Shop) -> Shop:
    fill(shop)
    return shop


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_every_contact_stands_where_its_own_status_says(filled: Shop, question: Json) -> None:
    """For every combination of the three parameters, alone and together."""
    account, rows = answered(filled, "/replays", question)
    assert account["contacts"] == len(rows) == sum(account["stages"].values()) > 0
    ids = [row["contact_id"] for row in rows]
    assert ids == sorted(set(ids))
    for row in rows:
        status = filled.get(f"/contacts/{row['contact_id']}/status", **question).json()
        assert status["contact_id"] == row["contact_id"], "an alias has no line of its own"
        assert row == {name: status[name] for name in row}
        assert (account["as_of"], account["as_known_at"], account["policy_version"]) == (
            status["as_of"],
            status["as_known_at"],
            status["policy_version"],
        )


def test_a_replay_of_now_says_what_the_list_says(filled: Shop) -> None:
    account, rows = answered(filled, "/replays", {})
    listed = filled.get("/statuses", min_position=account["position"]).json()["items"]
    shown = [{name: row[name] for name in listed[0]} for row in rows]
    assert shown == sorted(listed, key=lambda row: str(row["contact_id"]))
    assert account["stages"] == filled.get("/statuses/summary").json()["stages"]


def test_merged_contacts_are_one_line_from_the_merge_on(filled: Shop) -> None:
    merged = filled.get("/events", types="contact-merged").json()["items"][0]
    before, _ = answered(filled, "/replays", {"as_known_at": merged["position"] - 1})
    _, rows = answered(filled, "/replays", {"as_known_at": merged["position"]})
    assert before["contacts"] == len(rows) + 1 == 5
    assert merged["contact_id"] not in [row["contact_id"] for row in rows]


def test_the_same_question_has_the_same_bytes_also_after_a_restart(tmp_path: Path) -> None:
    """And whatever is appended meanwhile, where the question says how much is known."""
    question = {"as_of": format_instant(START), "as_known_at": 37, "policy_version": 2}
    seen: set[bytes] = set()
    for _ in range(2):
        with (
            built(tmp_path / "data", Clock()) as server,
            listening(create_app(server)) as address,
            httpx.Client(base_url=address, timeout=END_SECONDS) as client,
        ):
            shop = Shop(client, "corner", Clock())
            if not seen:
                fill(shop)
            for _ in range(2):
                operation = ended(shop, shop.post("/replays", question))
                seen.add(result_of(shop, operation).content)
                shop.append("pos:9", registration(), purchase(str(uuid4())))
    assert len(seen) == 1
    assert next(iter(seen)).count(b"\n") == 4


def test_what_was_known_before_anything_was_is_nothing(shop: Shop) -> None:
    for question in ({"as_known_at": 0}, {"as_known_at": format_instant(START - DAY)}):
        account, rows = answered(shop, "/replays", question)
        assert (account["contacts"], rows, account["policy_version"]) == (0, [], None)
        assert account["as_known_at"] == {"position": 0, "recorded_at": None}


def test_a_contact_is_in_it_once_something_had_happened_to_it(shop: Shop) -> None:
    shop.append("pos:1", {**registration(), "occurred_at": format_instant(START - 9 * DAY)})
    shop.register("pos:2")
    account, rows = answered(shop, "/replays", {"as_of": format_instant(START - 5 * DAY)})
    assert account["contacts"] == 1
    assert rows[0]["contact_id"] == shop.get("/contacts/pos:1").json()["contact_id"]


def test_a_question_that_is_none_is_refused_with_pointers(shop: Shop) -> None:
    for body, code, pointer in (
        ([], "invalid-request", ""),
        ({"colour": 1}, "invalid-request", "/colour"),
        ({"as_of": 5}, "invalid-time", "/as_of"),
        ({"as_of": "2100-01-01T00:00:00Z"}, "invalid-time", "/as_of"),
        ({"as_known_at": True}, "invalid-request", "/as_known_at"),
        ({"as_known_at": -1}, "invalid-request", "/as_known_at"),
        ({"as_known_at": 99}, "invalid-request", "/as_known_at"),
        ({"as_known_at": "yesterday"}, "invalid-time", "/as_known_at"),
        ({"policy_version": "1"}, "invalid-request", "/policy_version"),
        ({"policy_version": 0}, "invalid-request", "/policy_version"),
    ):
        problem = problem_of(shop.post("/replays", body), 422, code)
        assert problem["errors"][0]["pointer"] == pointer, body
    problem_of(shop.post("/replays", {"policy_version": 7}), 404, "policy-not-found")


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Replays that stop at their first contact until they are let go."""
    let_go = threading.Event()
    row_of = module.row_of

    def waiting(*arguments: Any) -> Any:
        let_go.wait(20)
        return row_of(*arguments)

    monkeypatch.setattr(module, "row_of", waiting)
    monkeypatch.setattr(module, "LOOK_EVENTS", 1)
    yield let_go
    let_go.set()


def test_a_replay_can_be_cancelled_and_leaves_nothing(filled: Shop, held: threading.Event) -> None:
    started = filled.post("/replays", {})
    operation = started.json()
    assert (operation["kind"], operation["state"]) == ("replay", "running")
    problem_of(result_of(filled, operation), 409, "not-finished")
    assert filled.client.delete(started.headers["location"]).status_code == 202
    held.set()
    assert ended(filled, started)["state"] == "cancelled"
    problem_of(result_of(filled, operation), 404, "not-found")


def test_equal_replays_share_one_run_and_too_many_others_are_refused(
    filled: Shop, held: threading.Event, server: Server
) -> None:
    set_limits(server, filled, ServiceLimits(replays_at_once=2))
    first, again = (filled.post("/replays", {"as_known_at": 12}) for _ in range(2))
    assert first.json()["id"] == again.json()["id"]
    second = filled.post("/replays", {"as_known_at": 13})
    answer = filled.post("/replays", {"as_known_at": 14})
    problem_of(answer, 503, "unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    held.set()
    assert ended(filled, first)["state"] == ended(filled, second)["state"] == "succeeded"


def test_only_so_many_results_are_kept(filled: Shop) -> None:
    count = results.MOST_KEPT + 1
    operations = [ended(filled, filled.post("/replays", {})) for _ in range(count)]
    problem_of(result_of(filled, operations[0]), 404, "not-found")
    assert result_of(filled, operations[-1]).status_code == 200


def test_a_rebuild_has_no_lines(shop: Shop) -> None:
    operation = ended(shop, shop.post("/projections/status/rebuilds", {}))
    problem_of(result_of(shop, operation), 404, "not-found")
    for name in (str(uuid4()), "one"):
        answer = shop.get(f"/operations/{name}/result")
        problem_of(answer, 404, "operation-not-found")


def test_lines_are_lines_by_either_name_and_nothing_else(filled: Shop) -> None:
    operation = ended(filled, filled.post("/replays", {}))
    path = f"{filled.base}/operations/{operation['id']}/result"
    other = filled.client.get(path, headers={"accept": "application/x-ndjson"})
    assert other.headers["content-type"] == "application/x-ndjson"
    assert other.content == result_of(filled, operation).content
    answer = filled.client.get(path, headers={"accept": "application/json"})
    problem_of(answer, 406, "not-acceptable")
    head = filled.client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(other.content))
