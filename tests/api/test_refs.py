"""What a registration says a contact is called elsewhere are addresses of it, told back later."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from tests.api.lines import ledger_of, lines, of, outcomes, send
from tests.api.shop import problem_of, purchase, registration
from tests.api.test_addresses import appended, reason

if TYPE_CHECKING:
    from api.service.server import Server
    from tests.api.shop import Json, Shop

TWELVE = "01960000-0000-7000-8000-000000000012"
UNMERGE: Json = {"type": "merge-reversed", "data": {"into": "till:1"}}


def known_as(*refs: tuple[str, str], name: str = "Ada", **envelope: str) -> Json:
    told = [{"source": source, "ref": ref} for source, ref in refs]
    said = registration(name)
    return {**said, "data": {**said["data"], "refs": told}, **envelope}


def amended(*refs: tuple[str, str], **envelope: str) -> Json:
    told = [{"source": source, "ref": ref} for source, ref in refs]
    return {"type": "registration-amended", "data": {"refs": told}, **envelope}


def refs_of(shop: Shop, contact: str) -> list[str]:
    found = shop.get(f"/contacts/{contact}").json()["refs"]
    return [f"{one['source']}:{one['ref']}" for one in found]


def test_refs_of_a_registration_are_addresses_from_the_first_moment(
    shop: Shop, server: Server
) -> None:
    envelope = {"id": TWELVE, "source": "till-3", "actor": "Mo", "causation_id": TWELVE}
    answer = shop.append("till:1", known_as(("web", "7"), ("till", "1"), ("list", "a"), **envelope))
    told = answer.json()
    assert (answer.status_code, told["position"], len(told["events"])) == (201, 4, 1)
    assert (told["version"], told["events"][0]["position"]) == (1, 2)
    assert "not_addressed" not in told

    events = shop.get("/events", after_position=1).json()["items"]
    ledger = ledger_of(shop, server)
    streams = [str(ledger.contact_id(name)) for name in ("till:1", "web:7", "list:a")]
    assert [one["contact_id"] for one in events] == streams
    for one in events[1:]:
        assert (one["type"], one["data"]) == ("contact-merged", {"into": streams[0]})
        assert one["id"] == str(uuid5(ledger.namespace, f"address\n{TWELVE}\n{one['contact_id']}"))
        shared = ("source", "actor", "causation_id", "occurred_at", "recorded_at")
        assert [one[name] for name in shared] == [events[0][name] for name in shared]
    sold = appended(shop, "web:7", purchase("1"))
    assert (sold["contact_id"], sold["counts_for"]) == (streams[1], streams[0])
    assert shop.get("/contacts/list:a/status").json()["stage"] == "customer"

    again = shop.append("till:1", known_as(("web", "7"), ("till", "1"), ("list", "a"), **envelope))
    assert (again.status_code, again.json()["position"]) == (200, 4)
    assert again.headers["idempotency-replayed"] == "true"
    assert shop.get("/events", after_position=5).json()["items"] == []


def test_what_is_so_already_has_the_position_at_which_it_became_so(shop: Shop) -> None:
    said = known_as(("web", "7"), ("list", "a"))
    first = appended(shop, "till:1", said)
    again = shop.append("till:1", said)
    assert (again.status_code, again.json()["events"]) == (200, [])
    assert again.json()["position"] == first["position"] == 4
    many = outcomes(send(shop, lines(of("till:1", said), of("till:1", said))))
    assert [one["position"] for one in many] == [4, 4]
    later = appended(shop, "till:1", purchase("1"))
    assert shop.append("till:1", said).json()["position"] == later["position"]


def test_the_ledger_tells_producers_their_own_numbers_back(shop: Shop) -> None:
    till = appended(shop, "till:1", registration("Ada"))["contact_id"]
    appended(shop, "web:7", registration("Ada"))
    assert (refs_of(shop, "till:1"), refs_of(shop, "web:7")) == (["till:1"], ["web:7"])
    appended(shop, "web:7", {"type": "contact-merged", "data": {"into": till}})
    assert refs_of(shop, till) == ["till:1", "web:7"]
    (line,) = outcomes(send(shop, lines(of("list:é 1", registration("Bo")))))
    assert line["status"] == 201
    assert refs_of(shop, "list:é 1") == ["list:é 1"]
    by_id = "0196aaaa-0000-7000-8000-000000000001"
    appended(shop, by_id, registration("Cy"))
    assert refs_of(shop, by_id) == []
    appended(shop, "till:1", amended(("web", "8")))
    assert refs_of(shop, "web:8") == ["till:1", "web:7", "web:8"]


def test_a_registration_says_the_same_with_and_without_its_own_ref(shop: Shop) -> None:
    told = appended(shop, "till:1", known_as(("web", "7"), id=TWELVE))
    for contact in ("till:1", told["contact_id"]):
        for refs in ([("web", "7")], [("till", "1"), ("web", "7")]):
            for envelope in ({}, {"id": TWELVE}):
                answer = shop.append(contact, known_as(*refs, **envelope))
                assert (answer.status_code, answer.json()["version"]) == (200, 1), answer.text
    other = known_as(("web", "8"), id=TWELVE)
    problem_of(shop.append("till:1", other), 409, "event-id-reused")
    assert reason(shop, "till:1", known_as(("web", "8"))) == "contact-already-registered"


def test_a_ref_that_is_somebody_elses_name_is_left_out_and_told(shop: Shop) -> None:
    web = appended(shop, "web:7", registration("Ada"))["contact_id"]
    told = appended(shop, "till:1", known_as(("list", "a"), ("web", "7"), id=TWELVE))
    assert told["not_addressed"] == [{"pointer": "/data/refs/1", "contact_id": web}]
    assert appended(shop, "list:a", purchase("1"))["counts_for"] == told["contact_id"]
    assert refs_of(shop, "till:1") == ["list:a", "web:7", "till:1"]
    again = shop.append("till:1", known_as(("list", "a"), ("web", "7"), id=TWELVE))
    assert (again.status_code, again.json()["not_addressed"]) == (200, told["not_addressed"])

    # A line of bulk and an item of many say it too, each with its place in the request.
    (line,) = outcomes(send(shop, lines(of("till:2", known_as(("web", "7"))))))
    assert (line["status"], line["not_addressed"][0]["contact_id"]) == (201, web)
    many = [{"contact": "till:3", **known_as(("web", "9"))}, of("till:4", known_as(("web", "7")))]
    first, second = shop.post("/events", many).json()["events"]
    assert "not_addressed" not in first
    assert second["not_addressed"] == [{"pointer": "/1/data/refs/0", "contact_id": web}]


def test_two_racing_registrations_of_one_ref_both_stand(shop: Shop) -> None:
    registered = [known_as(("list", "a"), name=name, id=f"0196{n}000-0000-7000-8000-000000000012")
                  for n, name in enumerate(("Ada", "Bo"))]  # fmt: skip
    for _ in range(2):  # the second time blindly
        one, other = (appended(shop, f"till:{n}", event) for n, event in enumerate(registered))
        assert "not_addressed" not in one
        (left_out,) = other["not_addressed"]
        assert (
            appended(shop, left_out["contact_id"], purchase(str(UUID(int=_ + 1))))["counts_for"]
            == one["contact_id"]
        )
    assert {one["stage"] for one in shop.get("/contacts", name="a").json()["items"]} >= set()
    assert shop.get("/contacts/till:1").json()["name"] == "Bo"


def test_an_address_registered_later_counts_for_the_contact_as_before(shop: Shop) -> None:
    till = appended(shop, "till:1", known_as(("web", "7")))["contact_id"]
    later = appended(shop, "web:7", known_as(("till", "1"), ("list", "b"), name="A. Jansen"))
    assert later["counts_for"] == till
    assert "not_addressed" not in later
    assert shop.get("/contacts/list:b").json()["contact_id"] == till
    assert shop.get("/contacts/web:7").json()["name"] == "Ada"
    appended(shop, "web:7", UNMERGE)
    found = shop.get("/contacts/list:b").json()
    assert (found["contact_id"], found["name"]) == (later["contact_id"], "A. Jansen")
    assert shop.get("/contacts/till:1").json()["refs"][0] == {"source": "web", "ref": "7"}


def test_taking_back_an_amendment_changes_what_is_shown_and_no_address(shop: Shop) -> None:
    till = appended(shop, "till:1", registration("Ada"))["contact_id"]
    (told,) = appended(shop, "till:1", amended(("web", "7")))["events"]
    corrected = {"target": told["id"], "data": {"refs": [{"source": "web", "ref": "8"}]}}
    appended(shop, "till:1", {"type": "event-corrected", "data": corrected})
    assert refs_of(shop, "till:1") == ["till:1", "web:8"]
    problem_of(shop.get("/contacts/web:8"), 404, "contact-not-found")
    retracted = {"target": told["id"], "reason": "never said"}
    appended(shop, "till:1", {"type": "event-retracted", "data": retracted})
    assert refs_of(shop, "till:1") == ["till:1"]
    assert appended(shop, "web:7", purchase("1"))["counts_for"] == till


def test_a_ref_that_is_no_name_is_shown_and_is_no_address(shop: Shop) -> None:
    odd = [("POS", "1"), ("pos:1", "2"), ("web", "é" * 150)]
    told = appended(shop, "till:1", known_as(*odd, id=TWELVE))
    assert (told["position"], "not_addressed" in told) == (2, False)
    assert refs_of(shop, "till:1")[:2] == ["POS:1", "pos:1:2"]


def test_a_condition_is_about_the_contact_and_never_about_its_addresses(shop: Shop) -> None:
    new = {"If_None_Match": "*"}
    appended(shop, "web:7", registration("Bo"))
    event = known_as(("web", "7"), ("list", "a"), id=TWELVE)
    told = appended(shop, "till:1", event, **new)
    assert appended(shop, "till:1", event, **new) == {
        **told,
        "replayed": True,
        "events": [{**told["events"][0], "replayed": True}],
    }


def test_an_erased_person_has_no_refs_and_is_never_registered_again(shop: Shop) -> None:
    till = appended(shop, "till:1", known_as(("web", "7")))["contact_id"]
    appended(shop, "web:7", {"type": "preference-learned", "data": {"key": "k", "value": "v"}})
    erased = shop.post("/contacts/web:7/erasure", {"requested_by": "them", "reason": "asked"})
    assert len(erased.json()["contacts"]) == 2
    found = shop.get("/contacts/web:7").json()
    assert (found["contact_id"], found["refs"], found["name"]) == (till, [], None)
    assert reason(shop, "web:7", registration("Ada")) == "contact-erased"
    appended(shop, "web:7", UNMERGE)
    for event in (registration("Ada"), {"type": "contact-registered", "data": {"kind": "person"}}):
        answer = shop.append("web:7", event)
        assert answer.status_code in (409, 422), answer.text
    problem_of(shop.get("/contacts/web:7"), 404, "contact-not-found")
    data = [one["data"] for one in shop.get("/events", contact="web:7").json()["items"]]
    assert {"key": "k", "value": None} in data
    told = appended(shop, "till:2", known_as(("web", "7"), ("till", "1")))
    assert [one["pointer"] for one in told["not_addressed"]] == ["/data/refs/0", "/data/refs/1"]
