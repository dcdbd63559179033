"""What stays in a window while the ledger moves, while the server is gone, and without scripts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from domain.instants import DAY
from tests.api.shop import START
from tests.console.browser import CHROMIUM, NO_CHROMIUM, window
from tests.console.ledgers import events, pages
from tests.console.test_work import SAMPLE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

    from tests.api.shop import Shop
    from tests.console.keyed import Keyed

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)


def holding(page: Page, path: str) -> list[Route]:
    """Requests for that path, which are not answered before the test does."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(path, hold)
    return held


def test_a_whole_page_keeps_what_was_typed_while_the_server_is_gone(
    browser: Browser, address: str, cafe: Shop
) -> None:
    with window(browser, address) as opened:
        page = opened.open(f"{pages(cafe)}/act?type=gesture-made&contact=till:1")
        page.get_by_label("Gesture").fill("two cakes")
        page.get_by_label("What it cost us").fill("3.10")
        page.get_by_label("Reason").fill("rain")
        page.route("**/act", lambda route: route.abort())
        page.get_by_role("button", name="Record it").click()
        expect(page.locator("#trouble")).to_contain_text("The server cannot be reached")
        expect(page.get_by_label("Gesture")).to_have_value("two cakes")
        page.unroute("**/act")
        page.context.clear_cookies()  # the session has ended as well
        page.get_by_role("button", name="Record it").click()
        expect(page.get_by_text("the session is a new one")).to_be_visible()
        expect(page.get_by_label("Gesture")).to_have_value("two cakes")
        page.get_by_role("button", name="Record it").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Recorded")
    assert events(cafe, "till:1")[-1]["data"]["gesture"] == "two cakes"


def test_a_session_that_ended_is_begun_again_in_another_tab(browser: Browser, keyed: Keyed) -> None:
    keyed.register("till:1", "Ada Jansen")
    address = str(keyed.client.base_url).rstrip("/")
    secret, _ = keyed.key("read", "append")

    with window(browser, address) as opened:
        page = opened.open("/console/ledgers/shop/act?type=gesture-made&contact=till:1")
        page.get_by_label("Access key").fill(secret)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("Gesture").fill("two cakes")
        page.get_by_label("What it cost us").fill("3.10")
        page.get_by_label("Reason").fill("rain")
        page.context.clear_cookies()
        page.get_by_role("button", name="Record it").click()
        expect(page.locator("#trouble")).to_contain_text("Your session has ended")
        assert [one for one in opened.complaints if "401" not in one] == []
        with page.context.expect_page() as opening:
            page.locator("#trouble").get_by_role("link", name="Sign in").click()
        other = opening.value
        other.get_by_label("Access key").fill(secret)
        other.get_by_role("button", name="Sign in").click()
        expect(other.get_by_role("heading", level=1)).to_have_text("Which business?")
        other.close()
        page.get_by_role("button", name="Record it").click()
        expect(page.get_by_text("the session is a new one")).to_be_visible()
        expect(page.get_by_label("Gesture")).to_have_value("two cakes")
        page.get_by_role("button", name="Record it").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Recorded")


def test_what_is_open_typed_and_marked_stays_when_the_page_is_made_anew(
    browser: Browser, address: str, cafe: Shop
) -> None:
    with window(browser, address) as opened:
        page = opened.open(f"{pages(cafe)}/people/till:1")
        expect(page.locator("#fresh")).to_contain_text("nothing is newer")
        page.keyboard.press("j")
        page.keyboard.press("j")
        marked = page.locator("[data-item].at").get_attribute("data-item")
        entry = page.locator(".timeline li", has_text="Bought")
        entry.get_by_text("Correct", exact=True).click()
        reason = entry.get_by_label("Why it never happened")
        reason.fill("it was Ben")
        page.locator("#why ~ table details summary").first.click()
        scrolled = page.evaluate("scrollY")
        assert scrolled > 0
        cafe.append("till:1", {"type": "visit-made", "data": {"guests": 0}})
        expect(page.locator(".timeline")).to_contain_text("Visited")
        expect(reason).to_have_value("it was Ben")
        expect(page.locator("#why ~ table details[open]")).to_have_count(1)
        expect(page.locator("[data-item].at")).to_have_attribute("data-item", marked or "")
        box = entry.bounding_box()
        assert box is not None
        assert 0 < box["y"] < 900, "what was looked at is still in the window"
        entry.get_by_role("button", name="Retract it").click()
        expect(page.get_by_text("Taken back: a retraction is recorded")).to_be_visible()
        expect(page.locator(".timeline .gone")).to_contain_text("Bought")
        assert opened.complaints == []


