"""What the documentation says about CDNOW is what the rules make of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from benchmarks.bench import PRESET
from benchmarks.purchases import CDNOW, Purchase, PurchaseFile
from benchmarks.recount import recalibrate, recount
from benchmarks.rows.calibrating import CDNOW_PERIOD, column
from benchmarks.rows.calibrating import section as section_of_falls
from benchmarks.rows.summary import section
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


@pytest.mark.long("every contact of CDNOW is folded at two instants")
def test_the_stages_on_the_page_are_those_of_the_file(cdnow: list[Purchase]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    days = re.findall(r"as of (\d{4}-\d\d-\d\d) \|", text)
    assert len(days) == 2
    instants = [parse_instant(f"{day}T00:00:00Z") for day in days]
    assert section(recount(cdnow, PRESETS[PRESET], *instants), days) in text


def test_the_falls_on_the_page_are_those_of_the_file(cdnow: list[Purchase]) -> None:
    first, last, at = (parse_instant(f"{day}T00:00:00Z") for day in CDNOW_PERIOD)
    counted = recalibrate(cdnow, PRESETS[PRESET], (first, last), at)
    assert counted.premature.percent is not None
    assert counted.premature.percent <= 35
    assert counted.written_off.percent is not None
    assert counted.written_off.percent <= 2
    text = PAGE.read_text(encoding="utf-8")
    assert section_of_falls(["CDNOW"], [column(counted)], CDNOW_PERIOD) in text


@pytest.mark.long("every contact of CDNOW is followed under two more policies")
def test_what_the_page_says_of_shorter_waits_is_so(cdnow: list[Purchase]) -> None:
    text = PAGE.read_text(encoding="utf-8").replace("\n", " ")
    first, last, at = (parse_instant(f"{day}T00:00:00Z") for day in CDNOW_PERIOD)
    for wait_days in (90, 45):
        rhythm = {"demote_after_days": wait_days}
        policy = Policy.read({"rhythm": rhythm}, PRESETS[PRESET])
        resolved = recalibrate(cdnow, policy, (first, last), at).premature
        rate = f"{resolved.percent} % of {resolved.whole:,}"
        assert re.search(rf"at {wait_days} it (is|would be) {rate}", text)
