"""``make screenshots``: takes the pictures of the console that the pages show, from the demo town.

It needs Debian's Chromium. The town is made for the present day, so two runs differ in dates.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

FOLDER = Path(__file__).parent / "console"
START_SECONDS = 60


class Picture(NamedTuple):
    """A page of the town, the window and colours that it is seen in, and what is done first."""

    name: str
    path: str
    width: int
    height: int
    scheme: str
    prepare: Callable[[Page], None] = lambda _: None


def _wait_for_items(page: Page) -> None:
    page.locator("[data-item]").first.wait_for()


def _move_levers(page: Page) -> None:
    page.get_by_label("Days of purchases that count as regular").fill("6")
    page.keyboard.press("Tab")
    page.locator("#preview .headline").wait_for()


PICTURES = (
    Picture("today", "", 1280, 860, "light", _wait_for_items),
    Picture("people", "/people", 1280, 860, "light"),
    Picture("person", "/people/demo:clara-client", 1280, 860, "light"),
    Picture("person-phone", "/people/demo:clara-client", 390, 844, "dark"),
    Picture("policies", "/policies", 1280, 1100, "light", _move_levers),
    Picture("audit", "/audit", 1280, 860, "light"),
)


def main() -> int:
    """Take every picture; 1 where there is no Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.stderr.write("there is no chromium (in Debian: apt install chromium)\n")
        return 1
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        rapport = Path(sys.executable).with_name("rapport")
        command = [str(rapport), "demo", "--port", str(port), "--data", folder]
        with subprocess.Popen(  # noqa: S603  # our own program
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as town:
            try:
                _wait(town, f"http://127.0.0.1:{port}/livez")
                _take(chromium, f"http://127.0.0.1:{port}/console/ledgers/demo-cafe")
            finally:
                town.terminate()
    return 0


def _take(chromium: str, address: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for one in PICTURES:
            context = browser.new_context(
                viewport={"width": one.width, "height": one.height},
                color_scheme="dark" if one.scheme == "dark" else "light",
            )
            page = context.new_page()
            page.goto(f"{address}{one.path}", wait_until="load")
            one.prepare(page)
            page.screenshot(path=FOLDER / f"{one.name}.png")
            context.close()
        browser.close()


def _wait(town: subprocess.Popen[bytes], address: str) -> None:
    """Wait until the town answers.

    Raises:
        RuntimeError: it ended, or did not answer in time.
    """
    for _ in range(START_SECONDS * 5):
        try:
            with urlopen(address, timeout=5):  # noqa: S310  # an address of this machine
                return
        except (URLError, OSError):
            if town.poll() is not None:
                raise RuntimeError("the demo town ended: run make demo to see why") from None
            try:
                town.wait(0.2)
            except subprocess.TimeoutExpired:
                continue
    raise RuntimeError("the demo town did not answer in time")


if __name__ == "__main__":
    sys.exit(main())
