"""The lines that each page gives to programs: what they answer is what the page shows."""

from __future__ import annotations

import json
import re
import shlex
from html import unescape
from typing import TYPE_CHECKING, Any

from domain.instants import DAY, format_instant
from domain.phrases import count_of
from tests.api.shop import START, purchase, registration
from tests.console.forms import fields_of
from tests.console.ledgers import pages, reflect
from tests.console.test_filters import chips
from tests.console.test_work import settled

if TYPE_CHECKING:
    import httpx

    from tests.api.shop import Shop


WALKED = (
    "",
    "?kind=Promise",
    "?kind=Thanks",
    "?on=2026-03-20",
    "/people",
    "/people?stage=contact&sort=since",
    "/people?q=ada",
    "/people?flag=advocate",
    "/people?consent=marketing+by+mail",
    "/people?steward=Kim",
    "/people?steward=Kim&stage=customer&q=ada",
    "/people?after=100:00000000-0000-4000-8000-000000000000",
    "/people/till:1",
    "/people/till:1?on=2026-02-28&known_on=2026-03-01",
    "/people/till:1?type=purchase-made",
    "/people/till:1/steps",
    "/duplicates",
    "/act",
    "/act?type=thanks-given&contact=till:1",
    "/partners",
    "/partners/till:2",
    "/book",
    "/policies",
    "/audit",
    "/operations",
    "/imports",
)


def lines(page: str) -> dict[str, str]:
    """The addresses that a page gives to programs, by what they say of it."""
    found = re.findall(r"(?:<li>([^<]*): )?<code>(curl -sS [^<]*)</code>", page)
    return {of: shlex.split(unescape(line))[2] for of, line in found}


def items(client: httpx.Client, address: str) -> list[dict[str, Any]]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    listed: list[dict[str, Any]] = answer.json()["items"]
    return listed


def fill(shop: Shop) -> None:
    """Ada buys and is owed things, Ben sent her; both have a name."""
    shop.register("till:1", "Ada Jansen")
    shop.register("till:2", "Ben Okafor")
    made = {"type": "promise-made", "data": {"promise_id": "p1", "summary": "a table"}}
    consent = {"purpose": "marketing", "channel": "mail", "granted": True}
    shop.append(
        "till:1",
        purchase("1", at=START - 2 * DAY),
        made,
        {"type": "consent-changed", "data": consent},
        {"type": "steward-assigned", "data": {"steward": "Kim"}},
    )
    referral = {"referral_id": "r1", "direction": "inbound", "other": "till:1", "level": 3}
    sent = shop.append("till:2", {"type": "referral-made", "data": referral})
    reflect(shop, sent)
    for path in ("/standings", "/statuses", "/restatements"):
        shop.get(path, min_position=sent.json()["position"])


def rows(page: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'data-item="([^"]+)"', page)]


def test_every_line_of_every_page_is_answered(client: httpx.Client, shop: Shop) -> None:
    fill(shop)
    counted = 0
    for path in WALKED:
        page = client.get(f"{pages(shop)}{path}")
        if page.status_code == 303:  # one alone is called so
            page = client.get(page.headers["location"])
        assert (path, page.status_code) == (path, 200)
        found = lines(page.text)
        assert (path, len(found) > 0) == (path, True)
        for address in found.values():
            answer = client.get(address)
            assert (path, address, answer.status_code) == (path, address, 200)
            counted += 1
    assert counted > len(WALKED)


def test_the_lines_of_today_give_its_rows_and_counts(client: httpx.Client, shop: Shop) -> None:
    fill(shop)
    for query in ("", "?kind=Promise", "?on=2026-03-20", "?on=2026-03-20&kind=Promise"):
        page = client.get(f"{pages(shop)}{query}").text
        found = lines(page)
        listed = items(client, found[""])
        assert (query, sorted(rows(page))) == (
            query,
            sorted(f"{one['stream']} {one['key']}" for one in listed),
        )
        assert rows(page)
    found = lines(client.get(pages(shop)).text)
    counts = client.get(found["how many of each kind"]).json()["counts"]
    due = sum(one["count"] for one in counts if one["state"] in ("today", "overdue"))
    assert f"{count_of(due, 'thing')} today" in client.get(pages(shop)).text


