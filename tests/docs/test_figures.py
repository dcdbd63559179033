"""Figures of limits, durations and measurements stand on one generated page, and nowhere else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from api.service.settings import Settings
from docs.generate import REFERENCE
from docs.generating.measurements import RESULTS
from tests.docs.fences import pages
from tests.house.tree import ROOT, texts

if TYPE_CHECKING:
    from pathlib import Path

PORT = Settings().port
OTHER_PORTS = {
    str(PORT + 1): "the other port that pages choose beside the default one",
    "8786": "the port of a Dask scheduler, which is not ours",
}

WHOLE_PAGES = {
    "CHANGELOG.md": "says what was so at a version",
    "docs/decisions/": "say what was measured when they were taken",
    "docs/explanation/measured-on-real-purchases.md": "its figures: tests/benchmarks",
    "docs/explanation/what-if-on-real-purchases.md": "its figures: tests/benchmarks",
    "docs/explanation/expected-value-on-real-purchases.md": "its figures: tests/benchmarks",
    "docs/reference/benchmarks.md": "the sizes of the rows that are measured",
    "docs/reference/card-and-scorecard.md": "the rules' own numbers",
    "docs/reference/rewards-and-the-book.md": "the rules' own numbers, and a limit of the code",
    "docs/reference/soak.md": "is written by `make soak`, with the machine that it ran on",
    "docs/reference/scale.md": "is written by `make bench-full`, with the machine that it ran on",
    "docs/reference/rules.md": "the rules' own numbers, which are policy data",
}
"""Pages whose figures are no claims of this page's kind, each with the reason."""

ALLOWED = {
    ("docs/explanation/customers-and-clients.md", "30 days"): "a rule's number",
    ("docs/explanation/customers-and-clients.md", "three weeks"): "an example of a rhythm",
    ("docs/explanation/five-people-and-their-paths.md", "ten minutes"): "the time of a reader",
    ("docs/explanation/time.md", "24 hours"): "a rule's number",
    ("docs/explanation/time.md", "one minute"): "a rule's number",
    ("docs/explanation/what-is-not-built-yet.md", "200,000 events"): "a limit of the code",
    ("docs/how-to/ask-what-to-do-today.md", "200,000 events"): "a limit of the code",
    ("docs/how-to/ask-what-to-do-today.md", "366 days"): "a rule's number",
    ("docs/how-to/ask-what-to-do-today.md", "48 hours"): "a rule's number",
    ("docs/how-to/ask-what-to-do-today.md", "one event"): "an act of thanks",
    ("docs/how-to/audit-a-ledger.md", "four bytes"): "a format's number",
    ("docs/how-to/audit-a-ledger.md", "four lines"): "a format's number",
    ("docs/how-to/audit-a-ledger.md", "two requests"): "how it is asked",
    ("docs/how-to/explain-a-past-status.md", "one minute"): "a rule's number",
    ("docs/how-to/estimate-what-contacts-will-bring.md", "365 days"): "a rule's number",
    ("docs/how-to/fit-a-policy.md", "28 days"): "a rule's number",
    ("docs/how-to/fit-a-policy.md", "90 days"): "a rule's number",
    ("docs/how-to/put-the-agenda-in-your-calendar.md", "90 days"): "a rule's number",
    ("docs/how-to/fit-a-policy.md", "five times"): "a rule's number",
    ("docs/how-to/give-access.md", "ten requests"): "what the key on the page may",
    ("docs/how-to/import-purchases.md", "seven days"): "a rule's number",
    ("docs/how-to/many-ledgers.md", "two requests"): "counted on the page",
    ("docs/how-to/rebuild-a-projection.md", "40,000 events"): "a limit of the code",
    ("docs/how-to/one-person-many-numbers.md", "200 bytes"): "a format's number",
    (
        "docs/tutorial/first-relationship.md",
        "180 days",
    ): "a rule's number, which the page's test asks",
    ("docs/tutorial/first-relationship.md", "7 days"): "counted on the page",
    ("docs/tutorial/first-relationship.md", "ten minutes"): "how long a person reads",
    ("docs/tutorial/the-first-morning.md", "ten minutes"): "how long a person reads",
    ("docs/tutorial/the-first-morning.md", "ten seconds"): "the page shows it so long, see a test",
    ("docs/tutorial/the-first-morning.md", "two days"): "48 hours, a rule's number",
    ("docs/how-to/use-the-console.md", "ten seconds"): "the page shows it so long, see a test",
    ("docs/how-to/tell-another-program.md", "30 days"): "a limit of the code",
    ("docs/how-to/tell-another-program.md", "ten seconds"): "a limit of the code",
    ("docs/how-to/use-the-console.md", "2 s"): "an example of what a page says",
}
"""Figures that may stand where they stand, each with the reason."""

_WORD = (
    "one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|fifty|hundred|thousands?|million"
    "|quarter|half|tenth|fifth"
)
_UNIT = (
    r"(?:µs|us|ms|s|seconds?|minutes?|hours?|days?|weeks?|months|KiB|MiB|GiB|kB|KB|MB|GB|bytes"
    r"|events?|lines|times|percent|%|instructions|requests|appends|proofs|leaves|keys)"
)
_FIGURE = re.compile(
    rf"\b(?:\d[\d,.]*(?: of |[ -])?|(?:{_WORD})(?: of an? | of |[ -])){_UNIT}(?![\w/])"
)
_BLOCK = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_PORTS = re.compile(
    r"(?:localhost|\d|\.org|\.com|\]):(\d{4,5})\b|\bports?[ =](\d{4,5})\b|PORT=(\d+)"
)


def _named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _figures(page: Path) -> list[str]:
    prose = _BLOCK.sub(" ", page.read_text(encoding="utf-8"))
    return [" ".join(match[0].split()) for match in _FIGURE.finditer(" ".join(prose.split()))]


def test_a_figure_with_a_unit_is_generated_or_has_its_reason() -> None:
    found = {
        (_named(page), figure)
        for page in pages()
        if not _named(page).startswith(tuple(WHOLE_PAGES))
        for figure in _figures(page)
    }
    assert found - ALLOWED.keys() == set(), "generate it in docs/generating/measurements.py"
    assert ALLOWED.keys() - found == set(), "nobody says this any more"


def test_every_port_is_the_one_that_a_server_listens_on() -> None:
    others = []
    for place, text in texts():
        if place.endswith((".md", "Makefile")) and not place.startswith("benchmarks/results"):
            for match in _PORTS.finditer(text):
                port = next(one for one in match.groups() if one is not None)
                if port != str(PORT) and port not in OTHER_PORTS:
                    others.append(f"{place}: {port}")
    assert others == []
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.findall(r"^PORT = (\d+)$", makefile, re.MULTILINE) == [str(PORT)]


def test_the_measured_table_is_that_of_the_newest_run() -> None:
    page = (REFERENCE / "measurements.md").read_text(encoding="utf-8")
    newest = max(RESULTS.glob("*.md")).read_text(encoding="utf-8")
    rows = [line for line in newest.splitlines() if re.match(r"\| (\d+|[a-z]+) \| .* \|$", line)]
    assert len(rows) > 20
    measured = page.partition("## Measured")[2]
    assert [row for row in rows if row.count("|") == 10 and row not in measured] == []
