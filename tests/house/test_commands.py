"""The commands that pages name are there."""

from __future__ import annotations

import re

from tests.house.tree import ROOT, texts

_MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_make_lists_every_command() -> None:
    phony = set(re.search(r"^\.PHONY: (.*)$", _MAKEFILE, re.MULTILINE)[1].split())  # type: ignore[index]  # it is there
    listed = set(re.findall(r"^([a-z-]+):.*## ", _MAKEFILE, re.MULTILINE))
    assert phony - listed == {"help"}


def test_every_make_command_that_a_page_names_exists() -> None:
    named = {
        name
        for place, text in texts()
        if place.endswith(".md") or place == ".ci/run"
        for name in re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE)
    }
    assert named - set(re.findall(r"^([a-z-]+):", _MAKEFILE, re.MULTILINE)) == set()
