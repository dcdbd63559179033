"""What the documentation says about CDNOW is what the rules make of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from benchmarks.bench import PRESET
from benchmarks.purchases import CDNOW, PurchaseFile
from benchmarks.recount import recount
from benchmarks.rows.summary import section
from domain.instants import parse_instant
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PAGE = ROOT / "docs" / "explanation" / "measured-on-real-purchases.md"


def test_the_stages_and_demotions_on_the_page_are_those_of_the_file(
    outside_file: Callable[[str], Path],
) -> None:
    file = PurchaseFile(outside_file(CDNOW), "CDNOW", whole_cdnow=True)
    text = PAGE.read_text(encoding="utf-8")
    days = re.findall(r"as of (\d{4}-\d\d-\d\d) \|", text)
    assert len(days) == 2
    counts = recount(file.read(), PRESET, *(parse_instant(f"{day}T00:00:00Z") for day in days))
    assert section(counts, days) in text
