"""A key of each scope: what is shown works when it is followed, and the rest is refused."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from api.console.pages import PAGES
from ledger.access.scopes import SCOPES
from tests.console.forms import fields_of
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    from api.console.visit import Page
    from tests.console.keyed import Keyed

BASE = "/console/ledgers/shop"
SALES = "id,date,amount,currency\n1,2026-01-05,12.50,EUR\n"
FIRST_PAGES = {
    "read": BASE,
    "append": f"{BASE}/act",
    "audit": f"{BASE}/policies",
    "rebuild": f"{BASE}/operations",
    "admin": f"{BASE}/operations",
}


def fill(keyed: Keyed) -> None:
    """Something on every page: a contact, a thing to do, a referral, an import, a webhook."""
    keyed.register("till:1", "Ada Jansen")
    keyed.register("till:2", "Ben Okafor")
    referral = {"referral_id": "r1", "direction": "inbound", "other": "till:2", "level": 3}
    sent = [
        {"type": "promise-made", "data": {"promise_id": "p1"}},
        {"type": "referral-made", "data": referral},
    ]
    v1, headers = "/v1/ledgers/shop", keyed.headers
    answer = keyed.client.post(f"{v1}/contacts/till:1/events", json=sent, headers=headers)
    position = answer.json()["position"]
    keyed.client.get(f"{v1}/agenda?min_position={position}", headers=headers)
    csv = {**headers, "Content-Type": "text/csv"}
    keyed.client.post(f"{v1}/imports?mapping=square&dry_run=true", content=SALES, headers=csv)
    webhook = {"url": "https://till.example.org/", "events": ["event-recorded"], "enabled": False}
    assert keyed.client.post(f"{v1}/webhooks", json=webhook, headers=headers).status_code == 201
    rebuild = {"Authorization": f"Bearer {keyed.key('rebuild')[0]}"}
    begun = keyed.client.post(f"{v1}/projections/status/rebuilds", json={}, headers=rebuild)
    assert begun.status_code == 202, begun.text
    path = begun.headers["Location"]
    until(lambda: keyed.client.get(path, headers=headers).json()["state"] != "running")


def page_at(path: str, method: str) -> Page:
    """The page that answers at a path."""
    for one in PAGES:
        pattern = re.sub(r"\{[a-z]+\}", "[^/]+", f"/console{one.path}")
        if one.method == method and re.fullmatch(pattern, path):
            return one
    raise AssertionError(path)


def walk(keyed: Keyed) -> dict[str, str]:
    """Every page of the ledger that one gets to from the first, by its path without a query."""
    found: dict[str, str] = {}
    waiting = ["/console?all=1"]
    while waiting:
        link = waiting.pop()
        path = link.partition("?")[0]
        if path in found or path.endswith("/export"):
            continue
        answer = keyed.client.get(link, follow_redirects=True)
        assert (link, answer.status_code) == (link, 200)
        found[path] = answer.text
        waiting += [unescape(one) for one in re.findall(r'href="(/console/led[^"#]*)', answer.text)]
    return found


@pytest.mark.parametrize("scope", SCOPES)
def test_what_a_key_is_shown_works_and_the_rest_is_refused(keyed: Keyed, scope: str) -> None:
    fill(keyed)
    secret, _ = keyed.key(scope)
    assert keyed.sign_in(secret).status_code == 303
    answer = keyed.client.get("/console", follow_redirects=True)
    assert keyed.client.get(FIRST_PAGES[scope]).status_code == 200, answer.text
    pages = walk(keyed)
    assert len(pages) > 3
    headers = {"Authorization": f"Bearer {secret}"}
    for path, text in pages.items():
        for action in re.findall(r'<form[^>]* method="post" action="(/console/led[^"]*)"', text):
            assert scope in page_at(action, "POST").scopes, (path, action)
        for twin in re.findall(r"curl -sS http://[^/]+(/v1/\S+?)[ <]", text):
            twin_answer = keyed.client.get(unescape(twin), headers=headers)
            assert (path, twin, twin_answer.status_code) == (path, twin, 200)
        if scope != "read":
            assert "Ada Jansen" not in text, path
    token = fields_of(pages["/console"], "/console/sign-out")["token"]
    known = {
        "ledger": "shop",
        "contact": "till:1",
        "operation": uuid4(),
        "import": uuid4(),
        "webhook": uuid4(),
        "list": "lost",
    }
    for page in PAGES:
        if not page.scopes or scope in page.scopes:
            continue
        path = f"/console{page.path.format(**known)}"
        refused = keyed.client.request(page.method, path, data={"token": token})
        assert (path, page.method, refused.status_code) == (path, page.method, 403)


def test_a_key_that_audits_sees_whom_a_lever_moves_by_id(keyed: Keyed) -> None:
    fill(keyed)
    keyed.sign_in(keyed.key("audit")[0])
    page = keyed.client.get(f"{BASE}/policies").text
    levers = {"/stage/promotion_score": "5", "/stage/stay_score": "1"}
    levers["/signals/regularity/purchase_days"] = "1"
    action = f"{BASE}/policies/previews"
    begun = keyed.client.post(action, data={**fields_of(page, action), **levers})
    path = begun.headers["Location"]
    until(lambda: "Would rise" in keyed.client.get(path).text)
    shown = keyed.client.get(path).text
    assert ("Ada Jansen" in shown, f'href="{BASE}/people' in shown) == (False, False)
