"""Finding people over HTTP: by what they are or were called, and by how they can be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.shop import Shop, problem_of

if TYPE_CHECKING:
    import httpx

    from tests.api.shop import Json


def learned(kind: str, value: str, **more: str) -> Json:
    return {"type": "contact-detail-learned", "data": {"kind": kind, "value": value, **more}}


@pytest.fixture
def town(shop: Shop) -> Shop:
    """Four people; what they are called is asked of in many ways."""
    made = shop.client.post(
        "/v1/ledgers", json={"name": f"{shop.base[12:]}-nl", "region": "NL"}
    ).json()
    assert made["region"] == "NL"
    place = Shop(shop.client, made["name"], shop.clock)
    for ref, name in (
        ("pos:1", "Ren\u00e9e \u0141ukasz"), ("pos:2", "Anna de Wit"), ("shop:1", "A. de Wit"),
        ("pos:3", "Wit Jansen"),
    ):  # fmt: skip
        place.register(ref, name)
    refs = [{"source": "pos", "ref": "2"}]
    place.append("pos:2", {"type": "registration-amended", "data": {"refs": refs}})
    place.append("pos:2", learned("email", "Anna@Example.org", label="home"))
    place.append("pos:2", learned("phone", "06 1234 5678"), learned("handle", "@anna"))
    last = place.append("pos:3", {"type": "registration-amended", "data": {"name": "Kim Jansen"}})
    place.get("/contacts", min_position=last.json()["position"])
    return place


def items(shop: Shop, **query: Any) -> list[tuple[str, str | None]]:
    answer = shop.get("/contacts", **query)
    assert answer.status_code == 200, answer.text
    return [(one["name"], one["matched"]) for one in answer.json()["items"]]


def test_people_are_found_by_whatever_is_known_of_them(town: Shop) -> None:
    anna, other, kim, renee = "Anna de Wit", "A. de Wit", "Kim Jansen", "Ren\u00e9e \u0141ukasz"
    found = {
        "lukasz renee": [(renee, "name")],
        "de wit": [(other, "name"), (anna, "name")],
        "wit": [(other, "name"), (kim, "former_name"), (anna, "name")],
        "pos:2": [(anna, "ref")],
        "ANNA@example.org": [(anna, "email")],
        "+31 6 1234 5678": [(anna, "phone")],
        "0612345678": [(anna, "phone")],
        "lukaz": [(renee, "name")],
        "nobody at all": [],
    }
    assert {typed: sorted(items(town, q=typed)) for typed in found} == {
        typed: sorted(expected) for typed, expected in found.items()
    }
    assert items(town, q="kim jan", stage="client") == []


def test_an_answer_says_where_they_stand_and_how_far_the_index_is(town: Shop) -> None:
    answer = town.get("/contacts", q="wit", limit=2)
    body = answer.json()
    head = town.get("/contacts/pos:3").json()["position"]
    assert body["index"] == {"state": "ready", "done": head, "total": head}
    assert set(body["items"][0]) >= {"contact_id", "name", "stage", "since", "score", "matched"}
    rest = town.client.get(answer.links["next"]["url"]).json()
    assert len(body["items"]) == 2
    assert len(rest["items"]) == 1
    assert rest["next_cursor"] is None
    assert town.get("/contacts").json()["index"]["state"] == "ready"


def test_a_merged_contact_is_found_as_who_stands_for_it(town: Shop) -> None:
    town.append("shop:1", learned("email", "wit@shop.example"))
    merged = town.append("shop:1", {"type": "contact-merged", "data": {"into": "pos:2"}})
    town.get("/contacts", min_position=merged.json()["position"])
    assert items(town, q="wit@shop.example") == [("Anna de Wit", "email")]
    assert items(town, q="de wit") == [("Anna de Wit", "name")]
    details = town.get("/contacts/pos:2").json()["details"]
    assert [one["kind"] for one in details] == ["email", "phone", "handle", "email"]
    assert details[0] == {
        "kind": "email", "value": "Anna@example.org", "label": "home", "postal_code": None,
    }  # fmt: skip


def duplicates(shop: Shop) -> list[tuple[list[str], list[str]]]:
    body = shop.get("/duplicates").json()
    assert body["index"]["state"] == "ready"
    assert body["phone_library"].startswith("phonenumbers 9")
    return [(sorted(filter(None, one["names"])), one["for"]) for one in body["items"]]


def test_possible_duplicates_are_ended_by_a_merge_or_a_distinction(town: Shop) -> None:
    assert duplicates(town) == []
    town.append("shop:1", learned("phone", "+31 (0)6-1234 5678"))
    town.append("pos:3", learned("email", "anna@example.org"))
    by_phone = (["A. de Wit", "Anna de Wit"], ["same phone"])
    by_mail = (["Anna de Wit", "Kim Jansen"], ["same email"])
    assert duplicates(town) == [by_mail, by_phone]
    page = town.get("/duplicates", limit=1)
    rest = town.client.get(page.links["next"]["url"]).json()
    assert [len(page.json()["items"]), len(rest["items"]), rest["next_cursor"]] == [1, 1, None]
    merge = {"type": "contact-merged", "data": {"into": "pos:2"}}
    assert town.append("shop:1", merge).status_code == 201
    assert duplicates(town) == [by_mail]
    two = {"type": "contacts-distinguished", "data": {"other": "pos:2"}}
    said = town.append("pos:3", two).json()["events"][0]["id"]
    assert duplicates(town) == []
    town.append("pos:3", {"type": "event-retracted", "data": {"target": said, "reason": "no"}})
    town.append("shop:1", {"type": "merge-reversed", "data": {"into": "pos:2"}})
    assert duplicates(town) == [by_mail, by_phone]


def test_what_an_append_did_not_address_is_a_possible_duplicate(town: Shop) -> None:
    refs = [{"source": "pos", "ref": "3"}, {"source": "web", "ref": "9"}]
    amended = town.append("pos:1", {"type": "registration-amended", "data": {"refs": refs}})
    assert [one["pointer"] for one in amended.json()["not_addressed"]] == ["/data/refs/0"]
    assert duplicates(town) == [(["Kim Jansen", "Ren\u00e9e \u0141ukasz"], ["same ref"])]


def test_who_is_erased_is_found_by_nothing(town: Shop) -> None:
    answer = town.post(
        "/contacts/pos:2/erasure", {"requested_by": "the person", "reason": "asked for it"}
    )
    assert answer.status_code == 200, answer.text
    for typed in ("anna", "0612345678", "anna@example.org"):
        assert items(town, q=typed) == [], typed
    assert town.get("/contacts/pos:2").json()["details"] == []
    again = town.append("pos:2", learned("email", "anna@example.org"))
    assert problem_of(again, 409, "refused")["reason"] == "contact-erased"


def test_two_ways_to_search_and_no_region_are_refused(town: Shop) -> None:
    (error,) = problem_of(town.get("/contacts", q="a", name="b"), 422, "invalid-request")["errors"]
    assert (error["pointer"], error["code"]) == ("/name", "contradiction")
    made: httpx.Response = town.client.post("/v1/ledgers", json={"name": "n", "region": "XX"})
    (error,) = problem_of(made, 422, "invalid-request")["errors"]
    assert error["pointer"] == "/region"
    wrong = town.append("pos:3", learned("email", "nobody"))
    (error,) = problem_of(wrong, 422, "invalid-request")["errors"]
    assert (error["pointer"], error["code"]) == ("/data/value", "contradiction")
