"""A server that is killed and started again costs nothing that was typed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.cli.running import serving
from tests.console.browser import CHROMIUM, NO_CHROMIUM, window

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)


def test_a_server_that_is_killed_costs_nothing_that_was_typed(
    browser: Browser, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    with (
        serving("serve", "--port", "0", "--data", data) as first,
        window(browser, first.url) as opened,
    ):
        ledger = urlsplit(opened.open("/console").url).path
        page = opened.open(f"{ledger}/act?type=contact-registered")
        expect(page.locator("#fresh")).to_contain_text("nothing is newer")
        page.get_by_label("A number or name of your own").fill("till:1")
        page.get_by_label(re.compile("^Name")).fill("Ada Jansen")
        first.process.kill()
        expect(page.locator("#fresh")).to_contain_text("the server cannot be reached")
        page.get_by_role("button", name="Record it").click()
        expect(page.locator("#trouble")).to_contain_text("The server cannot be reached")
        port = first.url.rstrip("/").rpartition(":")[2]
        with serving("serve", "--port", port, "--data", data):
            page.get_by_role("button", name="Record it").click()
            expect(page.get_by_text("session is a new one")).to_be_visible()
            expect(page.get_by_label(re.compile("^Name"))).to_have_value("Ada Jansen")
            page.get_by_role("button", name="Record it").click()
            expect(page.get_by_text("Recorded: registered")).to_be_visible()
