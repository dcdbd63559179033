"""Everything held about a person, for the person; and what they allow."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.shop import problem_of, purchase, registration
from tests.trail_entries import done

if TYPE_CHECKING:
    import httpx

    from tests.api.shop import Shop

NASTY = """<script>alert("x")</script><img src='https://elsewhere.example/a.png'>&amp;"""


def consent(purpose: str, channel: str, *, granted: bool = True) -> dict[str, Any]:
    data = {"purpose": purpose, "channel": channel, "granted": granted}
    return {"type": "consent-changed", "data": data}


@pytest.fixture
def filled(shop: Shop) -> Shop:
    seat = {"type": "preference-learned", "data": {"key": "seat", "value": NASTY}}
    ended = shop.append(
        "pos:1", registration(f"Ada {NASTY}"), purchase("p1"), seat, consent("offers", "email")
    )
    assert ended.status_code == 201
    shop.append("pos:2", registration("Ben"), consent("offers", "post"))
    last = shop.append("pos:3", registration("Cat"), consent("offers", "email", granted=False))
    shop.get("/contacts", min_position=last.json()["position"])
    return shop


def page_of(shop: Shop, contact: str = "pos:1") -> httpx.Response:
    path = f"{shop.base}/contacts/{contact}/export"
    return shop.client.get(path, headers={"Accept": "text/html"})


class Page(HTMLParser):
    """What a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_it_holds_everything_in_clear(filled: Shop) -> None:
    told = filled.get("/contacts/pos:1/export").json()
    assert told["registration"]["name"] == f"Ada {NASTY}"
    assert [one["type"] for one in told["events"]] == [
        "contact-registered", "purchase-made", "preference-learned", "consent-changed",
    ]  # fmt: skip
    assert told["events"] == filled.get("/contacts/pos:1/events").json()["items"]
    assert told["noted"]["preferences"][0]["value"] == NASTY
    assert told["status"]["stage"] == told["history"][-1]["stage"] == "customer"
    assert told["status"]["explanation"]
    assert told["standing"]["standing"] == "none"
    assert told["consents"] == filled.get("/contacts/pos:1").json()["consents"]


def test_the_page_says_the_same_and_runs_and_loads_nothing(filled: Shop) -> None:
    answer = page_of(filled)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    page = Page()
    page.feed(answer.text)
    assert page.tags <= {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "dl", "dt", "dd",
        "ul", "li",
    }  # fmt: skip
    assert page.attributes <= {"lang", "charset", "name", "content"}
    assert f"Ada {NASTY}" in page.text
    for event in filled.get("/contacts/pos:1/events").json()["items"]:
        assert event["id"] in page.text


def test_the_page_is_read_by_people(filled: Shop) -> None:
    sale = {**purchase("p2"), "occurred_at": "2026-02-03T09:30:00.5+01:00"}
    sale["data"] |= {"amount_minor": 1205, "currency": "EUR"}
    assert filled.append("pos:1", sale).status_code == 201
    page = Page()
    page.feed(page_of(filled).text)
    assert "Purchase made, 3 February 2026, 08:30:00 UTC" in page.text
    assert "12.05 EUR" in page.text
    told = filled.get("/contacts/pos:1/export").json()["status"]
    assert page.text.index(told["explanation"]) < page.text.index("signals")
    assert "causation" not in page.text, "what is not known is not said"


def test_names_that_mean_something_to_the_page_may_stand_in_what_is_told(shop: Shop) -> None:
    odd = {"type": 5, "occurred_at": True, "currency": "EUR", "a_minor": "x", "explanation": 0}
    told = {"type": "custom-recorded", "data": {"kind": "odd", "attributes": odd}}
    shop.append("pos:1", registration("Ada"), told)
    page = page_of(shop)
    assert page.status_code == 200
    assert "5, True" in page.text


def test_it_is_of_the_whole_person_and_stands_in_the_trail(filled: Shop) -> None:
    into = filled.get("/contacts/pos:2").json()["contact_id"]
    filled.append("pos:1", {"type": "contact-merged", "data": {"into": into}})
    answer = filled.get("/contacts/pos:1/export")
    assert answer.headers["content-location"].endswith(f"/contacts/{into}/export")
    told = answer.json()
    assert len(told["contacts"]) == 2
    assert {one["contact_id"] for one in told["events"]} == set(told["contacts"])
    assert [(one["channel"], one["granted"]) for one in told["consents"]] == [
        ("email", True), ("post", True),
    ]  # fmt: skip
    acts = filled.get("/trail").json()["items"]
    assert done(acts) == [("contact-exported", into)]


