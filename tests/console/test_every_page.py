"""What holds for every page: no markup of strangers, readable without scripts, and reached
by keyboard alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from domain.events import CATALOGUE
from domain.kinds import Text
from tests.console.browser import CHROMIUM, NO_CHROMIUM, window
from tests.console.ledgers import MARKER, pages, reflect
from tests.console.test_in_browser import PATHS
from tests.domain.scenario import EXAMPLES

if TYPE_CHECKING:
    import httpx
    from playwright.sync_api import Browser

    from tests.api.shop import Shop

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)

APART = frozenset({"contact-merged", "merge-reversed", "relationship-ended", "contact-registered"})
"""Events that would make the rest of the contact be about somebody else, or nobody."""

IDS = {"other": "till:2", "into": "till:2"}


def marked(name: str) -> dict[str, Any]:
    """An event of the type with the marker in every field of free text, and in who recorded it."""
    data = dict(EXAMPLES[name])
    for field in CATALOGUE[name].FIELDS:
        if isinstance(field.kind, Text) and field.kind.most >= len(MARKER):
            data[field.name] = MARKER
        if field.name in IDS and field.name in data:
            data[field.name] = IDS[field.name]
    return {"type": name, "data": data, "actor": MARKER, "source": MARKER}


def record_what_is_taken(shop: Shop, name: str) -> int:
    """Record it; a field in which the marker is refused keeps its example. 0 where all is."""
    event = marked(name)
    for _ in range(4):
        answer = shop.append("till:1", event)
        if answer.status_code == 201:
            position: int = answer.json()["position"]
            return position
        wrong = [one.get("pointer", "") for one in answer.json().get("errors", [])]
        for pointer in wrong:
            field = pointer.rpartition("/")[2]
            if field in EXAMPLES[name]:
                event["data"][field] = EXAMPLES[name][field]
            else:
                event["data"].pop(field, None)
                event.pop(field, None)
    return 0


def test_markup_in_any_field_of_any_event_is_text_on_every_page(
    client: httpx.Client, shop: Shop
) -> None:
    shop.register("till:1", MARKER)
    shop.register("till:2", MARKER)
    names = [one for one in EXAMPLES if CATALOGUE[one].FROM_PRODUCERS and one not in APART]
    taken = {one: record_what_is_taken(shop, one) for one in names}
    assert sum(bool(one) for one in taken.values()) > len(names) * 3 // 4, taken
    reflect(shop, shop.append("till:1", {"type": "visit-made", "data": {"guests": 0}}))
    others = (
        "/people?q=script",
        "/people/till:1?type=thanks-given",
        "/book?by=steward",
        "/book?by=category",
        "/partners/till:1?to=%3Cscript%3E",
        "/act?contact=till:1&type=promise-kept",
        "/steps?contact=%3Cscript%3Ealert",
    )
    for path in (*PATHS, *others):
        answer = client.get(f"{pages(shop)}{path}", follow_redirects=True)
        assert (path, answer.status_code) == (path, 200)
        assert (path, MARKER in answer.text, "<script>alert" in answer.text) == (path, False, False)
    person = client.get(f"{pages(shop)}/people/till:1").text
    assert person.count("&lt;script&gt;alert") > len(names), "who recorded it, at the least"


@needs_chromium
def test_every_page_is_read_without_scripts(browser: Browser, address: str, cafe: Shop) -> None:
    with window(browser, address, scripts=False) as opened:
        for path in PATHS:
            page = opened.open(f"{pages(cafe)}{path}")
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            shown = page.locator(".needs-script").all()
            assert (path, [one.is_visible() for one in shown]) == (path, [False] * len(shown))
            assert (path, len(page.locator("main").inner_text()) > 40) == (path, True)
        assert opened.complaints == []


@needs_chromium
def test_the_menu_is_gone_through_with_the_keyboard_alone(
    browser: Browser, address: str, cafe: Shop
) -> None:
    with window(browser, address) as opened:
        page = opened.open(pages(cafe))
        labels = page.locator(".top nav a").all_inner_texts()
        assert len(labels) == 8
        for label in labels:
            opened.open(pages(cafe))
            page.keyboard.press("Tab")
            expect(page.locator(":focus")).to_have_text("Skip to the content")
            for _ in range(len(labels) + 1):
                page.keyboard.press("Tab")
                if page.locator(":focus").inner_text() == label:
                    break
            outline = page.locator(":focus").evaluate("one => getComputedStyle(one).outlineStyle")
            assert (label, outline) == (label, "solid")
            page.keyboard.press("Enter")
            expect(page.locator(".top [aria-current]")).to_have_text(label)
        assert opened.complaints == []