def test_the_mark_goes_on_and_other_windows_are_heard_while_undo_stands(
    browser: Browser, address: str, cafe: Shop
) -> None:
    with window(browser, address) as opened:
        page = opened.open(pages(cafe))
        expect(page.locator("#fresh")).to_contain_text("nothing is newer")
        keys = page.locator("[data-item]").evaluate_all("all => all.map(one => one.dataset.item)")
        page.keyboard.press("j")
        page.keyboard.press("e")
        page.locator("form[data-act]").get_by_role("button", name="Record it").click()
        expect(page.locator(".item.done")).to_be_visible()
        expect(page.locator("[data-item].at")).to_have_attribute("data-item", keys[1])
        cafe.register("till:3", "Clara Smit")
        kept = {"promise_id": "p2", "due_on": "2026-03-01", "summary": "a cake"}
        cafe.append("till:3", {"type": "promise-made", "data": kept})
        expect(page.get_by_text("Clara Smit").first).to_be_visible()
        expect(page.locator(".item.done").get_by_role("button", name="Undo")).to_be_visible()
        expect(page.locator("[data-item].at")).to_have_attribute("data-item", keys[1])
        page.keyboard.press("h")
        expect(page.locator(".later[open] form :focus")).to_have_text("until tomorrow")
        page.keyboard.press("Enter")
        expect(page.locator(".item.done")).to_have_count(2)
        expect(page.locator("[data-item].at")).to_have_count(1)
        assert opened.complaints == []


def test_a_click_on_a_row_is_not_lost_while_the_list_is_made_anew(
    browser: Browser, address: str, cafe: Shop
) -> None:
    with window(browser, address) as opened:
        page = opened.open(pages(cafe))
        expect(page.locator("#fresh")).to_contain_text("nothing is newer")
        row = page.locator("[data-item]").first
        page.evaluate("document.querySelector('[data-item]').isTheSame = true")
        held = holding(page, "**/act?**")
        with page.expect_request("**/act?**"):
            row.get_by_role("link", name="Done").click()
        position = cafe.register("till:3", "Clara Smit").json()["position"]
        expect(page.locator("#fresh")).to_contain_text(f"position {position}")
        held[0].continue_()
        expect(row.locator("form[data-act]")).to_be_visible()
        assert page.evaluate("document.querySelector('[data-item]').isTheSame")


@pytest.mark.parametrize("scripts", [True, False])
def test_another_kind_of_act_keeps_what_was_typed(
    browser: Browser, address: str, cafe: Shop, scripts: bool
) -> None:
    with window(browser, address, scripts=scripts) as opened:
        page = opened.open(f"{pages(cafe)}?kind=Promise")
        page.get_by_role("link", name="Done").first.click()
        form = page.locator("form[data-act]")
        form.locator("details summary").click()
        form.get_by_label("Recorded by").fill("Kim")
        form.get_by_label("What was done").select_option("promise-broken")
        if not scripts:
            form.get_by_role("button", name="Show the form").click()
        expect(form.locator("input[name=shown]")).to_have_value("promise-broken")
        expect(form.locator("input[name=actor]")).to_have_value("Kim")
        form.get_by_role("button", name="Record it").click()
        expect(page.get_by_text("Recorded: promise broken")).to_be_visible()
        assert opened.complaints == []
    assert events(cafe, "till:1")[-1]["type"] == "promise-broken"


def test_every_day_acts_take_two_keys_from_the_page_of_a_person(
    browser: Browser, address: str, cafe: Shop
) -> None:
    with window(browser, address) as opened:
        for key, type_name, is_first in (
            ("t", "thanks-given", True),
            ("g", "gesture-made", True),
            ("g", "gesture-made", False),
            ("c", "touch-made", True),
        ):
            page = opened.open(f"{pages(cafe)}/people/till:1")
            page.keyboard.press("n")
            expect(page.get_by_role("heading", level=1)).to_have_text(
                "What happened with Ada Jansen?"
            )
            page.keyboard.press(key)
            expect(page.locator("form[data-act] :focus")).to_have_count(1)
            if key == "g" and is_first:
                page.keyboard.type("a coffee")
                page.keyboard.press("Tab")
                page.keyboard.type("0.40")
                page.keyboard.press("Tab")
                page.keyboard.press("Tab")
            if key == "g":  # what was given last stands there already, the reason never does
                page.keyboard.type("rain")
            page.keyboard.press("Control+Enter" if key == "g" else "Enter")
            expect(page.get_by_role("heading", level=1)).to_have_text("Recorded")
            assert events(cafe, "till:1")[-1]["type"] == type_name
        assert opened.complaints == []


