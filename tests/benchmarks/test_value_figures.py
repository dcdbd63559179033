"""What the documentation says of expected values on real purchases is what its commands answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.valuing import PAGE, SOURCES, found_in, section

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.long(
    "all files of purchases are imported and fitted; tests/valuing fits invented ones"
)
def test_the_values_on_the_page_are_those_of_the_files(
    tmp_path: Path, outside_file: Callable[[str], Path]
) -> None:
    """On CDNOW the purchases of the last fifth of the time are foretold within a few percent."""
    files = [outside_file(one.file) for one in SOURCES]
    columns = []
    for place, (source, file) in enumerate(zip(SOURCES, files, strict=True)):
        folder = tmp_path / str(place)
        folder.mkdir()
        columns.append(found_in(source, file, folder))
    assert section(columns) in PAGE.read_text(encoding="utf-8")
    held = columns[0].valuation["hold_out"]
    assert abs(held["error_percent"]) <= 5
    assert columns[0].beside["ratio_percent"] > 100
