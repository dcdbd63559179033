from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from api.service.limits import ServiceLimits
from domain.instants import DAY, format_instant
from tests.api.shop import START, problem_of, purchase, registration, set_limits

if TYPE_CHECKING:
    from api.service.server import Server
    from tests.api.shop import Json, Shop


def bought(shop: Shop, contact: str, days: list[int]) -> list[str]:
    """Purchases so many days after the start, and their ids."""
    shop.append(contact, {**registration(), "occurred_at": format_instant(START - 300 * DAY)})
    events = [purchase(f"p{day}", at=START + day * DAY) for day in days]
    return [one["id"] for one in shop.append(contact, *events).json()["events"]]


def test_a_contact_says_who_it_is_and_where_it_stands(shop: Shop) -> None:
    sent: Json = {
        "kind": "person",
        "name": "Ada Jansen",
        "time_zone": "Europe/Amsterdam",
        "refs": [{"source": "pos", "ref": "1"}],
    }
    shop.append("pos:1", {"type": "contact-registered", "data": sent})
    found = shop.get("/contacts/pos:1")
    body = found.json()
    assert body == {
        "contact_id": body["contact_id"],
        **sent,
        "links": [],
        "details": [],
        "consents": [],
        "version": 1,
        "streams": [{"contact_id": body["contact_id"], "version": 1}],
        "stage": "contact",
        "score": 0,
        "flags": [],
        "standing": "none",
        "position": 2,
    }
    assert found.headers["rapport-position"] == "2"


def test_a_merged_contact_answers_as_its_survivor(shop: Shop) -> None:
    shop.register("pos:1", "Ada J.")
    survivor = shop.register("pos:2", "Ada Jansen").json()["contact_id"]
    shop.append("pos:1", purchase("a"), {"type": "contact-merged", "data": {"into": "pos:2"}})
    shop.get("/standings", min_position=5)
    for path in ("", "/status", "/status/history", "/standing", "/referrals"):
        answer = shop.get(f"/contacts/pos:1{path}")
        assert answer.json()["contact_id"] == survivor
        assert answer.headers["content-location"] == f"{shop.base}/contacts/{survivor}{path}"
    assert shop.get("/contacts/pos:1").json()["name"] == "Ada Jansen"
    assert shop.get("/contacts/pos:1/status").json()["stage"] == "customer"
    then = shop.get("/contacts/pos:1/status", as_known_at=4)
    assert "content-location" not in then.headers


def test_the_stream_of_a_merged_contact_is_read_through_the_log(shop: Shop) -> None:
    shop.register("pos:1", "Ada J.")
    survivor = shop.register("pos:2", "Ada Jansen").json()["contact_id"]
    shop.append("pos:1", {"type": "contact-merged", "data": {"into": "pos:2"}})
    answer = shop.get("/contacts/pos:1/events")
    assert [one["contact_id"] for one in answer.json()["items"]] == [survivor]
    assert answer.headers["content-location"] == f"{shop.base}/contacts/{survivor}/events"
    own = shop.get("/events", contact="pos:1").json()["items"]
    assert [one["type"] for one in own] == ["contact-registered", "contact-merged"]


def test_a_status_names_the_legal_capacity_of_every_open_engagement(shop: Shop) -> None:
    shop.register("pos:1")
    for number, capacity in enumerate(("client", "dual")):
        engagement = {"engagement_id": f"e{number}", "role": "buyer", "capacity": capacity}
        shop.append("pos:1", {"type": "engagement-opened", "data": engagement})
    shop.append("pos:1", {"type": "engagement-closed", "data": {"engagement_id": "e0"}})
    assert shop.get("/contacts/pos:1/status").json()["legal_capacity"] == [
        {"engagement_id": "e1", "role": "buyer", "capacity": "dual"}
    ]


def test_contacts_are_found_by_part_of_a_name_in_any_case(shop: Shop) -> None:
    for number, name in enumerate(("Ada Jansen", "Bo JANSSEN", "Cas de Vries", "Jan Smit")):
        shop.register(f"pos:{number}", name)
    found = shop.get("/contacts", name="jans", min_position=5)
    assert [one["name"] for one in found.json()["items"]] == ["Ada Jansen", "Bo JANSSEN"]
    page = shop.get("/contacts", name="jan", limit=2)
    rest = shop.client.get(page.links["next"]["url"])
    names = [one["name"] for one in page.json()["items"] + rest.json()["items"]]
    assert names == ["Ada Jansen", "Bo JANSSEN", "Jan Smit"]
    assert rest.json()["next_cursor"] is None
    assert shop.get("/contacts", name="jan", stage="client").json()["items"] == []


