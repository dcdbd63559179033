"""The page of growing sizes: its figures, its plot, and what it calls a defect."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from benchmarks.purchases import invented_file
from benchmarks.scale.__main__ import page
from benchmarks.scale.figures import MEASURES, REBUILD, SEARCH, Kind, Size, defects
from benchmarks.scale.measuring import measure
from benchmarks.scale.plot import plot

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.scale.figures import Measure

SVG = "{http://www.w3.org/2000/svg}"


def grown(events: int, **others: float) -> Size:
    """A size whose whole work is in proportion to its events, but for these figures."""
    in_proportion = {Kind.RATE: 5_000.0, Kind.PER_EVENT: 300.0, Kind.WHOLE: events / 100}
    figures = {one: others.get(one.name, in_proportion[one.kind]) for one in MEASURES}
    return Size(events, events // 4, figures)


def test_what_grows_with_the_data_is_no_defect() -> None:
    assert list(defects([grown(10_000), grown(100_000), grown(1_000_000)])) == []


@pytest.mark.parametrize(("measure", "figure"), [(REBUILD, 3_900.0), (SEARCH, 1_300.0)])
def test_what_grows_faster_than_the_data_is_a_defect(measure: Measure, figure: float) -> None:
    """A rate that falls by a fifth, and a time that grows thirteenfold where the data grows ten."""
    sizes = [grown(10_000), grown(100_000, **{measure.name: figure})]
    found = list(defects(sizes))
    assert [one.partition(":")[0] for one in found] == [measure.name]
    assert f"- {found[0]}\n" in page("2026-01-01", [], sizes)


def test_the_plot_has_every_figure_with_its_unit() -> None:
    drawn = ET.fromstring(plot([grown(10_000), grown(100_000)]))
    texts = [one.text for one in drawn.iter(f"{SVG}text")]
    assert {one.name for one in MEASURES} <= set(texts)
    assert {one.unit for one in MEASURES} <= set(texts)
    assert texts.count("events") == len(MEASURES)
    assert len(list(drawn.iter(f"{SVG}circle"))) == 2 * len(MEASURES)


@pytest.mark.long("servers, rebuilds and imports are started one after the other for their memory")
def test_every_figure_is_measured_of_a_small_ledger(tmp_path: Path) -> None:
    size = measure(tmp_path / "scale", invented_file(tmp_path, 30))
    assert set(size.figures) == set(MEASURES)
    assert all(figure > 0 for figure in size.figures.values())
    assert size.contacts == 30
