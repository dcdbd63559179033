"""What the documentation says about CDNOW is what the rules make of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from benchmarks.bench import PRESET
from benchmarks.purchases import CDNOW, Purchase, PurchaseFile
from benchmarks.recount import recount
from benchmarks.rows.summary import THEN, section
from domain.instants import parse_instant
from domain.policy import Policy
from domain.presets import PRESETS
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PAGE = ROOT / "docs" / "explanation" / "measured-on-real-purchases.md"


@pytest.fixture
def cdnow(outside_file: Callable[[str], Path]) -> list[Purchase]:
    return PurchaseFile(outside_file(CDNOW), "CDNOW", whole_cdnow=True).read()


def test_the_stages_and_demotions_on_the_page_are_those_of_the_file(cdnow: list[Purchase]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    days = re.findall(r"as of (\d{4}-\d\d-\d\d) \|", text)
    assert len(days) == 2
    instants = [parse_instant(f"{day}T00:00:00Z") for day in days]
    assert section(recount(cdnow, PRESETS[PRESET], *instants), days) in text


def test_what_the_page_says_of_shorter_waits_is_so(cdnow: list[Purchase]) -> None:
    text = PAGE.read_text(encoding="utf-8").replace("\n", " ")
    for wait_days in (90, 45):
        rhythm = {"demote_after_days": wait_days}
        policy = Policy.read({"rhythm": rhythm}, PRESETS[PRESET])
        (count,) = recount(cdnow, policy, parse_instant(f"{THEN}T00:00:00Z"))
        rate = f"{round(count.premature_rate, 3)} of {count.silence_demotions}"
        assert re.search(rf"at {wait_days} (the rate on that day|it) would be {rate}", text)