def test_it_holds_what_others_events_say_of_the_person(filled: Shop) -> None:
    ben, cat = (filled.get(f"/contacts/pos:{one}").json()["contact_id"] for one in (2, 3))
    linked = {"type": "contact-linked", "data": {"other": "pos:1", "relation": "member-of"}}
    sent = {"referral_id": "r1", "direction": "outbound", "other": "pos:1", "level": 2}
    filled.append("pos:2", linked | {"actor": "Ben's clerk"})
    filled.append("pos:3", {"type": "referral-made", "data": sent})
    closed = {"type": "referral-closed", "data": {"referral_id": "r1", "outcome": "lost"}}
    filled.append("pos:3", closed)
    filled.append("pos:2", {"type": "referral-made", "data": {**sent, "other": "pos:3"}})
    filled.append("pos:2", closed)
    told = filled.get("/contacts/pos:1/export").json()["named_by"]
    assert [(one["contact_id"], one["type"]) for one in told] == [
        (ben, "contact-linked"), (cat, "referral-made"), (cat, "referral-closed"),
    ]  # fmt: skip
    assert told[0]["actor"] is None, "who said so is personal to Ben"
    assert cat in page_of(filled).text


def test_after_an_erasure_it_holds_what_is_left(filled: Shop) -> None:
    filled.post("/contacts/pos:1/erasure", {"requested_by": "the person", "reason": "asked"})
    told = filled.get("/contacts/pos:1/export").json()
    assert told["erased"] is True
    assert told["registration"]["name"] is None
    assert told["noted"]["preferences"][0]["value"] is None
    assert "elsewhere.example" not in page_of(filled).text
    assert "yes" in page_of(filled).text


def test_nobody_unknown_is_exported(filled: Shop) -> None:
    problem_of(filled.get("/contacts/pos:9/export"), 404, "contact-not-found")


def allowing(shop: Shop, **query: Any) -> list[str]:
    items = shop.get("/contacts", **query).json()["items"]
    return [one["name"].split()[0] for one in items]


def test_a_list_is_of_those_who_allow_it_now(filled: Shop) -> None:
    assert allowing(filled, consent_purpose="offers", consent_channel="email") == ["Ada"]
    assert allowing(filled, consent_purpose="offers", consent_channel="post") == ["Ben"]
    assert allowing(filled, consent_purpose="surveys", consent_channel="post") == []
    by_name = {"name": "c", "consent_purpose": "offers", "consent_channel": "email"}
    assert allowing(filled, **by_name) == ["Ada"] * ("c" in f"ada {NASTY}".lower())
    filled.append("pos:1", consent("offers", "email", granted=False))
    assert allowing(filled, consent_purpose="offers", consent_channel="email") == []


@pytest.mark.parametrize("merging", [True, False])
def test_the_last_no_counts_whatever_comes_between(shop: Shop, *, merging: bool) -> None:
    """On this stream it was no already, as far as was known then; and then more comes to light."""

    def said(*, granted: bool, day: int) -> dict[str, Any]:
        at = f"2026-02-0{day}T12:00:00Z"
        return {**consent("offers", "email", granted=granted), "occurred_at": at}

    shop.append("pos:1", registration("Ada"), said(granted=False, day=3))
    if merging:
        shop.append("pos:2", registration("Ada again"), said(granted=True, day=5))
        shop.append("pos:2", {"type": "contact-merged", "data": {"into": "pos:1"}})
    last = shop.append("pos:1", said(granted=False, day=7))
    if not merging:
        last = shop.append("pos:1", said(granted=True, day=5))
    shop.get("/contacts", min_position=last.json()["position"])
    assert [one["granted"] for one in shop.get("/contacts/pos:1").json()["consents"]] == [False]
    assert allowing(shop, consent_purpose="offers", consent_channel="email") == []


def test_pages_of_such_a_list_lead_to_everybody(filled: Shop) -> None:
    query = {"consent_purpose": "offers", "consent_channel": "email", "limit": 1}
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        more = {"cursor": cursor} if cursor else {}
        page = filled.get("/contacts", **query, **more).json()
        found += [one["name"].split()[0] for one in page["items"]]
        cursor = page["next_cursor"]
    assert found == ["Ada"]


@pytest.mark.parametrize(
    ("given", "missing"),
    [("consent_purpose", "consent_channel"), ("consent_channel", "consent_purpose")],
)
def test_a_purpose_goes_with_a_channel(shop: Shop, given: str, missing: str) -> None:
    problem = problem_of(shop.get("/contacts", **{given: "offers"}), 422, "invalid-request")
    errors = [(one["pointer"], one["code"]) for one in problem["errors"]]
    assert errors == [(f"/{missing}", "contradiction")]