def test_the_lines_of_people_give_the_list_and_the_chips(client: httpx.Client, shop: Shop) -> None:
    fill(shop)
    shop.append("till:2", {"type": "steward-assigned", "data": {"steward": "Kim"}})
    standing = shop.get("/contacts/till:2").json()["standing"]
    for query in (
        "",
        "?stage=contact&sort=since",
        "?q=a&stage=customer",
        "?flag=advocate",
        "?steward=Kim",
        "?steward=Kim&sort=since",
        "?steward=kim&stage=customer",
        "?steward=Kim&q=ben",
        "?standing=none&consent=marketing+by+mail",
        f"?standing={standing}",
        f"?standing={standing}&steward=Kim",
        "?consent=marketing+by+mail&stage=customer",
    ):
        page = client.get(f"{pages(shop)}/people{query}", follow_redirects=True).text
        listed = items(client, lines(page)[""])
        assert (query, rows(page)) == (query, [one["contact_id"] for one in listed])
    page = client.get(f"{pages(shop)}/people").text
    summary = client.get(lines(page)["how many of each stage and flag"]).json()
    found = chips(page)
    assert found["contact"] == summary["stages"]["contact"]
    assert found["customer"] == summary["stages"]["customer"]
    contact = shop.get("/contacts/till:1").json()["contact_id"]
    further = client.get(f"{pages(shop)}/people?after=100:{contact}").text
    assert "/contacts" not in " ".join(lines(further).values())
    assert "This part of the list has no line of its own" in further


def test_the_lines_of_a_person_carry_the_point_in_both_times(
    client: httpx.Client, shop: Shop
) -> None:
    fill(shop)
    base = f"{pages(shop)}/people/till:1"
    for query in ("", "?on=2026-02-27", "?known_on=2026-03-01&on=2026-02-28"):
        page = unescape(client.get(f"{base}{query}").text)
        found = lines(page)
        card = client.get(found[""]).json()
        assert (query, card["sentence"] in page) == (query, True)
        status = client.get(found["the signals"]).json()
        assert f"Score {status['score']};" in page
        assert status["explanation"] in page
    for query in ("", "?type=purchase-made"):
        page = client.get(f"{base}{query}").text
        told = items(client, lines(page)["what happened"])
        assert sorted(re.findall(r'<li id="e-([^"]+)"', page)) == sorted(one["id"] for one in told)


def test_a_part_of_a_page_brings_the_lines_of_its_own(client: httpx.Client, shop: Shop) -> None:
    fill(shop)
    contact = shop.get("/contacts/till:1").json()["contact_id"]
    part = client.get(
        f"{pages(shop)}/people/{contact}?on=2026-02-27&type=purchase-made",
        headers={"HX-Request": "true"},
    ).text
    assert 'hx-swap-oob="true"' in part
    assert "as_of=2026-02-27T" in lines(part)[""]
    assert "on=2026-02-27&amp;type=purchase-made" in part, "it is refreshed as it was asked for"


def test_the_lines_of_audit_and_operations_give_what_they_show(
    client: httpx.Client, shop: Shop
) -> None:
    fill(shop)
    page = client.get(f"{pages(shop)}/operations").text
    work = client.post(
        f"{pages(shop)}/operations/rebuilds",
        data={**fields_of(page, f"{pages(shop)}/operations/rebuilds")},
    )
    settled(client, work.headers["location"])
    audit = client.get(f"{pages(shop)}/audit").text
    trail = items(client, lines(audit)["who ordered what"])
    table = audit.partition('id="trail"')[2]
    assert table.count("<tr>") - 1 == len(trail) > 1
    assert "this machine" in table
    restated = items(client, lines(audit)["what was restated"])
    shown = audit.partition('id="restated"')[2].partition("</section>")[0]
    assert shown.count("<tr>") == (len(restated) + 1 if restated else 0)
    operations = client.get(f"{pages(shop)}/operations").text
    found = lines(operations)
    for one in client.get(found[""]).json()["items"]:
        assert f'<span class="hint">{one["name"]}</span></td>' in operations
    assert client.get(found["whether everything works"]).json()["status"] == "ok"
    assert "Everything works" in operations
    assert client.get(found["the access keys"]).json()["items"] == []


def test_the_lines_of_a_preview_give_its_faces(client: httpx.Client, shop: Shop) -> None:
    begun_at = START - 50 * DAY
    registered = registration("Ada Jansen") | {"occurred_at": format_instant(begun_at)}
    bought = [purchase(str(week), at=begun_at + 7 * week * DAY) for week in range(1, 7)]
    reflect(shop, shop.append("till:1", registered, *bought))
    base = f"{pages(shop)}/policies"
    fields = fields_of(client.get(base).text, f"{base}/previews")
    fields |= {"/stage/promotion_score": "30", "/stage/stay_score": "20"}
    begun = client.post(f"{base}/previews", data=fields)
    page = settled(client, begun.headers["location"])
    found = lines(page)
    listed = [json.loads(line) for line in client.get(found[""]).text.splitlines()]
    faces = re.findall(r'class="who" href="[^"]*/people/([^"]+)">([^<]+)', page)
    assert sorted(faces) == sorted((one["contact_id"], one["name"]) for one in listed)
    assert len(faces) == 1
    work = client.get(found["how many of each, and the money"]).json()
    for name, count in work["result"]["stages"]["after"].items():
        row = page.partition(f">{name.replace('_', ' ')}</span></td>")[2].partition("</tr>")[0]
        assert re.findall(r">(\d+)</td>", row)[1] == str(count)
