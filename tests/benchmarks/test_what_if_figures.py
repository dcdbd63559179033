"""What the documentation says of replays and previews of CDNOW is what its commands print."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.bench import PRESET
from benchmarks.purchases import CDNOW, PurchaseFile
from benchmarks.recount import recount
from domain.instants import parse_instant
from domain.presets import PRESETS
from tests.cli.running import rapport
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PAGE = ROOT / "docs" / "explanation" / "what-if-on-real-purchases.md"
EXAMPLES = ROOT / "examples"


def tables(text: str, count: int) -> str:
    """The first blocks of an answer, without the blanks at the ends of lines."""
    lines = [line.rstrip() for line in text.splitlines()]
    return "\n\n".join("\n".join(lines).split("\n\n")[:count])


@pytest.mark.long("all of CDNOW is imported, and replayed and previewed six times")
def test_the_page_shows_what_its_commands_print(
    tmp_path: Path, outside_file: Callable[[str], Path]
) -> None:
    """And each question has one digest, however often it is asked."""
    file, data, page = outside_file(CDNOW), ("--data", tmp_path / "data"), PAGE.read_text()
    mapping = ("--format", "csv", "--mapping", EXAMPLES / "cdnow.toml", "--preset", PRESET)
    assert rapport("import", *mapping, *data, file).code == 0

    said = rapport("replay", "--as-of", "1997-12-31", *data).out
    assert "\n".join(tables(said, 1).splitlines()[:8]) in page
    account = rapport("replay", "--as-of", "1997-12-31", *data, "--json").json()
    assert f"digest {account['digest']}" in said
    purchases = PurchaseFile(file, "CDNOW", whole_cdnow=True).read()
    (count,) = recount(purchases, PRESETS[PRESET], parse_instant("1997-12-31T00:00:00Z"))
    assert {stage: n for stage, n in account["stages"].items() if n} == count

    preview = ("policy", "preview", EXAMPLES / "six-purchase-days.toml", "--to", "1998-06-30")
    said = rapport(*preview, *data).out
    assert tables(said, 2) in page
    assert said.splitlines()[-1] == f"digest {rapport(*preview, *data, '--json').json()['digest']}"
    window = rapport(*preview, "--from", "1997-01-01", *data).out
    assert tables(window, 2).split("\n\n")[1] in page
    for command in ("replay --as-of 1997-12-31", "preview examples/six-purchase-days.toml --from"):
        assert f"rapport {command}" in page or f"rapport policy {command}" in page
