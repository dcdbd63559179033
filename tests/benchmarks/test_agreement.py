"""Every row of the benchmarks on a handful of contacts: ours and the contestant must agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

import benchmarks.bench
import benchmarks.served
from benchmarks import purchases, stock_view
from benchmarks.bench import Bench
from benchmarks.load import Reply, closed_loop
from benchmarks.measure import Disagreement, Goal, Line, NotMeasured, Outcome, Spread, percentile
from benchmarks.recount import recount
from benchmarks.report import QUOTED, page, quoted
from benchmarks.rows import ROWS
from benchmarks.served import bare
from benchmarks.sizes import Size
from benchmarks.till import check_appended, stored_head
from benchmarks.till import purchases as purchases_of
from domain.presets import PRESETS
from tests.fixtures.forked_program import forked_program

if TYPE_CHECKING:
    from uuid import UUID

TINY = Size(
    runs=1,
    contacts=40,
    stock_projected_events=60,
    stream_events=50,
    contacts_at_till=5,
    appends=100,
    bulk_events=90,
    visible_seconds=0.1,
    reads=40,
    few_stored_events=100,
    many_stored_events=1_000,
    appends_to_stored=50,
    poured_lines=600,
    listed_contacts=30,
    few_rebuilt_events=110,
    many_rebuilt_events=200,
)


TOO_LONG = {
    "1b": "four servers start under cachegrind, a minute together; tests/guards counts in process",
}
"""The rows that are not run here, and why."""

_STARTS = "it starts servers and loads, each a process that imports everything"

LONG = {
    "2": _STARTS,
    "3": _STARTS,
    "6-postgresql": "rows are made and rebuilt in a database",
    "8": _STARTS,
    "10": _STARTS,
    "12": _STARTS,
    "13": _STARTS,
    "14": _STARTS,
    "16": _STARTS,
    "16-postgresql": _STARTS,
    "17": _STARTS,
    "18": _STARTS,
    "summary": "the file is imported by a process and folded at every day",
    "calibration": "the file is followed under two policies",
    "import": "the file is imported by processes, twice",
}
"""The rows that ``make test`` leaves out, and why. Row 1 starts a server as well, and stays."""

MEASURES_THE_START = {"10", "14"}
"""Rows that are about the processes, and not about what they answer."""


def _row(name: str) -> object:
    return pytest.param(name, marks=[pytest.mark.long(LONG[name])] if name in LONG else ())


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Synthetic purchases, also where there are real ones."""
    folder = tmp_path_factory.mktemp("benchmarks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(purchases, "find", lambda _: None)
        bench = Bench(folder, TINY)
        assert bench.file.label == "synthetic purchases, 40 contacts"
    return bench


@pytest.mark.parametrize("name", [_row(name) for name in ROWS])
def test_a_row_and_its_contestant_agree_on_the_answer(
    name: str, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row checks this itself before it gives a figure."""
    if name not in MEASURES_THE_START:
        for module in (benchmarks.bench, benchmarks.served):
            monkeypatch.setattr(module, "command", lambda: (str(forked_program()),))
    if reason := TOO_LONG.get(name):
        pytest.skip(reason)
    try:
        outcome = ROWS[name](bench)
    except NotMeasured as missing:
        pytest.skip(str(missing))
    assert outcome.lines
    for line in outcome.lines:
        assert line.row == name.removesuffix("-postgresql")
        assert line.ours.median > 0


def test_a_contestant_with_another_answer_ends_the_row(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = stock_view.SqliteSpentView.add

    def miscount(
        view: stock_view.SqliteSpentView, customer: UUID, count: int, amount: int, tracking: Any
    ) -> None:
        add(view, customer, count, amount + 1, tracking)

    monkeypatch.setattr(stock_view.SqliteSpentView, "add", miscount)
    with pytest.raises(Disagreement, match="what customers spent"):
        ROWS["6"](bench)


def test_an_append_without_a_place_of_its_own_ends_the_row(bench: Bench) -> None:
    folder = bench.imported
    head = stored_head(folder)
    replies = [Reply(201, 0.001, position, "") for position in (head - 1, head)]
    assert check_appended(replies, folder, head - 2) == head
    with pytest.raises(Disagreement, match="positions"):
        check_appended([replies[0], replies[0]], folder, head - 2)
    with pytest.raises(Disagreement, match="the log's head"):
        check_appended(replies[:1], folder, head - 2)
    with pytest.raises(Disagreement, match="appends answered"):
        check_appended([Reply(200, 0.001, head, "")], folder, head - 1)


def test_the_empty_post_reads_what_it_is_sent() -> None:
    with bare() as port:
        (good,) = purchases_of([uuid4()], 1)
        bad = (*good[:2], good[2].replace("purchase-made", "purchase-dreamt"))
        replies = closed_loop(port, [good, bad], 1).replies
    assert [reply.status for reply in replies] == [201, 422]


def test_a_percentile_is_one_of_the_figures() -> None:
    figures = [float(figure) for figure in range(200, 0, -1)]
    assert [percentile(figures, rank) for rank in (50, 99, 100)] == [100, 198, 200]
    assert percentile([7.0], 99) == 7


def test_the_recount_notices_a_purchase_that_is_missing(bench: Bench) -> None:
    at = max(one.occurred_at for one in bench.purchases)
    counted = recount(bench.purchases, PRESETS["purchases-only"], at)
    assert sum(counted[0].values()) == TINY.contacts
    alone = [one for one in bench.purchases if one.customer != bench.purchases[0].customer]
    assert recount(alone, PRESETS["purchases-only"], at) != counted


@pytest.mark.parametrize(
    ("goal", "figures"),
    [
        (Goal(0.4, 0.8), {0.3: "missed", 0.4: "reached", 0.9: "moonshot"}),
        (Goal(0.7, 0.5, at_least=False), {0.8: "missed", 0.6: "reached", 0.5: "moonshot"}),
    ],
)
def test_a_verdict_follows_from_the_ratio_and_the_goal(
    goal: Goal, figures: dict[float, str]
) -> None:
    lines = {
        figure: Line(
            row="0", what="", unit="s", ours=Spread((figure * 10,)), theirs=Spread((10.0,)),
            goal=goal,
        )
        for figure in figures
    }  # fmt: skip  # one argument a line would bury the line
    assert {figure: line.verdict for figure, line in lines.items()} == figures


def test_a_run_is_quoted_between_the_marks_and_nowhere_else() -> None:
    outcomes = {
        name: Outcome((Line(row=name, what="", unit="s", ours=Spread((1.0,))),), "a remark")
        for name in QUOTED
    }
    text = "before\n<!-- figures -->\nobsolete\n<!-- end of figures -->\nafter\n"
    once = quoted(text, ["a fact"], outcomes)
    assert once.startswith("before\n<!-- figures -->\n")
    assert once.endswith("<!-- end of figures -->\nafter\n")
    assert "obsolete" not in once
    assert quoted(once, ["a fact"], outcomes) == once
    assert "| 4 |" in once
    assert "| 4 |" in page("2026-01-01", ["a fact"], outcomes)
    with pytest.raises(ValueError, match="marked"):
        quoted("no marks", [], outcomes)
