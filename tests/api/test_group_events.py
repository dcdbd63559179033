"""The events of all contacts that are one: in pages, as lines, and as they come."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from api.http.streams.streams import Limits
from api.service import log_pages as log
from api.service.known_aliases import KnownAliases
from tests.api.lines import JSONL, ledger_of
from tests.api.shop import problem_of, purchase, served_with
from tests.api.test_tail import address, app, ids, tail

if TYPE_CHECKING:
    from api.service.server import Server
    from tests.api.shop import Json, Shop

__all__ = ["address", "app"]

MERGE: Json = {"type": "contact-merged", "data": {"into": "pos:1"}}
WHOLE = [2, 3, 5, 6, 7, 8, 10, 11]
UNMERGE: Json = {"type": "merge-reversed", "data": {"into": "pos:1"}}


@pytest.fixture
def group(shop: Shop) -> Shop:
    """2 is merged into 1 at position 7; 3 has nothing to do with them."""
    for contact in ("pos:1", "pos:2", "pos:3"):
        shop.register(contact)  # positions 2, 3, 4
    for contact in ("pos:2", "pos:1"):
        shop.append(contact, purchase("a"))  # 5, 6
    shop.append("pos:2", MERGE)
    for contact in ("pos:2", "pos:3", "pos:1", "pos:2"):
        shop.append(contact, {"type": "visit-made", "data": {"guests": 0}})  # 8 to 11
    return shop


def positions(shop: Shop, path: str, **query: object) -> list[int]:
    """Those of all pages."""
    found: list[int] = []
    cursor: dict[str, object] = {}
    while True:
        answer = shop.get(path, **query, **cursor)
        assert answer.status_code == 200, answer.text
        found += [one["position"] for one in answer.json()["items"]]
        if answer.json()["next_cursor"] is None:
            return found
        cursor = {"cursor": answer.json()["next_cursor"]}


def test_the_log_of_a_contact_is_its_own_stream_and_of_a_group_all_of_them(group: Shop) -> None:
    assert positions(group, "/events", contact="pos:1") == [2, 6, 10]
    assert positions(group, "/events", contact="pos:2") == [3, 5, 7, 8, 11]
    for name in ("pos:1", "pos:2"):
        whole = positions(group, "/events", contact=name, group="true", limit=2)
        assert whole == WHOLE
    assert positions(group, "/events", contact="pos:3", group="true") == [4, 9]
    assert positions(group, "/events", contact="pos:2", group="false") == [3, 5, 7, 8, 11]


def test_a_group_is_filtered_by_type_and_read_from_a_position_on(group: Shop) -> None:
    visits = {"contact": "pos:1", "group": "true", "types": "visit-made"}
    assert positions(group, "/events", **visits, limit=1) == [8, 10, 11]
    assert positions(group, "/events", **visits, after_position=8) == [10, 11]
    both = {**visits, "types": "visit-made,contact-merged"}
    assert positions(group, "/events", **both, limit=3) == [7, 8, 10, 11]


def test_the_events_of_a_contact_are_those_of_its_group_by_position(group: Shop) -> None:
    for name in ("pos:1", "pos:2"):
        assert positions(group, f"/contacts/{name}/events", group="true", limit=3) == WHOLE
        answer = group.get(f"/contacts/{name}/events", group="true")
        assert ("content-location" in answer.headers) is (name == "pos:2")
        assert "etag" not in answer.headers
    own = group.get("/contacts/pos:2/events")
    assert [one["position"] for one in own.json()["items"]] == [2, 6, 10]
    assert own.headers["etag"] == '"3"'


def test_each_event_names_the_stream_where_it_is_corrected(group: Shop) -> None:
    items = group.get("/contacts/pos:1/events", group="true").json()["items"]
    for item in items:
        if item["type"] == "visit-made":
            retraction = {"target": item["id"], "reason": "nobody came"}
            sent = {"type": "event-retracted", "data": retraction}
            assert group.append(item["contact_id"], sent).status_code == 201
    again = group.get("/contacts/pos:1/events", group="true", types="visit-made").json()["items"]
    assert len(again) == 3
    assert all(item["retracted_by"] for item in again)


def test_what_contradicts_a_group_is_refused(group: Shop) -> None:
    for path, query, pointer in (
        ("/events", {"group": "true"}, "/group"),
        ("/contacts/pos:1/events", {"group": "true", "after_version": 1}, "/after_version"),
        ("/events", {"contact": "pos:1", "group": "yes"}, "/group"),
    ):
        problem = problem_of(group.get(path, **query), 422, "invalid-request")
        assert [one["pointer"] for one in problem["errors"]] == [pointer]
    cursor = group.get("/events", contact="pos:1", group="true", limit=1).json()["next_cursor"]
    answer = group.get("/contacts/pos:1/events", group="true", cursor=cursor)
    assert problem_of(answer, 422, "invalid-request")["errors"][0]["code"] == "bad-cursor"


def exported(shop: Shop, **query: str | int) -> list[int]:
    answer = shop.client.get(f"{shop.base}/events", params=query, headers={"accept": JSONL})
    return [json.loads(line)["position"] for line in answer.text.splitlines()]


@pytest.mark.parametrize("page", [1, 2, 200])
def test_a_group_is_exported_as_lines(group: Shop, server: Server, page: int) -> None:
    with served_with(Limits(page_events=page), server, group) as shop:
        assert exported(shop, contact="pos:2", group="true") == WHOLE
        assert exported(shop, contact="pos:2", group="true", after_position=6) == [7, 8, 10, 11]
        assert exported(shop, contact="pos:2") == [3, 5, 7, 8, 11]
        assert exported(shop, contact="pos:2", after_position=5, types="visit-made") == [8, 11]


def test_whoever_is_separated_between_two_pages_is_left_out_of_the_next(
    group: Shop, server: Server
) -> None:
    ledger = ledger_of(group, server)
    (contact_id,) = {one.contact_id for one in ledger.log(after=1, limit=1)}
    wanted = log.Filter((), contact_id, KnownAliases(ledger))
    walk = log.LogWalk(ledger, wanted, 0, ledger.head(), page_events=6)
    assert [one.position for one in walk.page()] == WHOLE[:6]
    group.append("pos:2", UNMERGE)
    assert [one.position for one in walk.page()] == [10]


def test_a_tail_of_a_group_goes_on_with_every_stream_of_it(group: Shop, address: str) -> None:
    with tail(address, group, "?contact=pos:1&group=true") as whole:
        assert ids(whole, len(WHOLE)) == WHOLE
        for contact in ("pos:2", "pos:3", "pos:1"):
            group.append(contact, purchase("c"))  # 12, 13, 14
        assert ids(whole, 2) == [12, 14]


def test_a_tail_of_a_group_follows_each_merge_and_each_separation(
    group: Shop, address: str
) -> None:
    with tail(address, group, "?contact=pos:2&group=true&after_position=11") as whole:
        group.append("pos:3", MERGE)  # 12: from here on 3 is one with them
        assert ids(whole, 1) == [12]
        group.append("pos:3", purchase("c"))
        assert ids(whole, 1) == [13]
        group.append("pos:2", UNMERGE)  # 14: from here on 2 is alone
        assert ids(whole, 1) == [14]
        for contact in ("pos:3", "pos:1", "pos:2"):
            group.append(contact, purchase("d"))  # 15, 16, 17
        assert ids(whole, 1) == [17]
    with tail(address, group, "?contact=pos:3&group=true&after_position=13") as whole:
        assert ids(whole, 2) == [15, 16]