def test_a_status_brings_its_evidence(shop: Shop) -> None:
    ids = bought(shop, "pos:1", [-30, -20, -10])
    body = shop.get("/contacts/pos:1/status").json()
    assert (body["stage"], body["policy_version"]) == ("customer", 1)
    assert body["as_of"] == format_instant(shop.clock())
    assert body["as_known_at"]["position"] == 5
    assert body["rests_on"] == "allegiance"
    assert body["evidence_erased"] is False
    regularity = next(one for one in body["signals"] if one["name"] == "regularity")
    assert regularity["value"]["purchase_days"] == 3
    assert regularity["events"] == ids
    assert regularity["value"]["runs_out_at"].endswith("Z")
    assert body["will_change"]["stage"] == "lapsed_customer"


def test_a_status_is_explained_in_sentences_when_text_is_asked_for(
    shop: Shop,
) -> None:
    bought(shop, "pos:1", [-3, -2, -1])
    then = format_instant(START)
    plain = shop.get("/contacts/pos:1/status", as_of=then).json()
    told = shop.get("/contacts/pos:1/status", as_of=then, explain="text").json()
    explanation = told.pop("explanation")
    assert told == plain
    assert "They do not buy regularly yet: they bought on 3 days (6 are needed)." in explanation
    history = shop.get("/contacts/pos:1/status/history", as_of=then, explain="text").json()
    assert history["intervals"][-1]["explanation"].endswith("because a purchase was made.")
    assert shop.get("/contacts/pos:1/status", explain="html").status_code == 422


def test_the_three_questions_about_time_have_three_answers(shop: Shop) -> None:
    """What is it now; what was it then by what we know now; what did we believe then."""
    bought(shop, "pos:1", [-50])
    late = purchase("late", at=START - 90 * DAY)
    shop.append("pos:1", late)
    then = format_instant(START - 60 * DAY)
    path = "/contacts/pos:1/status"
    assert shop.get(path).json()["stage"] == "customer"
    assert shop.get(path, as_of=then).json()["stage"] == "customer"
    assert shop.get(path, as_of=then, as_known_at=3).json()["stage"] == "contact"


def test_the_same_question_has_the_same_bytes_whatever_is_recorded_since(shop: Shop) -> None:
    bought(shop, "pos:1", [-50])
    question = {"as_of": format_instant(START), "as_known_at": 3}
    for path in ("/status", "/status/history", "/standing"):
        first = shop.get(f"/contacts/pos:1{path}", **question)
        shop.append("pos:1", purchase(path, at=START - 60 * DAY))
        again = shop.get(f"/contacts/pos:1{path}", **question)
        assert again.content == first.content
        assert again.headers["etag"] == first.headers["etag"]
        assert again.headers["rapport-position"] == "3"
        cached = shop.client.get(again.url, headers={"if-none-match": first.headers["etag"]})
        assert (cached.status_code, cached.content) == (304, b"")


def test_knowledge_can_be_named_by_its_instant(shop: Shop) -> None:
    bought(shop, "pos:1", [-50])
    known_at = format_instant(shop.clock())
    shop.clock.pass_days(1)
    shop.append("pos:1", purchase("b", at=START - 90 * DAY))
    body = shop.get("/contacts/pos:1/status", as_known_at=known_at).json()
    assert body["as_known_at"] == {"position": 3, "recorded_at": known_at}


def test_every_instant_can_be_judged_by_another_policy(shop: Shop) -> None:
    bought(shop, "pos:1", [-30 + day for day in range(8)])
    path = "/contacts/pos:1/status"
    published = shop.post("/policies", {"preset": "purchases-only"}).json()
    version = published["policy_version"]
    as_of = format_instant(START - 22 * DAY)
    assert shop.get(path, as_of=as_of).json()["stage"] == "customer"
    judged = shop.get(path, as_of=as_of, policy_version=version).json()
    assert (judged["stage"], judged["policy_version"]) == ("client", version)
    assert judged["rests_on"] == "frequency"
    problem_of(shop.get(path, policy_version=99), 404, "policy-not-found")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"as_of": "2026-03-01T12:00:00"}, "invalid-time"),
        ({"as_of": "2100-01-01T00:00:00Z"}, "invalid-time"),
        ({"as_known_at": "2100-01-01T00:00:00Z"}, "invalid-time"),
        ({"as_known_at": "tomorrow"}, "invalid-time"),
        ({"as_known_at": 9_999_999}, "invalid-request"),
        ({"as_known_at": -1}, "invalid-time"),
        ({"policy_version": 0}, "invalid-request"),
    ],
)
def test_questions_about_what_cannot_be_known_are_refused(
    shop: Shop, query: Json, code: str
) -> None:
    shop.register("pos:1")
    for path in ("/status", "/status/history", "/standing"):
        problem_of(shop.get(f"/contacts/pos:1{path}", **query), 422, code)


