"""The pages in a real browser: keys, streams, two windows, no complaints, and readable by all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.console.browser import CHROMIUM, NO_CHROMIUM, window
from tests.console.ledgers import events, pages

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

    from tests.api.shop import Shop

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)


PATHS = (
    "",
    "/people",
    "/people/till:1",
    "/people/till:1/erasure",
    "/people/till:1/steps",
    "/duplicates",
    "/act",
    "/act?type=gesture-made&contact=till:1",
    "/act?type=contact-registered",
    "/partners",
    "/partners/till:1",
    "/book",
    "/book?by=contact",
    "/book/watch/never-asked",
    "/policies",
    "/audit",
    "/operations",
    "/imports",
)
"""The pages of a ledger that everybody with every scope may see."""


def test_a_thing_is_done_and_undone_with_the_keyboard(
    browser: Browser, address: str, cafe: Shop
) -> None:
    before = len(events(cafe, "till:1"))
    with window(browser, address) as opened:
        page = opened.open(pages(cafe))
        rows = page.locator("[data-item]")
        count = rows.count()
        page.keyboard.press("j")
        page.keyboard.press("e")
        form = page.locator("form[data-act]")
        expect(form).to_be_visible()
        expect(form.locator(":focus")).to_have_count(1)
        page.keyboard.press("Escape")
        expect(form).to_have_count(0)
        page.keyboard.press("e")
        form.get_by_role("button", name="Record it").click()
        done = page.locator(".item.done")
        expect(done).to_contain_text("Recorded")
        assert events(cafe, "till:1")[before]["type"] == "thanks-given"
        done.get_by_role("button", name="Undo").click()
        expect(done).to_contain_text("Taken back")
        page.reload()
        expect(page.locator("[data-item]")).to_have_count(count)
        assert opened.complaints == []


def test_a_form_that_failed_stays_in_its_row_and_is_sent_again(
    browser: Browser, address: str, cafe: Shop
) -> None:
    before = len(events(cafe, "till:1"))
    with window(browser, address) as opened:
        page = opened.open(pages(cafe))
        rows = page.locator("[data-item]")
        count = rows.count()
        rows.first.get_by_role("link", name="Done").click()
        form = rows.first.locator("form[data-act]")
        form.get_by_text("More").click()
        form.get_by_label("When").fill("2999-01-01T10:00")
        form.get_by_role("button", name="Record it").click()
        expect(form.locator(".problem")).to_contain_text("ahead of the server's clock")
        expect(rows).to_have_count(count)
        form.get_by_label("When").fill("")
        form.get_by_role("button", name="Record it").click()
        expect(page.locator(".item.done")).to_contain_text("Recorded")
        assert not any("htmx" in said for said in opened.complaints)
    assert len(events(cafe, "till:1")) == before + 1


def test_a_search_stays_among_those_who_were_chosen(
    browser: Browser, address: str, cafe: Shop
) -> None:
    with window(browser, address) as opened:
        page = opened.open(f"{pages(cafe)}/people?stage=contact")
        page.get_by_role("searchbox").fill("ada")
        expect(page.get_by_text("Nobody is called that among these")).to_be_visible()


def test_a_server_that_is_gone_costs_nothing_that_was_typed(
    browser: Browser, address: str, cafe: Shop
) -> None:
    with window(browser, address) as opened:
        page = opened.open(pages(cafe))
        page.get_by_role("link", name="Done").first.click()
        page.get_by_label("Channel").fill("a long letter")
        page.route("**/act", lambda route: route.abort())
        page.get_by_role("button", name="Record it").click()
        expect(page.locator("#trouble")).to_contain_text("The server cannot be reached")
        expect(page.get_by_label("Channel")).to_have_value("a long letter")
        page.unroute("**/act")
        page.get_by_role("button", name="Record it").click()
        expect(page.locator(".item.done")).to_contain_text("Recorded")
        expect(page.locator("#trouble")).to_be_hidden()


def test_a_search_stands_in_the_address_of_the_page(
    browser: Browser, address: str, cafe: Shop
) -> None:
    with window(browser, address) as opened:
        page = opened.open(f"{pages(cafe)}/people")
        page.get_by_role("searchbox").fill("a")
        page.wait_for_url("**/people?*q=a")
        page.get_by_role("link", name="customer 1").click()
        page.wait_for_url("**/people?*stage=customer*")
        expect(page.get_by_role("searchbox")).to_have_value("a")
        expect(page.locator("#people [data-item]")).to_have_count(1)
        page.get_by_role("link", name="Ada Jansen").click()
        page.go_back()
        expect(page.get_by_role("searchbox")).to_have_value("a")
        assert opened.complaints == []


def test_a_newer_search_ends_the_one_that_is_still_being_answered(
    browser: Browser, address: str, cafe: Shop
) -> None:
    with window(browser, address) as opened:
        page = opened.open(f"{pages(cafe)}/people")

        def answer(route: Route) -> None:
            if "q=ada" not in route.request.url:
                route.continue_()  # else it is never answered

        page.route("**/people?*", answer)
        searchbox = page.get_by_role("searchbox")
        with page.expect_request(lambda sent: "q=ada" in sent.url):
            searchbox.fill("ada")
        with page.expect_event("requestfailed", lambda ended: "q=ada" in ended.url):
            searchbox.fill("ben")
        rows = page.locator("#people [data-item]")
        expect(rows).to_have_text([re.compile("Ben Okafor")])


def test_a_phone_shows_the_content_near_the_top(browser: Browser, address: str, cafe: Shop) -> None:
    with window(browser, address, size="phone") as opened:
        for path in ("", "/people", "/audit"):
            page = opened.open(f"{pages(cafe)}{path}")
            top = page.get_by_role("heading", level=1).bounding_box()
            assert top is not None
            assert (path, top["y"] < 130) == (path, True)
            expect(page.locator(".top [aria-current]")).to_be_in_viewport()


def test_a_card_comes_before_the_slider_and_prints_on_one_small_page(
    browser: Browser, address: str, cafe: Shop
) -> None:
    with window(browser, address, size="phone") as opened:
        page = opened.open(f"{pages(cafe)}/people/till:1")
        card, slider = (
            page.locator(one).bounding_box() for one in (".welcome", ".slider >> nth=0")
        )
        assert card is not None
        assert slider is not None
        assert card["y"] + card["height"] <= slider["y"]
        printed = page.pdf(prefer_css_page_size=True)
    # A6 in points, rounded up
    assert re.findall(rb"/MediaBox \[0 0 (\d+)\S* (\d+)", printed) == [(b"298", b"420")]


def test_on_paper_a_line_names_the_person_once(browser: Browser, address: str, cafe: Shop) -> None:
    with window(browser, address) as opened:
        page = opened.open(pages(cafe))
        page.emulate_media(media="print")
        lines = page.locator(".person .item")
        expect(lines.first).to_be_visible()
        for said in page.locator(".person").all():
            names = [name for name in ("Ada Jansen", "Ben Okafor") if name in said.inner_text()]
            assert said.inner_text().count(names[0]) == said.locator(".item").count()


def test_what_is_done_in_one_window_goes_from_the_other(
    browser: Browser, address: str, cafe: Shop
) -> None:
    with window(browser, address) as first, window(browser, address) as second:
        seen = second.open(pages(cafe))
        expect(
            seen.get_by_text("a window table").or_(seen.get_by_text("Keep what"))
        ).to_be_visible()
        kept = {"type": "promise-kept", "data": {"promise_id": "p1"}}
        page = first.open(pages(cafe))
        expect(page.get_by_text("Keep what")).to_be_visible()
        cafe.append("till:1", kept)
        expect(seen.get_by_text("Keep what")).to_have_count(0)
        expect(page.get_by_text("Keep what")).to_have_count(0)


def test_a_page_says_as_of_what_it_is_when_the_ledger_moves(
    browser: Browser, address: str, cafe: Shop
) -> None:
    with window(browser, address) as first, window(browser, address) as second:
        still, live = first.open(f"{pages(cafe)}/audit"), second.open(pages(cafe))
        fresh, followed = still.locator("#fresh"), live.locator("#fresh")
        expect(followed).to_contain_text("As of position 7")
        expect(followed).to_have_text(re.compile(r"position 7, [1-9]\d* s ago; nothing is newer"))
        expect(fresh).to_have_text(re.compile("position 7, .* s ago; nothing is newer"))
        cafe.register("till:3", "Clara Smit")
        expect(fresh).to_have_text("As of position 7; the ledger is at 8 now: load the page again")
        expect(followed).to_contain_text("As of position 8,")


def test_three_letters_and_enter_lead_to_the_card(
    browser: Browser, address: str, cafe: Shop
) -> None:
    with window(browser, address) as opened:
        page = opened.open(pages(cafe))
        page.keyboard.press("/")
        page.wait_for_url("**/people")
        expect(page.get_by_role("searchbox")).to_be_focused()
        page.keyboard.type("oka")
        expect(page.locator("#people [data-item]")).to_have_count(1)
        page.keyboard.press("Enter")
        page.wait_for_url("**/people/*-*")
        expect(page.get_by_role("heading", level=1)).to_have_text("Ben Okafor")
        assert opened.complaints == []


def test_a_form_that_outlives_its_session_keeps_what_was_typed(
    browser: Browser, address: str, cafe: Shop
) -> None:
    with window(browser, address) as opened:
        page = opened.open(pages(cafe))
        page.keyboard.press("j")
        page.keyboard.press("e")
        page.get_by_label("Channel").fill("a long letter")
        page.context.clear_cookies()  # as after a restart of the server
        page.get_by_role("button", name="Record it").click()
        expect(page.get_by_text("the session is a new one")).to_be_visible()
        expect(page.get_by_label("Channel")).to_have_value("a long letter")
        page.get_by_role("button", name="Record it").click()
        expect(page.locator(".item.done")).to_contain_text("Recorded")
        assert events(cafe, "till:1")[-1]["data"]["channel"] == "a long letter"


def test_dragging_through_time_changes_the_stage(
    browser: Browser, address: str, cafe: Shop
) -> None:
    with window(browser, address) as opened:
        page = opened.open(f"{pages(cafe)}/people/till:1")
        expect(page.locator("#then .stage")).to_have_text("customer")
        page.locator("#known").fill("0")
        expect(page.get_by_text("Nobody knew them then")).to_be_visible()
        assert opened.complaints == []


def test_pages_work_without_scripts(browser: Browser, address: str, cafe: Shop) -> None:
    with window(browser, address, scripts=False) as opened:
        page = opened.open(pages(cafe))
        page.get_by_role("link", name="Done").first.click()
        page.get_by_role("button", name="Record it").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Recorded")
        page.get_by_role("button", name="Undo").click()
        expect(page.locator(".headline")).to_be_visible()
        page.get_by_role("link", name="People").click()
        page.get_by_role("searchbox").fill("ada")
        page.get_by_role("button", name="Find").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Ada Jansen")


@pytest.mark.parametrize(("scheme", "size"), [("light", "wide"), ("dark", "phone")])
def test_no_page_has_a_fault_that_axe_finds(
    browser: Browser, address: str, cafe: Shop, scheme: str, size: str
) -> None:
    with window(browser, address, scheme=scheme, size=size, bypass_csp=True) as opened:
        for path in PATHS:
            opened.open(f"{pages(cafe)}{path}")
            assert (path, opened.faults(), opened.is_too_wide()) == (path, [], False)


def test_browsers_have_nothing_to_complain_of(browser: Browser, address: str, cafe: Shop) -> None:
    with window(browser, address) as opened:
        for path in PATHS:
            page = opened.open(f"{pages(cafe)}{path}")
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            assert (path, opened.complaints) == (path, [])
