"""The pages of people: found by what they are called, seen at any time, corrected and erased."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from domain.instants import DAY, format_instant
from tests.api.shop import START, purchase
from tests.console.forms import fields_of, send
from tests.console.ledgers import MARKER, events, pages

if TYPE_CHECKING:
    import httpx

    from tests.api.shop import Shop


def test_people_are_found_as_the_api_finds_them(client: httpx.Client, shop: Shop) -> None:
    shop.register("till:1", "Zoë Müller")
    shop.register("till:2", "Ben Okafor")
    part = {"HX-Request": "true"}
    page = client.get(f"{pages(shop)}/people?q=zoe+muler", headers=part).text
    assert ("Zoë Müller" in page, "Ben Okafor" in page) == (True, False)
    assert "/people/" in client.get(f"{pages(shop)}/people?q=zoe+muler").headers["Location"]
    by_number = client.get(f"{pages(shop)}/people?q=till:2", headers=part).text
    assert "Ben Okafor" in by_number
    assert "<html" not in by_number
    assert "Nobody is called that" in client.get(f"{pages(shop)}/people?q=qqqq").text


def test_lists_go_on_where_a_page_ends(client: httpx.Client, shop: Shop) -> None:
    for number in range(25):
        shop.register(f"till:{number}", f"Guest {number:02}")
    last = shop.append("till:1", purchase("1")).json()["position"]
    shop.get("/statuses", min_position=last)
    first = client.get(f"{pages(shop)}/people").text
    path = first.split('rel="next"')[0].rpartition('href="')[2].rstrip('" ')
    second = client.get(f"{pages(shop)}/people{path.replace('&amp;', '&')}").text
    named = [page.count("Guest ") for page in (first, second)]
    assert named[0] >= 20
    assert {f"Guest {number:02}" for number in range(25)} <= {
        f"Guest {page[:2]}" for text in (first, second) for page in text.split("Guest ")[1:]
    }
    customers = client.get(f"{pages(shop)}/people?stage=customer").text
    assert ("Guest 01" in customers, "Guest 02" in customers) == (True, False)
    assert client.get(f"{pages(shop)}/people?stage=friend").status_code == 422
    for place in ("1:2", f"{'9' * 30}:{'0' * 32}"):
        assert client.get(f"{pages(shop)}/people?after={place}").status_code == 422


def test_a_person_is_shown_as_of_a_day_and_as_known_on_one(
    client: httpx.Client, shop: Shop
) -> None:
    registered = {
        "type": "contact-registered",
        "occurred_at": format_instant(START - 30 * DAY),
        "data": {"kind": "person", "name": "Ada Jansen"},
    }
    assert shop.append("till:1", registered).status_code == 201
    shop.append("till:1", purchase("1", at=START - 10 * DAY))
    path = f"{pages(shop)}/people/till:1"
    assert 'class="stage customer"' in client.get(path).text
    assert "Last here</dt><dd>10 days ago" in client.get(path).text
    assert "Last here</dt><dd>5 days ago" in client.get(path, params={"day": "25"}).text
    before = client.get(path, params={"day": "15"}).text
    assert 'class="stage contact"' in before
    assert "12.50" not in before
    unknown = client.get(path, params={"day": "25", "known": "5"})
    assert "Nobody knew them then" in unknown.text
    assert client.get(path, params={"on": "yesterday"}).status_code == 422


def test_points_that_a_complaint_takes_away_are_drawn(client: httpx.Client, shop: Shop) -> None:
    shop.register("till:1", "Ada Jansen")
    shop.append("till:1", *(purchase(str(day), at=START - day * DAY) for day in range(61, 65)))
    shop.register("till:2", "Ben Okafor")
    sent = {"referral_id": "r", "direction": "inbound", "other": "till:2", "level": 5}
    shop.append("till:1", {"type": "referral-made", "data": sent})
    late = {"complaint_id": "c", "severity": 3, "public": False}
    at = format_instant(START - 60 * DAY)
    shop.append("till:1", {"type": "complaint-raised", "occurred_at": at, "data": late})
    signals = shop.get("/contacts/till:1/status").json()["signals"]
    points = {one["name"]: one["points"] for one in signals if one["on"]}
    assert points["complaint"] < 0
    page = client.get(f"{pages(shop)}/people/till:1").text
    score = page.partition('class="score"')[2].partition("</svg>")[0]
    widths = [
        int(one)
        for one in re.findall(r'<rect class="bar [^"]*" x="\d+"[^>]* width="(-?\d+)"', score)
    ]
    gained = [10 * one for one in points.values() if one > 0]
    assert sorted(widths) == sorted([*gained, min(sum(gained), -10 * points["complaint"])])
    assert page.count('class="bar taken"') == 1


def test_a_signal_is_drawn_beside_its_threshold(client: httpx.Client, shop: Shop) -> None:
    shop.register("till:1", "Ada Jansen")
    bought = shop.append("till:1", purchase("1"))
    assert bought.status_code == 201
    page = client.get(f"{pages(shop)}/people/till:1").text
    told = shop.get("/contacts/till:1/status").json()["signals"]
    (signal,) = [one for one in told if one["events"]]
    needed = signal["threshold"]["purchase_days"]
    assert needed > 1
    row = page.partition(f"<td>{signal['name']}")[2].partition("</tr>")[0]
    assert f"purchase days: 1 of {needed}" in row
    drawn = re.search(r'width="(\d+)" height="26"></rect><line class="line" x1="(\d+)"', row)
    assert drawn is not None
    assert [int(one) for one in drawn.groups()] == [1000 // needed, 1000]
    assert f'href="#e-{signal["events"][0]}"' in row


def test_a_past_is_replayed_step_by_step_in_words(client: httpx.Client, shop: Shop) -> None:
    contact = shop.register("till:1", "Ada Jansen").json()["contact_id"]
    shop.clock.instant = START + 2 * DAY
    sold = shop.append("till:1", purchase("1", at=START + DAY))
    bought = sold.json()["events"][0]["id"]
    led = client.get(f"{pages(shop)}/steps", params={"contact": "till:1"})
    assert led.headers["Location"] == f"{pages(shop)}/people/{contact}/steps"
    assert "contact to" in (page := client.get(led.headers["Location"]).text)
    assert ("Ada Jansen" in page, "bought, entry 3" in page) == (True, True)
    taken_back = {"type": "event-retracted", "data": {"target": bought, "reason": "a mistake"}}
    shop.append("till:1", taken_back)
    page = client.get(led.headers["Location"]).text
    assert "bought, entry 3; does not count" in page
    assert "contact to" not in page
    assert client.get(f"{led.headers['Location']}?after=x").status_code == 422
    assert led.headers["Location"] in client.get(f"{pages(shop)}/people/{contact}").text


def test_what_is_merged_leads_to_the_survivor(client: httpx.Client, shop: Shop) -> None:
    survivor = shop.register("till:1").json()["contact_id"]
    shop.append("web:1", {"type": "contact-merged", "data": {"into": "till:1"}})
    answer = client.get(f"{pages(shop)}/people/web:1")
    assert answer.headers["Location"].endswith(f"/people/{survivor}")
    page = client.get(f"{pages(shop)}/people/till:1").text
    assert "2 numbers are one person" in page


def test_an_entry_is_corrected_with_the_form_of_its_act(client: httpx.Client, shop: Shop) -> None:
    contact = shop.register("till:1").json()["contact_id"]
    bought = shop.append("till:1", purchase("1")).json()["events"][0]["id"]
    action = f"{pages(shop)}/correct"
    path = f"{action}?contact={contact}&event={bought}"
    shown = fields_of(client.get(path).text, action)
    assert shown["data.amount_minor"] == "12.50"
    wrong = send(client, path, action, data__amount_minor="much")
    assert wrong.status_code == 422
    assert send(client, path, action, data__amount_minor="13,75").status_code == 303
    correction = events(shop, "till:1")[-1]
    assert correction["type"] == "event-corrected"
    assert correction["data"]["data"]["amount_minor"] == 1375
    assert "corrected" in client.get(f"{pages(shop)}/people/till:1").text


def test_a_person_is_erased_after_the_word_was_typed(client: httpx.Client, shop: Shop) -> None:
    contact = shop.register("till:1", "Ada Jansen").json()["contact_id"]
    path = f"{pages(shop)}/people/{contact}/erasure"
    refused = send(client, path, path, reason="asked by letter")
    assert refused.status_code == 422
    assert shop.get("/contacts/till:1").json()["name"] == "Ada Jansen"
    assert send(client, path, path, reason="by letter", confirmed="erase").status_code == 303
    assert shop.get("/contacts/till:1").json()["name"] is None
    page = client.get(f"{pages(shop)}/people/{contact}").text
    assert ("Ada Jansen" in page, "A person whose data was erased" in page) == (False, True)
    trail = [one["act"] for one in shop.get("/trail").json()["items"]]
    assert "erasure" in trail


def test_a_receipt_and_an_export_are_the_files_of_the_api(client: httpx.Client, shop: Shop) -> None:
    contact = shop.register("till:1", "Ada Jansen").json()["contact_id"]
    base = f"{pages(shop)}/people/{contact}"
    receipt = client.get(f"{base}/receipt")
    assert receipt.json()["question"]["contact_id"] == contact
    assert "attachment" in receipt.headers["Content-Disposition"]
    assert client.get(f"{base}/export").json()["registration"]["name"] == "Ada Jansen"


def test_nothing_that_is_known_of_a_person_is_markup(client: httpx.Client, shop: Shop) -> None:
    contact = shop.register("till:1", MARKER).json()["contact_id"]
    shop.append(
        "till:1",
        {"type": "preference-learned", "data": {"key": MARKER[:20], "value": MARKER}},
        {"type": "promise-made", "data": {"promise_id": "p1", "summary": MARKER}},
        {"type": "need-discovered", "data": {"need_id": "n1", "stated": MARKER}},
        {"type": "contact-detail-learned", "data": {"kind": "handle", "value": MARKER}},
        {"type": "steward-assigned", "data": {"steward": MARKER}},
        {"type": "custom-recorded", "data": {"kind": MARKER, "attributes": {"a": MARKER}}},
    )
    for path in ("/people", f"/people/{contact}", "/people?q=script", f"/people/{contact}/erasure"):
        page = client.get(f"{pages(shop)}{path}", headers={"HX-Request": "true"}).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page
