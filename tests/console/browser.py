"""Debian's Chromium, driven by Playwright; tests with it are skipped where it is not installed."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it ships none
from playwright.sync_api import expect

from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

expect.set_options(timeout=END_SECONDS * 1000)

CHROMIUM = shutil.which("chromium")
NO_CHROMIUM = "there is no chromium (in Debian: chromium)"

SIZES = {"wide": (1280, 900), "phone": (360, 740), "large": (1600, 1000)}


@dataclass
class Window:
    """A page in a browser, and what the browser complained of."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to a path of the server, and wait until the page is there."""
        self.page.goto(f"{self.address}{path}", wait_until="load")
        return self.page

    def hear(self, kind: str, text: str) -> None:
        """Take down what the browser says, unless a test was faster than the page's own focus."""
        if not text.startswith("Autofocus processing was blocked"):
            self.complaints.append(f"{kind}: {text}")

    def faults(self) -> list[str]:
        """What axe finds that keeps people from reading the page. Source: WCAG 2.2, A and AA."""
        rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
        found: dict[str, Any] = _axe().run(self.page, options=rules).response
        return [
            f"{one['id']}: {node['html'][:200]}"
            for one in found["violations"]
            for node in one["nodes"]
        ]

    def is_too_wide(self) -> bool:
        """Whether the page is wider than the window."""
        wide: bool = self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        return wide


@cache
def _axe() -> Axe:
    return Axe()


@contextmanager
def window(
    browser: Browser,
    address: str,
    *,
    scheme: str = "light",
    size: str = "wide",
    scripts: bool = True,
    bypass_csp: bool = False,
) -> Iterator[Window]:
    """A window of its own, with its own cookies. ``bypass_csp`` is for axe, which is injected."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=scripts,
        bypass_csp=bypass_csp,
        reduced_motion="reduce",
    )
    context.set_default_timeout(END_SECONDS * 1000)
    page = context.new_page()
    opened = Window(page, address)
    page.on("console", lambda said: opened.hear(said.type, said.text))
    page.on("pageerror", lambda error: opened.complaints.append(f"error: {error}"))
    try:
        yield opened
    finally:
        context.close()