def test_the_slider_the_date_and_the_lines_say_the_same_day(
    browser: Browser, address: str, cafe: Shop
) -> None:
    with window(browser, address) as opened:
        page = opened.open(f"{pages(cafe)}/people/till:1?type=purchase-made")
        entries = page.locator(".timeline li")
        expect(entries).to_have_count(1)
        page.locator("#day").fill("0")
        expect(page.locator("#then-on")).to_contain_text("As of 26 February")
        expect(page.get_by_label("As of", exact=True)).to_have_value("2026-02-26")
        expect(page.locator("#foot code").first).to_contain_text("as_of=2026-02-26T")
        expect(entries).to_have_count(1)
        page.get_by_label("As of", exact=True).fill("2026-02-27")
        expect(page.locator("#day")).to_have_value("1")
        expect(page.locator("#foot code").first).to_contain_text("as_of=2026-02-27T")
        assert opened.complaints == []


def test_without_scripts_a_date_leads_through_time(
    browser: Browser, address: str, cafe: Shop
) -> None:
    with window(browser, address, scripts=False) as opened:
        page = opened.open(f"{pages(cafe)}/people/till:1?type=purchase-made")
        expect(page.locator("[type=range]").first).to_be_hidden()
        page.get_by_label("As of", exact=True).fill("2026-02-27")
        page.locator(".times").get_by_role("button", name="Show").click()
        expect(page.locator("#then-on")).to_contain_text("As of 27 February")
        expect(page.locator("select[name=type]")).to_have_value("purchase-made")


def test_a_slow_server_is_told_of_and_errors_are_in_words(
    browser: Browser, address: str, cafe: Shop
) -> None:
    with window(browser, address) as opened:
        for path, asks in (("/people", "**/people?**"), ("/people/till:1", "**/people/**")):
            page = opened.open(f"{pages(cafe)}{path}")
            held = holding(page, asks)
            if path == "/people":
                page.get_by_role("searchbox").fill("ada")
            else:
                page.locator("#day").fill("0")
            expect(page.locator("#busy")).to_be_visible()
            expect(page.locator("#busy")).to_have_text("Waiting for the server.")
            held[-1].fulfill(status=500, body="no")
            expect(page.locator("#busy")).to_be_hidden()
            expect(page.locator("#trouble")).to_contain_text("That did not work (500)")
            page.unroute(asks)
        page = opened.open(pages(cafe))
        page.evaluate("dispatchEvent(new Event('beforeunload'))")  # as a link does
        expect(page.locator("#busy")).to_be_visible()


def test_a_file_that_was_tried_is_recorded_with_one_more_click(
    browser: Browser, address: str, cafe: Shop
) -> None:
    cafe.clock.instant = START + 365 * DAY  # the sample is of a later year
    with window(browser, address) as opened:
        page = opened.open(f"{pages(cafe)}/imports")
        page.get_by_label("Where the file comes from").select_option("square-transactions")
        page.get_by_label(re.compile("^Currency")).fill("USD")
        page.get_by_label(re.compile("^The file")).set_input_files(SAMPLE)
        page.get_by_role("button", name="Send the file").click()
        expect(page.locator("#tried")).to_contain_text("Would be recorded")
        page.get_by_role("button", name="Record it now").click()
        page.wait_for_url("**/imports/*")
        expect(page.locator("#import")).to_contain_text("Succeeded")
        expect(page.locator("#import dl")).to_contain_text("Recorded")
        assert opened.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_large_window_is_filled_and_has_no_fault(
    browser: Browser, address: str, cafe: Shop, scheme: str
) -> None:
    with window(browser, address, size="large", scheme=scheme, bypass_csp=True) as opened:
        for path in ("", "/people/till:1", "/policies", "/operations"):
            opened.open(f"{pages(cafe)}{path}")
            assert (path, opened.faults(), opened.is_too_wide()) == (path, [], False)
            box = opened.page.locator("main").bounding_box()
            assert box is not None
            assert box["width"] > 1300


@pytest.mark.parametrize(("scheme", "size"), [("light", "wide"), ("dark", "phone")])
def test_the_drawing_of_a_tree_has_no_fault_and_leads_to_people(
    browser: Browser, address: str, cafe: Shop, scheme: str, size: str
) -> None:
    cafe.register("till:3", "Clara van der Zandt-Hoogeveen")
    for by, other in (("till:1", "till:2"), ("till:2", "till:3")):
        data = {"referral_id": "r1", "direction": "inbound", "other": other, "level": 3}
        sent = cafe.append(by, {"type": "referral-made", "data": data})
    cafe.get("/standings", min_position=sent.json()["position"])
    with window(browser, address, scheme=scheme, size=size, bypass_csp=True) as opened:
        page = opened.open(f"{pages(cafe)}/partners/till:1?to=clara")
        assert (opened.faults(), opened.is_too_wide()) == ([], False)
        expect(page.locator("#way ~ p")).to_contain_text(
            re.compile("Ada Jansen .* Ben Okafor .* Clara")
        )
        page.locator("svg a", has_text="Ben Okafor").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Ben Okafor")
        assert opened.complaints == []
