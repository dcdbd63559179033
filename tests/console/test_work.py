"""Partners, policies, audit, operations and imports on pages."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from click.testing import CliRunner

from api.cli.verify_command import command
from api.http.openapi.valuation_examples import VALUATION
from domain.instants import DAY, format_instant
from projections.projections import Projections
from tests.api.shop import START, purchase, registration
from tests.console.forms import fields_of, send
from tests.console.ledgers import pages, reflect
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    import httpx

    from api.service.server import Server
    from tests.api.shop import Shop

SAMPLE = Path("examples/samples/square-transactions.csv")

SALES = """id,date,amount,currency
1,2026-01-05,12.50,EUR
2,2026-01-06,abc,EUR
"""


def settled(client: httpx.Client, path: str, running: str = 'hx-trigger="every 500ms"') -> str:
    """A page once nothing runs on it any more."""
    found: list[str] = []

    def has_ended() -> bool:
        found.append(client.get(path).text)
        return running not in found[-1]

    until(has_ended)
    return found[-1]


def refer(shop: Shop) -> None:
    shop.register("till:1", "Ben Okafor")
    shop.register("till:2", "Clara Smit")
    data = {"referral_id": "r1", "direction": "inbound", "other": "till:2", "level": 3}
    shop.append("till:1", {"type": "referral-made", "data": data})
    last = shop.append("till:2", purchase("1")).json()["position"]
    shop.get("/standings", min_position=last)


def test_partners_show_whom_they_sent_and_what_is_owed(client: httpx.Client, shop: Shop) -> None:
    refer(shop)
    page = client.get(f"{pages(shop)}/partners").text
    assert "Ben Okafor" in page
    one = client.get(f"{pages(shop)}/partners/till:1").text
    assert ("Clara Smit" in one, "won" in one) == (True, True)
    (reward,) = shop.get("/contacts/till:1/referrals").json()["rewards"]
    assert f"{reward['owed_minor'] / 100:.2f} EUR owed" in one
    (bought,) = shop.get("/contacts/till:2/events", types="purchase-made").json()["items"]
    policy = shop.get("/policies/1").json()
    share = policy["policy"]["rewards"]["basis_points"][reward["level"]] / 100
    sum_shown = re.sub("<[^>]+>", " ", one.partition('class="sum"')[2].partition("</table>")[0])
    assert f"{bought['data']['amount_minor'] / 100:.2f} EUR" in sum_shown
    assert f"{share:g} % of it, for level {reward['level']}" in sum_shown
    tree = shop.get("/contacts/till:1/downstream").json()
    assert [node["name"] for node in tree["nodes"]] == ["Clara Smit"]
    assert f"{tree['sums'][0]['ever_minor'] / 100:.2f} EUR ever" in one
    paid = {"referral_id": "r1", "amount_minor": 7, "currency": "EUR"}
    answer = shop.append("till:1", {"type": "reward-paid", "data": paid})
    shop.get("/standings", min_position=answer.json()["position"])
    left = f"{reward['owed_minor'] / 100 - 0.07:.2f} EUR"
    headline = client.get(f"{pages(shop)}/partners").text.partition("headline")[2]
    assert f"0 referrals open, 1 won; we owe {left}; we paid 0.07 EUR." in headline[:200]
    assert client.get(f"{pages(shop)}/partners?standing=friend").status_code == 422


def test_a_partner_shows_the_tree_its_drawing_ways_and_circles(
    client: httpx.Client, shop: Shop
) -> None:
    """Ben sent Clara, who sent Dora, who sent Ben: the last closes a circle. Eve is apart."""
    refer(shop)
    for contact, name in (("till:3", "Dora Kaya"), ("till:4", "Eve Lund")):
        shop.register(contact, name)
    for by, other in (("till:2", "till:3"), ("till:3", "till:1")):
        data = {"referral_id": "r1", "direction": "inbound", "other": other, "level": 3}
        last = shop.append(by, {"type": "referral-made", "data": data})
    reflect(shop, last)
    shop.get("/standings", min_position=last.json()["position"])
    page = client.get(f"{pages(shop)}/partners/till:1").text
    tree = shop.get("/contacts/till:1/downstream").json()["nodes"]
    assert [one["name"] for one in tree] == ["Clara Smit", "Dora Kaya"]
    brought = page.partition('id="brought"')[2].partition("</section>")[0]
    assert brought.index("Clara Smit") < brought.index('<ul class="tree">', brought.index("Clara"))
    drawn = brought.partition("<svg")[2].partition("</svg>")[0]
    assert re.findall(r'people/([^"]+)" tabindex', drawn) == [one["contact_id"] for one in tree]
    assert drawn.count("<path") == len(tree)
    dora = client.get(f"{pages(shop)}/partners/till:3").text
    assert ("without credit: a circle" in dora, "without credit" in page) == (True, False)
    ways = {"Dora": "Dora Kaya", "Eve": "No referrals connect them", "Zoe": "Nobody is called"}
    for typed, told in ways.items():
        answer = client.get(f"{pages(shop)}/partners/till:1", params={"to": typed})
        way = answer.text.partition('id="way"')[2].partition("</section>")[0]
        assert (typed, told in way) == (typed, True)
    line = re.findall(r"curl -sS (\S+referrals/path\S+)</code>", way_page(client, shop))
    path = client.get(shlex.split(unescape(line[0]))[0]).json()["path"]
    assert len(path) == 2, "the circle is the shorter way"


def way_page(client: httpx.Client, shop: Shop) -> str:
    return client.get(f"{pages(shop)}/partners/till:1", params={"to": "Dora"}).text


def test_the_book_says_what_expected_values_rest_on(
    client: httpx.Client, shop: Shop, server: Server
) -> None:
    shop.register("till:1")
    path = f"{pages(shop)}/book"
    assert "rapport value fit" in client.get(path).text
    kept = server.ledgers[shop.base.rpartition("/")[2]].valuations
    fitted = VALUATION.model_copy(update={"currency": "EUR", "position": 1, "as_of": START - DAY})
    kept.put([fitted])
    page = client.get(path).text
    found = fitted.hold_out
    assert found is not None
    assert f"{found.expected:,} purchase days expected, {found.actual:,} came" in page
    assert f"{abs(found.error_percent or 0)} % too" in page
    missed = {"abstained": True, "reason": "hold-out-missed", "because": "it was off"}
    kept.put([fitted.model_copy(update={"id": UUID(int=8), "as_of": START, **missed})])
    page = client.get(path).text
    assert re.search(r"value is given\. It was off\. Tried on .+\. <span class=.hint.>Fitted", page)
    assert "valuations" in page.partition('id="foot"')[2]


def test_the_value_of_a_person_stands_beside_the_stage(
    client: httpx.Client, shop: Shop, server: Server
) -> None:
    shop.register("till:1", "Ben Okafor")
    for day in (90, 60, 30, 10):
        shop.append("till:1", purchase(f"{day}", START - day * DAY))
    path = f"{pages(shop)}/people/till:1"
    assert "Expected within a year" not in client.get(path).text
    kept = server.ledgers[shop.base.rpartition("/")[2]].valuations
    fitted = VALUATION.model_copy(update={"currency": "EUR", "position": 1, "as_of": START - DAY})
    kept.put([fitted])
    value = shop.get("/contacts/till:1/value").json()
    page = client.get(path).text
    expected = f"{value['net_minor'] / 100:.2f} EUR"
    assert f"<dt>Expected within a year</dt><dd>{expected} <span" in page
    assert f"{value['active_percent']} % that they still come" in page
    earlier = client.get(path, params={"day": "20"}).text
    assert "Expected within a year" not in earlier, "nothing was fitted"
    missed = {"abstained": True, "reason": "hold-out-missed", "because": "it was off"}
    kept.put([fitted.model_copy(update={"id": UUID(int=9), "as_of": START, **missed})])
    assert "no value: it was off" in client.get(path).text


def test_the_book_shows_every_figure_of_the_api_and_leads_to_people(
    client: httpx.Client, shop: Shop
) -> None:
    refer(shop)
    back = {"purchase_id": "1", "amount_minor": 250}
    shop.append("till:2", {"type": "purchase-reversed", "data": back})
    dollars = {
        "purchase_id": "2",
        "amount_minor": 1000,
        "currency": "USD",
        "initiated_by": "contact",
    }
    shop.append("till:1", {"type": "purchase-made", "data": dollars})
    for by, name in (("month", "2026-03"), ("stage", "contact"), ("contact", "Clara Smit")):
        page = client.get(f"{pages(shop)}/book?by={by}&from=2026-01&to=2026-12").text
        assert name in page
        asked = {"by": by, "from": "2026-01", "to": "2026-12"}
        for row in shop.get("/book", **asked).json()["rows"]:
            assert f"{row['net_minor'] / 100:,.2f} {row['currency']}" in page
        bars = [unescape(one) for one in re.findall(r'<a href="([^"]+)" tabindex="-1"', page)]
        for bar in bars:
            behind = client.get(bar)
            assert (bar, behind.status_code) == (bar, 200)
            led_to = '<li id="e-' if by == "contact" else f"{pages(shop)}/people/"
            assert (bar, led_to in behind.text) == (bar, True)
        assert page.count("<svg") == 2, "one picture for each currency"
    by_month = client.get(f"{pages(shop)}/book").text
    path = unescape(re.findall(r'href="(/console[^"]*by=contact[^"]*)"', by_month)[0])
    by_person = client.get(path).text
    assert "Ben Okafor" in by_person
    assert f"{pages(shop)}/people/" in by_person
    assert "came to owe in these months" in by_month
    stage = client.get(f"{pages(shop)}/book?by=contact&within=stage:contact").text
    wanted = shop.get("/book", by="contact", within="stage:contact").json()["rows"]
    for row in wanted:
        assert (row["key"] in stage, row["purchases"] > 0) == (True, True)
    assert "How well we thank" not in stage
    assert "Nothing was bought" in client.get(f"{pages(shop)}/book?to=2020-01").text
    for wrong in ("by=colour", "from=march", "from=2026-05&to=2026-01", "within=colour:red"):
        assert client.get(f"{pages(shop)}/book?{wrong}").status_code == 422


def test_a_watch_list_says_why_and_what_to_do(client: httpx.Client, shop: Shop) -> None:
    refer(shop)
    path = f"{pages(shop)}/book/watch"
    assert "Nobody is on this list" in client.get(f"{path}/lost").text
    opened = {"engagement_id": "e", "role": "buyer", "capacity": "client"}
    begun = format_instant(START - 200 * DAY)
    shop.append("till:2", {"type": "engagement-opened", "occurred_at": begun, "data": opened})
    (one,) = shop.get("/watch/under-served", names="true").json()["items"]
    page = client.get(f"{path}/under-served").text
    assert all(said in page for said in (one["name"], one["why"], one["do"]))
    assert client.get(f"{path}/everybody").status_code == 404


def test_a_ledger_too_long_for_the_book_leads_to_the_command(
    client: httpx.Client, shop: Shop, server: Server
) -> None:
    refer(shop)
    served = server.ledger(shop.base.rpartition("/")[2])
    short = replace(served, limits=replace(served.limits, calibrated_events=2))
    server.ledgers[served.ledger.name] = short
    try:
        assert "rapport book --by month" in client.get(f"{pages(shop)}/book").text
        assert "rapport watch lost" in client.get(f"{pages(shop)}/book/watch/lost").text
    finally:
        server.ledgers[served.ledger.name] = served


def test_a_lever_shows_who_would_rise_before_anything_is_published(
    client: httpx.Client, shop: Shop
) -> None:
    begun_at = START - 50 * DAY
    registered = registration("Ada Jansen") | {"occurred_at": format_instant(begun_at)}
    bought = [purchase(str(week), at=begun_at + 7 * week * DAY) for week in range(1, 7)]
    assert shop.append("till:1", registered, *bought).status_code == 201
    base = f"{pages(shop)}/policies"
    levers = {"/stage/promotion_score": "30", "/stage/stay_score": "20"}
    page = client.get(base).text
    action = f"{base}/previews"
    begun = client.post(action, data={**fields_of(page, action), **levers})
    assert begun.status_code == 303, begun.text
    preview = settled(client, begun.headers["Location"])
    assert "Ada Jansen" in preview
    assert len(shop.get("/policies").json()["items"]) == 1
    fields = fields_of(preview, base)
    assert client.post(base, data=fields).status_code == 422
    assert client.post(base, data={**fields, "confirmed": "publish"}).status_code == 422
    fields |= {"confirmed": "publish", "why": "a quieter year"}
    published = client.post(base, data=fields)
    assert published.status_code == 303
    assert "Version 2 is published" in client.get(base).text
    again = client.post(base, data=fields)
    assert again.status_code == 303
    page = client.get(base).text
    assert "Version 2 is published" not in page
    assert "Score to stay a client</td>" in page
    assert "a quieter year" in client.get(f"{pages(shop)}/audit").text
    (_, second) = shop.get("/policies").json()["items"]
    assert second["policy_version"] == 2
    assert "policy-published" in [one["act"] for one in shop.get("/trail").json()["items"]]


def test_levers_that_contradict_each_other_are_told_of(client: httpx.Client, shop: Shop) -> None:
    base = f"{pages(shop)}/policies"
    wrong = {"/stage/promotion_score": "10", "/stage/stay_score": "90"}
    answer = client.post(
        f"{base}/previews", data={**fields_of(client.get(base).text, f"{base}/previews"), **wrong}
    )
    assert answer.status_code == 422
    assert "must not exceed" in answer.text
    assert "/stage/" not in answer.text.partition('role="alert">')[2].partition("<")[0]
    assert fields_of(answer.text, f"{base}/previews")["/stage/stay_score"] == "90"


def post_file(client: httpx.Client, path: str, content: bytes, **typed: str) -> httpx.Response:
    """Send the form of a page with a file."""
    fields = fields_of(client.get(path).text, path) | typed
    fields.pop("file", None)
    return client.post(path, data=fields, files={"file": ("a file.csv", content)})


def test_a_receipt_is_checked_on_the_page(client: httpx.Client, shop: Shop) -> None:
    contact = shop.register("till:1", "Ada Jansen").json()["contact_id"]
    receipt = client.get(f"{pages(shop)}/people/{contact}/receipt").content
    path = f"{pages(shop)}/audit"
    assert "It is proven" in post_file(client, path, receipt).text
    changed = receipt.replace(b'"stage":"contact"', b'"stage":"client"')
    refused = post_file(client, path, changed)
    assert refused.status_code == 422
    assert "It proves nothing" in refused.text


def test_a_projection_is_rebuilt_by_its_button(client: httpx.Client, shop: Shop) -> None:
    shop.register("till:1")
    path = f"{pages(shop)}/operations"
    begun = send(client, path, f"{path}/rebuilds", projection="standing")
    assert "the same as the one that was live" in settled(client, begun.headers["Location"])
    acts = [(one["act"], one["outcome"]) for one in shop.get("/trail").json()["items"]]
    assert ("rebuild-started", "ordered") in acts
    unknown = send(client, path, f"{path}/rebuilds", projection="weather")
    assert unknown.status_code == 404


def test_a_projection_that_drifted_is_told_of_to_the_auditor(
    client: httpx.Client, shop: Shop, server: Server
) -> None:
    reflect(shop, shop.register("till:1"))
    audit, rebuilds = f"{pages(shop)}/audit", f"{pages(shop)}/operations/rebuilds"
    assert client.get(audit).text.count("not since the server started") == 4

    def compare() -> str:
        typed = {**fields_of(client.get(audit).text, rebuilds), "projection": "status"}
        settled(client, client.post(rebuilds, data=typed).headers["Location"])
        return client.get(audit).text

    assert "the same, at entry 2" in (page := compare())
    assert "Nothing speaks against it" in page
    projections = server.ledgers[shop.base.rpartition("/")[2]].projections
    assert isinstance(projections, Projections)
    with projections._tables.write() as tables:  # as a fault of the disk would
        (name,) = [one for one in tables.table_names() if one.startswith("status_rows")]
        tables.execute(f"UPDATE {name} SET score = 99")
    assert "it had drifted" in (page := compare())
    assert "the projection status had drifted from the entries" in page


def test_the_command_to_check_this_yourself_checks_it(client: httpx.Client, shop: Shop) -> None:
    shop.register("till:1", "Ada Jansen")
    page = client.get(f"{pages(shop)}/audit").text
    program, *typed = shlex.split(
        unescape(re.findall(r"<code>(rapport verify http[^<]+)<", page)[0])
    )
    assert (program, typed[0]) == ("rapport", "verify")
    ran = CliRunner().invoke(command, typed[1:])
    assert (ran.exit_code, "NOT SOUND" in ran.output) == (0, False), ran.output


def test_every_entry_is_taken_away_as_one_file(client: httpx.Client, shop: Shop) -> None:
    audit = f"{pages(shop)}/audit"
    shop.register("till:1", "Ada Jansen")
    assert f'href="{pages(shop)}/export"' in client.get(audit).text
    taken = client.get(f"{pages(shop)}/export")
    assert "attachment" in taken.headers["Content-Disposition"]
    same = client.get(f"{shop.base}/events", headers={"Accept": "application/jsonl"})
    assert (taken.content, taken.content.count(b"Ada Jansen")) == (same.content, 1)
    trail = [(one["act"], one["outcome"]) for one in shop.get("/trail").json()["items"]]
    assert trail.count(("log-exported", "done")) == 2


def test_a_file_is_tried_recorded_and_undone_on_pages(client: httpx.Client, shop: Shop) -> None:
    path, sets = f"{pages(shop)}/imports", {"set.currency": "USD"}
    content = SAMPLE.read_bytes()
    shop.clock.instant = START + 365 * DAY
    tried = post_file(client, path, content, mapping="square-transactions", **sets, dry_run="yes")
    assert tried.status_code == 303, tried.text
    page = settled(client, tried.headers["Location"])
    assert "Would be recorded" in page
    before = shop.get("/statuses/summary").json()["stages"]
    begun = post_file(client, path, content, mapping="square-transactions", **sets, dry_run="no")
    done = settled(client, begun.headers["Location"])
    appended = int(re.findall(r"<dt>Recorded</dt><dd>(\d+)", done)[0])
    assert appended > 0
    action = f"{begun.headers['Location']}/undo"
    undone = client.post(action, data=fields_of(done, action))
    assert "Done" in settled(client, undone.headers["Location"])
    last: dict[str, Any] = shop.get("/events", limit=1).json()
    assert last
    after = shop.get("/statuses/summary").json()["stages"]
    assert after["client"] == before["client"]


def test_a_file_of_another_kind_is_refused_in_words(client: httpx.Client, shop: Shop) -> None:
    path = f"{pages(shop)}/imports"
    answer = post_file(client, path, SALES.encode(), mapping="shopify-orders")
    assert answer.status_code == 422
    assert "Nothing was recorded" in answer.text
    stale = client.post(path, data={"token": "none"}, files={"file": ("a.csv", b"x")})
    assert (stale.status_code, "Would be recorded" in stale.text) == (409, False)
    assert fields_of(stale.text, path)["token"] != "none"
    asked = client.post(path, data=fields_of(client.get(path).text, path))
    assert (asked.status_code, "choose it again" in asked.text) == (409, True)
