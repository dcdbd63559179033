"""The tutorial "The first morning", followed to the letter in a browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.console.browser import CHROMIUM, NO_CHROMIUM, window
from tests.house.tree import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.api.shop import Shop

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)

TUTORIAL = ROOT / "docs" / "tutorial" / "the-first-morning.md"


def words() -> list[str]:
    """The words in bold: what the tutorial says stands on buttons, links and fields."""
    return re.findall(r"\*\*([^*\n]+)\*\*", TUTORIAL.read_text(encoding="utf-8"))


class Reader:
    """Somebody who does what the tutorial says, and finds each word of it on the page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.used: list[str] = []

    def click(self, name: str) -> None:
        self.used.append(name)
        found = self.page.get_by_role("link", name=name).or_(
            self.page.get_by_role("button", name=name)
        )
        found.first.click()

    def fill(self, label: str, text: str) -> None:
        self.used.append(label)
        field = self.page.get_by_label(re.compile(f"^{re.escape(label)}"))
        field.fill(text)

    def sees(self, text: str) -> None:
        self.used.append(text)
        expect(self.page.get_by_text(text).first).to_be_visible()


def test_the_first_morning_goes_as_the_tutorial_says(
    browser: Browser, address: str, shop: Shop
) -> None:
    with window(browser, address) as opened:
        reader = Reader(opened.open(f"/console{shop.base[3:]}"))
        reader.sees("Nothing is owed to anybody yet")
        reader.click("Log an act")
        reader.click("Somebody new")
        reader.fill("A number or name of your own for them", "till:1")
        reader.fill("Name", "Anna de Wit")
        reader.click("Record it")
        reader.sees("Recorded: registered")
        reader.click("Log another act")
        reader.click("They bought")
        reader.fill("Name, number or mail address", "anna")
        reader.page.get_by_label("Anna de Wit").check()
        reader.fill("Amount", "14.50")
        reader.click("Record it")
        reader.sees("Recorded: bought")
        reader.click("Today")
        reader.sees("Thank Anna de Wit for the purchase that made them a customer.")
        reader.click("Done")
        reader.fill("Channel", "a card with the next order")
        reader.click("Record it")
        reader.sees("Recorded: thanked")
        expect(reader.page.get_by_role("button", name="Undo")).to_be_visible()
        reader.used.append("Undo")
        reader.click("People")
        reader.page.get_by_role("searchbox").fill("ann")
        expect(reader.page.locator("#people [data-item]")).to_have_count(1)
        reader.page.keyboard.press("Enter")
        reader.sees("Why customer")
        reader.sees("What happened")
        reader.click("Policies")
        reader.fill("Score to become a client", "30")
        reader.fill("Score to stay a client", "20")
        reader.fill("Days of purchases that count as regular", "1")
        reader.click("Show who would rise and fall")
        reader.sees("Would rise")
        expect(reader.page.locator("#preview")).to_contain_text("Anna de Wit")
        assert opened.complaints == []
    assert set(words()) == set(reader.used)
