"""The agenda over HTTP: days, coordinates, filters, pages and names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from domain.instants import DAY, HOUR, format_instant
from tests.api.shop import START, problem_of, purchase, registration

if TYPE_CHECKING:
    import httpx

    from tests.api.shop import Shop

TODAY = format_instant(START)[:10]


def asked(shop: Shop, path: str = "/agenda", **query: Any) -> httpx.Response:
    """The answer once it reflects what was appended so far."""
    newest = shop.get("/events", limit=1000).json()["items"][-1]["position"]
    return shop.get(path, **{"min_position": newest, **query})


def told(shop: Shop, path: str = "/agenda", **query: Any) -> list[tuple[str, str]]:
    """The kinds on the agenda of a day with their states, in order."""
    answer = asked(shop, path, **query)
    assert answer.status_code == 200, answer.text
    return [(item["kind"], item["state"]) for item in answer.json()["items"]]


def event(type_name: str, days: float, **data: object) -> dict[str, Any]:
    """An event so many days from the present."""
    at = format_instant(START + round(days * DAY))
    return {"type": type_name, "occurred_at": at, "data": data}


@pytest.fixture
def owing(shop: Shop) -> Shop:
    """A shop that owes two customers something, and has promised a third."""
    for contact, name in (("pos:1", "Ben Okafor"), ("pos:2", "Clara Vos"), ("pos:3", "Dora Stein")):
        shop.append(
            contact,
            {
                "type": "contact-registered",
                "occurred_at": "2026-01-01T00:00:00Z",
                "data": {"kind": "person", "name": name},
            },
        )
    day = format_instant(START + DAY)[:10]
    shop.append("pos:1", purchase("p1", START - 3 * DAY))
    shop.append("pos:2", purchase("p2", START - HOUR))
    shop.append("pos:3", event("promise-made", -2, promise_id="w1", due_on=day, summary="cake"))
    return shop


def test_a_day_lists_the_most_urgent_first_with_the_state_of_each(owing: Shop) -> None:
    assert told(owing) == [("promise", "upcoming"), ("thanks", "overdue"), ("thanks", "upcoming")]
    tomorrow = format_instant(START + 2 * DAY)[:10]
    assert told(owing, on=tomorrow)[0] == ("promise", "today")
    yesterday = format_instant(START - DAY)[:10]
    assert told(owing, on=yesterday) == [("promise", "upcoming"), ("thanks", "today")]
    assert told(owing, on=TODAY, as_of=format_instant(START - 4 * DAY)) == told(owing, on=TODAY)


def test_sentences_have_names_on_request_alone(owing: Shop) -> None:
    first = asked(owing, "/agenda", kind="thanks").json()["items"][0]
    assert "name" not in first
    assert first["reason"] == "Thank them for the purchase that made them a customer."
    named = asked(owing, "/agenda", kind="thanks", names="true").json()["items"][0]
    assert named["name"] == "Ben Okafor"
    assert named["reason"] == "Thank Ben Okafor for the purchase that made them a customer."


def test_doing_the_thing_takes_it_off_and_putting_it_off_hides_it(owing: Shop) -> None:
    (late, soon) = asked(owing, "/agenda", kind="thanks").json()["items"]
    owing.append(late["stream"], event("thanks-given", 0, channel="card", personal=True))
    until = format_instant(START + 5 * DAY)
    owing.append(soon["stream"], event("action-deferred", 0, item=soon["key"], until=until))
    assert told(owing) == [("promise", "upcoming")]
    assert told(owing, deferred="true")[-1] == ("thanks", "deferred")
    assert told(owing, state="deferred") == [("thanks", "deferred")]
    assert told(owing, state="deferred", deferred="false") == [("thanks", "deferred")]
    counts = asked(owing, "/agenda/summary").json()["counts"]
    assert {(one["kind"], one["state"], one["count"]) for one in counts} == {
        ("promise", "upcoming", 1),
        ("thanks", "deferred", 1),
    }
    assert told(owing, on=format_instant(START + 6 * DAY)[:10], kind="thanks") == [
        ("thanks", "overdue")
    ]


def test_pages_and_filters_give_the_same_rows(owing: Shop) -> None:
    whole = asked(owing).json()["items"]
    read, cursor = [], None
    while True:
        page = asked(owing, "/agenda", limit=1, **({"cursor": cursor} if cursor else {})).json()
        read += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break
    assert read == whole
    first = asked(owing, "/agenda", limit=1).json()["next_cursor"]
    for other in ({"as_known_at": 4}, {"as_of": "2025-01-02"}, {"kind": "thanks"}):
        problem_of(owing.get("/agenda", cursor=first, **other), 422, "invalid-request")
    assert [one["contact_id"] for one in whole] == [
        owing.get(f"/contacts/pos:{number}").json()["contact_id"] for number in (3, 1, 2)
    ]
    assert told(owing, contact="pos:1") == told(owing, "/contacts/pos:1/agenda")
    assert told(owing, stage="customer") == [("thanks", "overdue"), ("thanks", "upcoming")]
    assert told(owing, steward="Kim") == []
    owing.append("pos:3", event("steward-assigned", -1, steward="Kim"))
    assert told(owing, steward="Kim") == [("promise", "upcoming")]


def test_what_was_known_then_is_what_a_ledger_stopped_there_says(owing: Shop) -> None:
    position = asked(owing).headers["Rapport-Position"]
    before = asked(owing).json()
    owing.append("pos:1", event("thanks-given", 0, channel="card", personal=True))
    assert asked(owing).json() != before
    assert asked(owing, "/agenda", as_known_at=position).json() == before


def test_a_day_too_far_ahead_and_a_stranger_are_refused(owing: Shop) -> None:
    far = format_instant(START + 368 * DAY)[:10]
    assert asked(owing, "/agenda", on=far).json()["errors"][0]["pointer"] == "/on"
    assert owing.get("/contacts/pos:9/agenda").status_code == 404
    assert told(owing, contact="pos:9") == []
    for path in ("/events", "/restatements"):  # lists whose filters leave nothing do the same
        assert owing.get(path, contact="pos:9").json()["items"] == []


def test_gratitude_says_what_was_owed_and_what_became_of_it(owing: Shop) -> None:
    owing.append("pos:1", event("testimonial-given", -40))
    owing.append("pos:1", event("thanks-given", -2, channel="card", personal=True))
    found = owing.get("/gratitude", names="true").json()
    total = {name: sum(one[name] for one in found["months"]) for name in ("owed", "open", "missed")}
    assert total == {"owed": 3, "open": 1, "missed": 1}
    ben, clara = found["contacts"]
    assert (ben["name"], ben["in_time"], ben["median_hours"]) == ("Ben Okafor", 1, 24)
    assert (clara["name"], clara["open"], clara["median_hours"]) == ("Clara Vos", 1, None)
    month = format_instant(START - 40 * DAY)[:7]
    then = owing.get("/gratitude", **{"from": month, "to": month}).json()
    assert [(one["month"], one["owed"], one["missed"]) for one in then["months"]] == [(month, 1, 1)]


def test_thanks_that_were_open_at_an_end_are_missed_by_nobody(owing: Shop) -> None:
    before = owing.get("/gratitude").json()["contacts"]
    owing.append("pos:9", {**registration("Eva Ended"), "occurred_at": "2026-01-01T00:00:00Z"})
    owing.append("pos:9", event("testimonial-given", -50))
    owing.append("pos:9", event("relationship-ended", -45, by="contact", reason="moved"))
    assert owing.get("/gratitude").json()["contacts"] == before
    owing.append("pos:8", {**registration("Max Missed"), "occurred_at": "2026-01-01T00:00:00Z"})
    owing.append("pos:8", event("testimonial-given", -50))
    owing.append("pos:8", event("relationship-ended", -5, by="contact", reason="moved"))
    missed = [one for one in owing.get("/gratitude").json()["contacts"] if one not in before]
    assert [one["missed"] for one in missed] == [1]


def test_an_answer_is_given_again_for_what_was_known_then(owing: Shop) -> None:
    """A ledger that stopped at a position, and the same ledger later, asked about that position."""
    ben = owing.get("/contacts/pos:1").json()["contact_id"]
    first = owing.get("/contacts/pos:1/events").json()["items"][1]
    steps = [
        ("pos:1", event("purchase-made", -9, purchase_id="late", amount_minor=100,
                        currency="EUR", initiated_by="contact")),
        ("pos:1", event("event-corrected", 0, target=first["id"],
                        occurred_at=format_instant(START - 5 * DAY))),
        ("pos:2", event("referral-made", -30, referral_id="r1", direction="inbound",
                        other="pos:1", level=3)),
        ("pos:2", event("consent-changed", -20, purpose="marketing", channel="email",
                        granted=False)),
        ("pos:3", event("action-deferred", -1, item="touch",
                        until=format_instant(START + DAY))),
        ("pos:3", event("occasion-learned", -1, occasion_id="o", kind="birthday",
                        month=3, day=3)),
        ("pos:3", event("contact-merged", 0, into=ben)),
        ("pos:1", event("event-retracted", 0, target=first["id"], reason="the wrong till")),
        ("pos:3", event("merge-reversed", 0, into=ben)),
    ]  # fmt: skip  # a step reads better on one line
    coordinates = {
        "as_of": format_instant(START),
        "muted": "true",
        "deferred": "true",
        "names": "true",
    }
    given = {}
    for contact, step in steps:
        position = owing.append(contact, step).json()["position"]
        given[position] = asked(owing, "/agenda", **coordinates).json()
    assert len({str(one) for one in given.values()}) > 3, "the steps make a difference"
    for position, answer in given.items():
        assert asked(owing, "/agenda", as_known_at=position, **coordinates).json() == answer
