"""Expected values and what a client is worth, on real purchases: ``python -m benchmarks.valuing``.

It imports both files into ledgers of their own, asks the command line, and writes the tables into
the page. Nothing here is a measurement of speed: the figures are the same on every machine.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks.bench import PRESET
from benchmarks.purchases import CDNOW, ROOT, SHOP, find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Document = dict[str, Any]

PAGE = ROOT / "docs" / "explanation" / "expected-value-on-real-purchases.md"
_BEGIN, _END = "<!-- figures -->\n", "<!-- end of figures -->\n"


@dataclass(frozen=True)
class Source:
    """A file of purchases, how it is read, and the instant at which it ends."""

    label: str
    file: str
    mapping: str
    as_of: str


SOURCES = (
    Source("CDNOW", CDNOW, "cdnow.toml", "1998-07-01"),
    Source("the shop", SHOP, "onlineretail.toml", "2011-12-10"),
)


@dataclass(frozen=True)
class Found:
    """What the commands answered of one file."""

    beside: Document
    valuation: Document


def found_in(source: Source, file: Path, folder: Path) -> Found:
    """Import the file into the folder, and ask."""
    data = ("--data", folder / "data", "--json")
    mapping = ROOT / "examples" / source.mapping
    _rapport(
        "import", "--format", "csv", "--mapping", mapping, "--preset", PRESET,
        "--rejects", folder / "rejects.csv", *data, file, may_reject=True,
    )  # fmt: skip  # one argument a line would bury the command
    book = _rapport("book", "--as-of", source.as_of, *data)
    return Found(book["beside"][0], _rapport("value", "fit", "--as-of", source.as_of, *data))


def _rapport(*arguments: object, may_reject: bool = False) -> Document:
    command = [sys.executable, "-m", "api.cli", *map(str, arguments)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if ended.returncode not in ((0, 1) if may_reject else (0,)):
        raise RuntimeError(ended.stderr.decode())
    found: Document = json.loads(ended.stdout)
    return found


def section(columns: Sequence[Found]) -> str:
    """The figures as Markdown, a column for each file."""
    heads = [f"{one.label}, as of {one.as_of}" for one in SOURCES]
    worth = _table(["revenue in minor units", *heads], _worth_rows(), columns)
    values = _table(["expected value", *heads], _value_rows(), columns)
    return f"{_BEGIN}\n{worth}\n{values}\n{_END}"


Row = tuple[str, "Callable[[Found], object]"]


def _worth_rows() -> Iterator[Row]:
    yield "currency", lambda one: one.beside["currency"]
    yield "a client brought in a year as one", lambda one: one.beside["client_year_minor"]
    yield "a customer brought in a year as one", lambda one: one.beside["customer_year_minor"]
    yield "clients in percent of customers", lambda one: one.beside["ratio_percent"]


def _value_rows() -> Iterator[Row]:
    yield "contacts", lambda one: one.valuation["contacts"]
    yield "of these on a second day", lambda one: one.valuation["repeaters"]
    yield "purchase days", lambda one: one.valuation["purchase_days"]
    for name in ("r", "alpha", "a", "b", "log_likelihood", "gain"):
        yield f"`{name}`", lambda one, name=name: (one.valuation["model"] or {}).get(name)  # type: ignore[misc]  # the default binds the name
    for name in ("p", "q", "gamma"):
        yield f"`{name}`", lambda one, name=name: (one.valuation["spend"] or {}).get(name)  # type: ignore[misc]  # the default binds the name
    yield "held out from", lambda one: (one.valuation["hold_out"] or {}).get("from")
    for name, words in (
        ("expected", "purchase days expected since"),
        ("actual", "purchase days since"),
        ("error_percent", "error, %"),
    ):
        yield words, lambda one, name=name: (one.valuation["hold_out"] or {}).get(name)  # type: ignore[misc]  # the default binds the name
    yield "abstained", lambda one: one.valuation["because"] or "no"


def _table(heads: Sequence[str], rows: Iterator[Row], columns: Sequence[Found]) -> str:
    lines = [[*heads], ["---"] * len(heads)]
    lines += [[words, *(_text(of(one)) for one in columns)] for words, of in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _text(figure: object) -> str:
    if figure is None:
        return "-"
    return f"{figure:,}" if isinstance(figure, int | float) else str(figure)


def with_section(page: str, figures: str) -> str:
    """The page with these figures in the place of its own."""
    return re.sub(f"{_BEGIN}.*?{_END}", lambda _: figures, page, flags=re.DOTALL)


def main() -> None:
    """Write the figures into the page."""
    columns = []
    for source in SOURCES:
        file = find(source.file)
        if file is None:
            sys.exit(f"{source.file} is neither in RAPPORT_DATA nor in ../shared/data")
        with TemporaryDirectory() as folder:
            columns.append(found_in(source, file, Path(folder)))
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_section(page, section(columns)), encoding="utf-8")


if __name__ == "__main__":
    main()
