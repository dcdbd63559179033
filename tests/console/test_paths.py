"""The ways of five people through the pages, walked in a browser; the page of them counts right."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from ledger.stores.webhooks import DEAD
from tests.api.shop import START, purchase
from tests.console.browser import CHROMIUM, NO_CHROMIUM, window
from tests.console.ledgers import pages, reflect
from tests.contracts.webhooks import delivery
from tests.house.tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Locator, Page

    from api.service.server import Server
    from tests.api.shop import Shop

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)

PAGE = ROOT / "docs" / "explanation" / "five-people-and-their-paths.md"


THINK, POINT, PRESS, KEY, REACH = 1.35, 1.1, 0.2, 0.28, 0.4
"""Seconds of practised hands. Source: Card, Moran and Newell, The keystroke-level model, 1980."""


@dataclass
class Walker:
    """Somebody on the pages, whose clicks and keys are counted; words that are typed are not."""

    page: Page
    base: str
    clicks: int = 0
    keys: int = 0
    is_by_key: bool = False
    seconds: dict[bool, float] = field(default_factory=lambda: {False: 0.0, True: 0.0})
    """What hands and decisions take with a pointer and without one; words that are typed count."""

    def open(self, path: str = "", *, is_by_key: bool = False) -> None:
        self.is_by_key = is_by_key
        self.page.goto(f"{self.base}{path}", wait_until="load")

    def fill(self, place: Locator, text: str) -> None:
        place.fill(text)
        reach = 0 if self.is_by_key else REACH
        self.seconds[self.is_by_key] += THINK + reach + KEY * len(text)

    def click(self, name: str, within: str = "body") -> None:
        """Click the first link or button of that name."""
        place = self.page.locator(within)
        found = place.get_by_role("link", name=name).or_(place.get_by_role("button", name=name))
        found.first.click()
        self.clicks += 1
        self.seconds[False] += THINK + POINT + PRESS

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.keys += 1
        self.seconds[True] += THINK + KEY

    def sees(self, text: str) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible()

    def is_on(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)


def find(walker: Walker) -> None:
    walker.open()
    walker.click("People")
    walker.fill(walker.page.get_by_role("searchbox"), "oka")
    expect(walker.page.locator("#people [data-item]")).to_have_count(1)
    walker.click("Ben Okafor", "#people")
    walker.is_on("Ben Okafor")
    expect(walker.page.locator(".welcome")).to_be_in_viewport(ratio=1)
    walker.open(is_by_key=True)
    walker.press("/")
    expect(walker.page.get_by_role("searchbox")).to_be_focused()
    walker.fill(walker.page.get_by_role("searchbox"), "oka")
    expect(walker.page.locator("#people [data-item]")).to_have_count(1)
    walker.press("Enter")
    walker.is_on("Ben Okafor")


def give(walker: Walker) -> None:
    for is_by_key in (False, True):
        walker.open("/people/till:2", is_by_key=is_by_key)
        if is_by_key:
            walker.press("g")
        else:
            walker.click("Gave something extra")
        walker.fill(walker.page.get_by_label("Gesture"), "a coffee")
        walker.fill(walker.page.get_by_label("What it cost us"), "0.40")
        walker.fill(walker.page.get_by_label("Reason"), "rain")
        if is_by_key:
            walker.press("Control+Enter")
        else:
            walker.click("Record it")
        walker.is_on("Recorded")


def read_the_day(walker: Walker) -> None:
    walker.open()
    for heading in ("We owe thanks to", "To do", "Coming"):
        expect(walker.page.get_by_role("heading", name=heading)).to_be_in_viewport()
    expect(walker.page.locator(".headline")).to_contain_text("today, 1 overdue")


def thank(walker: Walker) -> None:
    walker.open()
    walker.click("Done", '[data-item]:has-text("Thank Ada")')
    walker.click("Record it")
    walker.sees("Recorded: thanked")
    walker.page.get_by_role("button", name="Undo").click()  # to do it once more, with keys
    walker.sees("Taken back")
    walker.open(is_by_key=True)
    walker.press("j")
    walker.press("e")
    expect(walker.page.locator("form[data-act] :focus")).to_have_count(1)
    walker.press("Control+Enter")
    walker.sees("Recorded:")


def move_a_lever(walker: Walker) -> None:
    walker.open()
    walker.click("Policies")
    walker.fill(walker.page.get_by_label("Score to become a client"), "61")
    walker.page.get_by_label("Score to become a client").blur()
    walker.sees("Would rise")


def find_a_purchase(walker: Walker) -> None:
    walker.open()
    walker.click("Book")
    walker.click("March 2026", "table")
    walker.click("Clara Smit", "table")
    expect(walker.page.locator(".timeline li")).to_have_count(1)
    expect(walker.page.locator(".timeline li")).to_contain_text("Bought")


def pay(walker: Walker) -> None:
    walker.open()
    walker.click("Partners")
    walker.click("Ben Okafor", "table")
    walker.click("Record a payment")
    walker.click("Record it")
    walker.sees("Recorded: reward paid")


def copy_the_command(walker: Walker) -> None:
    walker.open()
    walker.click("Audit")
    walker.sees("Nothing speaks against it")
    walker.click("Copy the command")
    expect(walker.page.locator("[data-copies]").first).to_have_text(
        re.compile("^(Copied|Marked: press Control and C)$")
    )


def take_everything(walker: Walker) -> None:
    walker.open()
    walker.click("Audit")
    with walker.page.expect_download() as taken:
        walker.click("Download every entry")
    assert taken.value.suggested_filename


def replay(walker: Walker) -> None:
    walker.open()
    walker.click("Audit")
    walker.fill(walker.page.get_by_label("A name, or a contact's number"), "ada")
    walker.click("Replay it")
    walker.is_on("Step by step: Ada Jansen")


def look_after(walker: Walker) -> None:
    walker.open()
    walker.click("Operations")
    walker.sees("Everything works")


def rebuild(walker: Walker) -> None:
    walker.open()
    walker.click("Operations")
    walker.click("Rebuild", "#state")
    walker.sees("The rebuilt one is the same as the one that was live.")


def send_again(walker: Walker) -> None:
    walker.open()
    walker.click("Operations")
    walker.click("Send all again")
    walker.sees("Nothing was given up.")


WAYS: dict[str, Callable[[Walker], None]] = {
    "See who stands before me": find,
    "Write down the coffee they got": give,
    "Know what the day asks": read_the_day,
    "Thank somebody": thank,
    "See whom a rule would move": move_a_lever,
    "Go from the year to a purchase": find_a_purchase,
    "Pay what a referral earned": pay,
    "Have the command that checks everything": copy_the_command,
    "Take every entry away": take_everything,
    "Replay somebody's past": replay,
    "Know whether everything works": look_after,
    "Rebuild a list": rebuild,
    "Send again what was given up": send_again,
}

ON_A_PHONE = {"See who stands before me", "Write down the coffee they got"}


def counted() -> dict[str, tuple[str, ...]]:
    """What the page says of each way: clicks and seconds, keys and seconds without a pointer."""
    row = r"^\| ([^|]+) \| (\d+)[^|]*\|([^|]*)\|([^|]*)\|([^|]*)\|$"
    rows = re.findall(row, PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: tuple(one.strip().partition(" ")[0] for one in rest) for name, *rest in rows}


def walked(walker: Walker) -> tuple[str, ...]:
    """The same of a way that was walked."""
    clicks, keys = str(walker.clicks), str(walker.keys)
    by_pointer, by_key = (f"{round(walker.seconds[one])}" for one in (False, True))
    return (clicks, by_pointer, keys, by_key) if walker.keys else (clicks, by_pointer, "", "")


def give_up_messages(shop: Shop, server: Server) -> None:
    url = "https://shop.example.org/in"
    shop.post("/webhooks", {"url": url, "events": ["stage-changed"], "enabled": False})
    webhooks = server.ledgers[shop.base.rpartition("/")[2]].webhooks
    (known,) = webhooks.all()
    webhooks.store.take_in(known, [delivery(1), delivery(2)], 2, 0)
    found = webhooks.store.waiting(known.id, 10, 10)
    dead = [replace(one, state=DEAD, attempts=9, problem="timeout", at=START) for one in found]
    webhooks.store.keep_outcomes(known.id, dead)


def test_the_ways_of_five_people_take_what_their_page_says(
    browser: Browser, address: str, cafe: Shop, server: Server
) -> None:
    cafe.register("till:3", "Clara Smit")
    sent = {"referral_id": "r1", "direction": "inbound", "other": "till:3", "level": 3}
    cafe.append("till:2", {"type": "referral-made", "data": sent})
    bought = cafe.append("till:3", purchase("1"))
    reflect(cafe, bought)
    cafe.get("/standings", min_position=bought.json()["position"])
    give_up_messages(cafe, server)
    told = counted()
    found: dict[str, tuple[str, ...]] = {}
    for name, way in WAYS.items():
        size = "phone" if name in ON_A_PHONE else "wide"
        with window(browser, address, size=size) as opened:
            walker = Walker(opened.page, f"{address}{pages(cafe)}")
            way(walker)
            found[name] = walked(walker)
            assert (name, opened.complaints) == (name, [])
    assert found == told
