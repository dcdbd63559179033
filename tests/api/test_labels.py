"""Names and producers' own numbers beside ids, in lists, streams, tails and replays."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.asking import ended
from tests.api.shop import purchase
from tests.api.test_addresses import appended
from tests.api.test_refs import known_as

if TYPE_CHECKING:
    from tests.api.shop import Json, Shop

BOTH = {"names": "true", "refs": "true"}
REFS = [{"source": "web", "ref": "7"}, {"source": "till", "ref": "1"}]


@pytest.fixture
def ada(shop: Shop) -> Json:
    """Ada of the till, who bought in the web shop, and referred Bo who was sent by her."""
    till = appended(shop, "till:1", known_as(("web", "7"), name="Ada é"))
    appended(shop, "till:2", known_as(name="Bo"))
    sent = {"referral_id": "r", "other": "till:2", "direction": "inbound", "level": 3}
    appended(shop, "till:1", {"type": "referral-made", "data": sent})
    position = appended(shop, "web:7", purchase("1"))["position"]
    return {"id": till["contact_id"], "position": position}


def row_of(items: list[Json], ada: Json) -> Json:
    return next(one for one in items if one["contact_id"] == ada["id"])


def lines_of(shop: Shop, path: str, accept: str, **query: Any) -> list[Json]:
    answer = shop.client.get(shop.base + path, params=query, headers={"accept": accept})
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.mark.parametrize("path", ["/statuses", "/standings", "/contacts", "/events"])
def test_a_list_shows_names_and_refs_on_request(shop: Shop, ada: Json, path: str) -> None:
    at = {"min_position": ada["position"]}
    plain = row_of(shop.get(path, **at).json()["items"], ada)
    assert "refs" not in plain
    found = row_of(shop.get(path, **at, **BOTH).json()["items"], ada)
    assert found == {**plain, "name": "Ada é", "refs": REFS}
    assert "name" not in row_of(shop.get("/statuses", refs="true", **at).json()["items"], ada)


def test_a_list_of_the_past_shows_what_was_known_then(shop: Shop, ada: Json) -> None:
    then = {"as_known_at": ada["position"], **BOTH}
    amended = {"type": "registration-amended", "data": {"name": "Ada B", "refs": []}}
    position = appended(shop, "till:1", amended)["position"]
    assert row_of(shop.get("/statuses", **then).json()["items"], ada)["name"] == "Ada é"
    now = shop.get("/statuses", min_position=position, **BOTH).json()["items"]
    assert row_of(now, ada)["name"] == "Ada B"


def test_lines_of_the_log_and_of_a_replay_show_them(shop: Shop, ada: Json) -> None:
    plain = lines_of(shop, "/events", "application/jsonl")
    shown = lines_of(shop, "/events", "application/jsonl", **BOTH)
    assert shown[0] == plain[0], "a policy is of no contact"
    for one, more in zip(plain[1:], shown[1:], strict=True):
        assert {**one, "name": more["name"], "refs": more["refs"]} == more
    sold = next(one for one in shown if one["type"] == "purchase-made")
    assert (sold["name"], sold["refs"]) == ("Ada é", REFS)

    done = ended(shop, shop.post("/replays", {}))
    result = f"/operations/{done['id']}/result"
    bare = lines_of(shop, result, "application/jsonl")
    rows = lines_of(shop, result, "application/jsonl", **BOTH)
    assert row_of(rows, ada)["refs"] == REFS
    assert [{name: row[name] for name in one} for row, one in zip(rows, bare, strict=True)] == bare


@pytest.mark.usefixtures("ada")
def test_a_tail_shows_them_until_they_are_erased(shop: Shop) -> None:
    path, accept = f"{shop.base}/events", {"accept": "text/event-stream"}
    asked = {"contact": "web:7", "group": "true", **BOTH}
    with shop.client.stream("GET", path, params=asked, headers=accept) as tail:
        told = (json.loads(one[6:]) for one in tail.iter_lines() if one.startswith("data: "))
        first = [next(told) for _ in range(4)]
        assert {(one["name"], len(one["refs"])) for one in first} == {("Ada é", 2)}
        appended(shop, "web:7", purchase("2"))
        assert next(told)["refs"] == REFS
        shop.post("/contacts/web:7/erasure", {"requested_by": "them", "reason": "asked"})
        erased = next(told)
        assert (erased["name"], erased["refs"]) == (None, [])


def test_who_was_erased_has_null_for_a_name_in_lists(shop: Shop, ada: Json) -> None:
    shop.post("/contacts/web:7/erasure", {"requested_by": "them", "reason": "asked"})
    at = {"min_position": ada["position"] + 1, **BOTH}
    for path in ("/statuses", "/standings", "/contacts", "/events"):
        row = row_of(shop.get(path, **at).json()["items"], ada)
        assert (row["name"], row["refs"]) == (None, []), path


def test_the_agenda_shows_names_and_refs_on_request(shop: Shop, ada: Json) -> None:
    at = {"min_position": ada["position"]}
    for path in ("/agenda", "/contacts/web:7/agenda"):
        plain = row_of(shop.get(path, **at).json()["items"], ada)
        found = row_of(shop.get(path, refs="true", **at).json()["items"], ada)
        assert found == {**plain, "refs": REFS}
        both = row_of(shop.get(path, **BOTH, **at).json()["items"], ada)
        assert both == {**found, "reason": both["reason"], "name": "Ada é"}
