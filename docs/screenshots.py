"""``make screenshots``: takes the pictures of the console that the pages show, from the demo town.

``make screenshots EVERY=FOLDER`` takes every page into that folder instead, light, dark and on a
phone, as one looks at them before a release. It needs Debian's Chromium. The town is made for the
present day, so two runs differ in dates.
"""

from __future__ import annotations

import argparse
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
    from collections.abc import Callable, Sequence

    from playwright.sync_api import Page

FOLDER = Path(__file__).parent / "console"
START_SECONDS = 60


class Picture(NamedTuple):
    """A page of the town, the window and colours that it is seen in, and what is done first.

    ``is_whole`` says that it is taken down to its foot.
    """

    name: str
    path: str
    width: int
    height: int
    scheme: str
    prepare: Callable[[Page], None] = lambda _: None
    is_whole: bool = False


def _wait_for_items(page: Page) -> None:
    """Wait until the list is made that the page shows."""
    page.locator(".people [data-item]").first.wait_for()
    page.get_by_text("catching up").wait_for(state="detached")


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


PATHS = {
    "today": "",
    "today-of-a-kind": "?kind=Thanks",
    "people": "/people",
    "people-printed": "/people?print=1",
    "person": "/people/demo:clara-client",
    "person-who-complained": "/people/demo:cora-complaint",
    "person-steps": "/people/demo:clara-client/steps",
    "person-erasure": "/people/demo:clara-client/erasure",
    "duplicates": "/duplicates",
    "act": "/act",
    "act-form": "/act?type=purchase-made&contact=demo:clara-client",
    "partners": "/partners",
    "partner": "/partners/demo:ben-brings",
    "book": "/book",
    "book-by-stage": "/book?by=stage",
    "book-of-a-stage": "/book?by=contact&within=stage:client",
    "watch-list": "/book/watch/never-asked",
    "policies": "/policies",
    "audit": "/audit",
    "operations": "/operations",
    "imports": "/imports",
}
"""Every page of the town, by the name of its pictures."""

WINDOWS = (("light", 1280, 860, "light"), ("dark", 1280, 860, "dark"), ("phone", 360, 740, "light"))
"""The windows that every page is taken in: name, width, height and colours."""


def every_picture() -> tuple[Picture, ...]:
    """Every page in every window, as long as it is."""
    prepared = {"today": _wait_for_items, "policies": _move_levers}
    return tuple(
        Picture(
            f"{name}-{window}",
            path,
            width,
            height,
            scheme,
            prepared.get(name, lambda _: None),
            is_whole=True,
        )
        for name, path in PATHS.items()
        for window, width, height, scheme in WINDOWS
    )


def main() -> int:
    """Take the pictures of the pages, or every one; 1 where there is no Chromium."""
    parser = argparse.ArgumentParser(prog="docs.screenshots")
    parser.add_argument("--every", type=Path, help="take every page into this folder")
    every: Path | None = parser.parse_args().every
    into, pictures = (FOLDER, PICTURES) if every is None else (every, every_picture())
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.stderr.write("there is no chromium (in Debian: apt install chromium)\n")
        return 1
    into.mkdir(parents=True, exist_ok=True)
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
                cafe = f"http://127.0.0.1:{port}/console/ledgers/demo-cafe"
                _take(chromium, cafe, pictures, into)
            finally:
                town.terminate()
    return 0


def _take(chromium: str, address: str, pictures: Sequence[Picture], into: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for one in pictures:
            context = browser.new_context(
                viewport={"width": one.width, "height": one.height},
                color_scheme="dark" if one.scheme == "dark" else "light",
            )
            page = context.new_page()
            page.goto(f"{address}{one.path}", wait_until="load")
            one.prepare(page)
            page.screenshot(path=into / f"{one.name}.png", full_page=one.is_whole)
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