def test_nobody_is_known_before_they_were_registered(shop: Shop) -> None:
    shop.register("pos:1")
    for known_at in (0, 1, format_instant(START - DAY)):
        answer = shop.get("/contacts/pos:1/status", as_known_at=known_at)
        problem_of(answer, 404, "contact-not-found")


def test_the_history_has_an_interval_for_every_change_with_its_cause(shop: Shop) -> None:
    (bought_id,) = bought(shop, "pos:1", [-200])
    intervals = shop.get("/contacts/pos:1/status/history").json()["intervals"]
    assert [one["stage"] for one in intervals] == ["contact", "customer", "lapsed_customer"]
    assert intervals[1]["cause"] == {"kind": "event", "name": "purchase-made", "event": bought_id}
    assert intervals[2]["cause"]["kind"] == "breakpoint"
    assert intervals[0]["to"] == intervals[1]["from"]
    assert intervals[2]["to"] is None


def test_standing_counts_referrals_and_they_can_be_read(shop: Shop) -> None:
    shop.register("pos:1")
    other = shop.register("pos:2", "Bo").json()["contact_id"]
    made = {
        "type": "referral-made",
        "data": {"referral_id": "r1", "direction": "inbound", "other": "pos:2", "level": 3},
    }
    position = shop.append("pos:1", made).json()["position"]
    body = shop.get("/contacts/pos:1/standing").json()
    assert (body["standing"], body["influence"]) == ("introducer", 6)
    assert body["referrals"]["open"] == 1
    assert shop.get("/contacts/pos:1").json()["standing"] == "introducer"
    rows = shop.get("/standings", standing="introducer", min_position=position).json()["items"]
    assert [row["influence"] for row in rows] == [6]
    shop.append("pos:2", purchase("a"))
    found = shop.get("/contacts/pos:1/referrals", min_position=position + 1).json()
    assert (found["made"][0]["other"], found["made"][0]["outcome"]) == (other, "won")
    assert found["rewards"][0]["amount_minor"] == 62
    received = shop.get("/contacts/pos:2/referrals").json()["received"]
    assert received[0]["referral_id"] == "r1"


def test_the_log_is_read_in_pages_without_gap_or_repetition(shop: Shop) -> None:
    shop.register("pos:1")
    shop.append("pos:1", *(purchase(str(number)) for number in range(9)))
    positions: list[int] = []
    answer = shop.get("/events", limit=4)
    while True:
        positions += [one["position"] for one in answer.json()["items"]]
        if "next" not in answer.links:
            break
        answer = shop.client.get(answer.links["next"]["url"])
        shop.append("pos:1", purchase(f"later{len(positions)}"))
    assert positions == list(range(1, len(positions) + 1))
    assert answer.json()["next_cursor"] is None


def test_the_log_can_be_narrowed_to_types_and_a_contact(shop: Shop) -> None:
    shop.register("pos:1")
    shop.register("pos:2")
    shop.append(
        "pos:2", purchase("a"), purchase("b"), {"type": "visit-made", "data": {"guests": 1}}
    )

    def positions(**query: object) -> list[int]:
        return [one["position"] for one in shop.get("/events", **query).json()["items"]]

    assert positions(contact="pos:2") == [3, 4, 5, 6]
    assert positions(contact="pos:2", after_position=3, limit=2) == [4, 5]
    assert positions(types="purchase-made,visit-made") == [4, 5, 6]
    assert positions(contact="pos:2", types="visit-made") == [6]
    assert positions(contact="pos:3") == []


def test_a_stream_is_read_in_pages_by_version(shop: Shop) -> None:
    shop.register("pos:1")
    shop.append("pos:1", *(purchase(str(number)) for number in range(4)))
    page = shop.get("/contacts/pos:1/events", limit=3, after_version=1)
    assert [one["version"] for one in page.json()["items"]] == [2, 3, 4]
    assert page.headers["etag"] == '"5"'
    rest = shop.client.get(page.links["next"]["url"])
    assert [one["version"] for one in rest.json()["items"]] == [5]


