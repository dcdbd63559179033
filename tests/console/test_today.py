"""Today with thousands of things, on pages, and a ledger that takes nothing any more."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

from api.console.pages import today
from tests.console.forms import fields_of
from tests.console.ledgers import pages, reflect

if TYPE_CHECKING:
    import httpx
    import pytest

    from api.service.server import Server
    from tests.api.shop import Shop


def fill(shop: Shop, count: int) -> None:
    """That many contacts with a promise to each, and one complaint, all due today."""
    events = []
    for number in range(count):
        who = f"till:{number}"
        data = {"kind": "person", "name": f"Guest{number:03}"}
        made = {"promise_id": "p1", "due_on": "2026-01-01"}
        events += [
            {"contact": who, "type": "contact-registered", "data": data},
            {"contact": who, "type": "promise-made", "data": made},
        ]
    answer = shop.post("/events", events)
    assert answer.status_code == 201, answer.text
    complaint = {"complaint_id": "c1", "severity": 3, "public": False}
    reflect(shop, shop.append("till:0", {"type": "complaint-raised", "data": complaint}))


def test_many_things_are_shown_page_by_page_and_counted(
    client: httpx.Client, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(shop, 120)
    base = pages(shop)
    listed = shop.get("/agenda", limit=500).json()["items"]
    due = [one for one in listed if one["state"] in ("overdue", "today")]
    first = client.get(base).text
    assert f"{len(due)} things today" in first
    seen, page, links = [], first, 0
    while page:
        to_do = page.partition('id="now"')[2].partition('id="coming"')[0]
        seen += re.findall(
            r'name="contact" value="([^"]+)">\s*<input[^>]* name="item"'
            r' value="([^"]+)"',
            to_do,
        )
        more = re.findall(r'href="(\?[^"]+)" rel="next"', page)
        page = client.get(f"{base}{unescape(more[0])}").text if more else ""
        links += 1
    assert links == 3
    assert len(set(seen)) == len(seen) == len(due)
    assert [item for _, item in seen] == [one["key"] for one in due]
    promises = client.get(f"{base}?kind=Promise").text
    assert ("complaint" in promises.partition('id="now"')[2], 'rel="next"' in promises) == (
        False,
        True,
    )
    monkeypatch.setattr(today, "MOST_COUNTED", 50)
    page = client.get(base).text
    assert "More than 50 things today" in page
    assert "?kind=Promise" in page
    for wrong in ("after=1", "after=x 1 y z", "kind=Fun", f"after=1 {'9' * 30} {'0' * 32} a"):
        assert client.get(f"{base}?{wrong}").status_code == 422


def test_the_page_is_read_at_once_and_no_history_for_it(
    client: httpx.Client, shop: Shop, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many people it shows: names are in memory, and the lists are of one moment."""
    fill(shop, 60)
    served = server.ledger(shop.base.rpartition("/")[2])
    before = client.get(pages(shop)).text
    read: list[str] = []

    def counted(owner: object, name: str) -> None:
        kept = getattr(owner, name)

        def call(*values: Any, **named: Any) -> Any:
            read.append(name)
            return kept(*values, **named)

        monkeypatch.setattr(owner, name, call)

    counted(served.projections, "agenda_rows")
    counted(served.ledger, "stream")
    page = client.get(pages(shop)).text
    assert page.count("Guest") == before.count("Guest") > 50
    assert read == ["agenda_rows"]


def test_the_pages_of_an_archived_ledger_are_read_and_take_nothing(
    client: httpx.Client, shop: Shop
) -> None:
    fill(shop, 1)
    base = pages(shop)
    path = f"{base}/act?type=thanks-given&contact=till:0"
    fields = fields_of(client.get(path).text, f"{base}/act")
    assert client.post(f"{shop.base}/archive", json={}).status_code == 200
    for one in (
        "",
        "/people",
        "/people/till:0",
        "/partners",
        "/book",
        "/policies",
        "/audit",
        "/operations",
        "/act",
        "/imports",
    ):
        page = client.get(f"{base}{one}", follow_redirects=True)
        assert (one, page.status_code) == (one, 200)
        assert "This ledger is archived" in page.text
    refused = client.post(f"{base}/act", data=fields)
    assert refused.status_code == 409
    assert "archived" in refused.text
    assert fields_of(refused.text, f"{base}/act")["data.channel"] == fields["data.channel"]
    client.delete(f"{shop.base}/archive")
    assert "This ledger is archived" not in client.get(base).text