def test_events_say_who_retracted_or_corrected_them(shop: Shop) -> None:
    shop.register("pos:1")
    shop.register("pos:2", "Bo")
    referral = {"referral_id": "r", "direction": "inbound", "other": "pos:2", "level": 1}
    answer = shop.append(
        "pos:1", purchase("a"), purchase("b"), {"type": "referral-made", "data": referral}
    )
    first, second, third = (one["id"] for one in answer.json()["events"])
    reason = {"reason": "typed twice"}
    wrong = {"type": "event-corrected", "data": {"target": second, "data": purchase("b")["data"]}}
    corrected = shop.append("pos:1", wrong).json()["events"][0]["id"]
    retracted = {
        target: shop.append(
            "pos:1", {"type": "event-retracted", "data": {"target": target, **reason}}
        ).json()["events"][0]["id"]
        for target in (first, third)
    }
    items = {one["id"]: one for one in shop.get("/contacts/pos:1/events").json()["items"]}
    assert items[first]["retracted_by"] == retracted[first]
    assert (items[second]["retracted_by"], items[second]["corrected_by"]) == (None, corrected)
    received = shop.get("/contacts/pos:2/events").json()["items"][-1]
    assert received["type"] == "referral-received"
    assert (received["causation_id"], received["retracted_by"]) == (third, retracted[third])
    shop.append("pos:1", {"type": "event-retracted", "data": {"target": corrected, **reason}})
    log = {one["id"]: one for one in shop.get("/events").json()["items"]}
    assert (log[second]["corrected_by"], log[first]["corrected_by"]) == (None, None)


def test_the_first_event_is_the_policy_and_has_no_contact(shop: Shop) -> None:
    event = shop.get("/events/1").json()
    assert (event["type"], event["contact_id"]) == ("policy-published", None)
    assert event["data"]["policy"]["name"] == "retail"


@pytest.mark.parametrize("position", ["0", "99", "one", "1.0", "-1", "99999999999999999999"])
def test_a_position_without_event_is_not_found(shop: Shop, position: str) -> None:
    problem_of(shop.get(f"/events/{position}"), 404, "event-not-found")


def test_lists_and_summary_agree_with_the_contacts(shop: Shop) -> None:
    bought(shop, "pos:1", [-3, -2])
    shop.register("pos:2")
    last = shop.append("pos:2", {"type": "contact-merged", "data": {"into": "pos:1"}}).json()
    bought(shop, "pos:3", [-200])
    position = shop.get("/contacts/pos:3").json()["position"]
    rows = shop.get("/statuses", min_position=position).json()["items"]
    assert last["contact_id"] not in [row["contact_id"] for row in rows]
    for row in rows:
        status = shop.get(f"/contacts/{row['contact_id']}/status").json()
        assert row == {name: status[name] for name in row}
    summary = shop.get("/statuses/summary")
    assert summary.json()["stages"]["customer"] == 1
    assert summary.json()["stages"]["lapsed_customer"] == 1
    assert summary.headers["rapport-position"] == str(position)
    assert [row["stage"] for row in shop.get("/contacts", stage="customer").json()["items"]] == [
        "customer"
    ]
    then = shop.get("/statuses", as_of=format_instant(START - 90 * DAY)).json()["items"]
    assert [row["stage"] for row in then].count("customer") == 1


def test_lists_go_on_where_their_page_ended(shop: Shop) -> None:
    for number in range(5):
        shop.append(f"pos:{number}", registration(), purchase("a", at=START - number * DAY))
    position = shop.get("/contacts/pos:4").json()["position"]
    for path, query in (("/statuses", {"sort": "since"}), ("/statuses", {}), ("/contacts", {})):
        seen = []
        answer = shop.get(path, limit=2, min_position=position, **query)
        while True:
            seen += [row["contact_id"] for row in answer.json()["items"]]
            if "next" not in answer.links:
                break
            answer = shop.client.get(answer.links["next"]["url"])
        assert len(seen) == len(set(seen)) == 5


def test_what_is_not_there_yet_is_waited_for(shop: Shop) -> None:
    shop.register("pos:1")
    paths = ("/contacts/pos:1/status", "/statuses", "/events", "/contacts/pos:1", "/standings")
    for place, path in enumerate(paths):
        wanted = 3 + place
        later = threading.Timer(0.1, shop.append, ("pos:1", purchase(path)))
        later.start()
        answer = shop.get(path, min_position=wanted)
        later.join()
        assert answer.status_code == 200
        if "rapport-position" in answer.headers:
            assert int(answer.headers["rapport-position"]) >= wanted


def test_what_does_not_come_is_not_waited_for_long(shop: Shop, server: Server) -> None:
    set_limits(server, shop, ServiceLimits(wait_seconds=0.05))
    shop.register("pos:1")
    for path in ("/contacts/pos:1/status", "/statuses", "/statuses/summary", "/contacts"):
        answer = shop.get(path, min_position=99)
        problem_of(answer, 503, "projection-behind")
        assert int(answer.headers["retry-after"]) >= 1


def test_an_append_is_seen_by_the_next_read(shop: Shop, server: Server) -> None:
    """Reads of one contact come from the events themselves, however far projections are."""
    projections = server.ledger(shop.base.rpartition("/")[2]).projections
    shop.register("pos:1")
    projections.close()
    shop.append("pos:1", purchase("a", id=str(uuid4())))
    assert shop.get("/contacts/pos:1").json()["stage"] == "customer"
    assert shop.get("/contacts/pos:1/status").json()["stage"] == "customer"
