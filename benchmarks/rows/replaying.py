"""Rows replay and preview: the whole ledger folded anew, once, and twice, into lines."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from api.service.questions import At, known_at, moment_of
from api.service.replays.lines import Lines
from api.service.replays.preview import Preview, Proposal
from api.service.replays.replay import replay
from benchmarks.bench import PRESET
from benchmarks.measure import Line, Outcome, agree, in_turns, seconds
from benchmarks.recount import recount
from benchmarks.rows.rebuild import events_file_of, read_and_unpack
from domain.instants import parse_instant
from domain.policy import Policy
from domain.presets import PRESETS
from projections.operations import Work

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.service.server import OpenLedger
    from benchmarks.bench import Bench
    from projections.folding import Moment

THEN = "1998-06-30"
FEWER = 6
"""How many purchase days the preview asks for, where the preset wants eight."""

BESIDE = "a loop that reads every row and unpacks it"


def measure_replay(bench: Bench) -> Outcome:
    """Events and contacts a second, as of a day on which the shop was open."""
    with bench.opened(bench.copy()) as served:
        moment, events = _moment(served), served.ledger.head()
        account = _replayed(served, moment)
        (count,) = recount(bench.purchases, PRESETS[PRESET], moment.at)
        agree("stages of a replay", _there(account["stages"]), count)
        again = _replayed(served, moment)
        agree("digest of the same question", again["digest"], account["digest"])
        ours, theirs = in_turns(
            bench.size.runs,
            lambda: events / seconds(lambda: _replayed(served, moment)),
            lambda: events / seconds(lambda: _read(served, events)),
        )
    contacts = account["contacts"]
    each = f"{contacts:,} contacts, {contacts * ours.median / events:,.0f} a second"
    what = f"replay of the whole ledger into lines, as of {THEN} ({bench.file.label}; {each})"
    line = Line(
        row="replay", what=what, unit="events/s", ours=ours, beside=BESIDE, theirs=theirs
    )  # fmt: skip  # one argument a line says no more
    return Outcome((line,))


def measure_preview(bench: Bench) -> Outcome:
    """Events and contacts a second, every contact judged twice; and what comes of it."""
    with bench.opened(bench.copy()) as served:
        moment, events = _moment(served), served.ledger.head()
        account = _previewed(served, moment)
        policies = (PRESETS[PRESET], fewer())
        for side, policy in zip(("before", "after"), policies, strict=True):
            (count,) = recount(bench.purchases, policy, moment.at)
            agree(f"stages {side} a preview", _there(account["stages"][side]), count)
        ours, theirs = in_turns(
            bench.size.runs,
            lambda: events / seconds(lambda: _previewed(served, moment)),
            lambda: events / seconds(lambda: _read(served, events)),
        )
    contacts = account["contacts"]
    each = f"{contacts:,} contacts, {contacts * ours.median / events:,.0f} a second"
    what = f"preview of {FEWER} purchase days, not 8, as of {THEN} ({bench.file.label}; {each})"
    line = Line(
        row="preview", what=what, unit="events/s", ours=ours, beside=BESIDE, theirs=theirs
    )  # fmt: skip  # one argument a line says no more
    return Outcome((line,))


def fewer() -> Policy:
    """The preset for whoever has nothing but sales, with fewer purchase days to a client."""
    return Policy.read({"signals": {"regularity": {"purchase_days": FEWER}}}, PRESETS[PRESET])


def _moment(served: OpenLedger) -> Moment:
    at = parse_instant(f"{THEN}T00:00:00Z")
    return moment_of(served.ledger, served.aliases, At(as_of=at), at)


def _replayed(served: OpenLedger, moment: Moment) -> dict[str, Any]:
    known = known_at(served.ledger, moment.position)
    work = Work(lambda _progress: None)
    return replay(served.ledger, moment, known, Lines(io.BytesIO()), work).plain()


def _previewed(served: OpenLedger, moment: Moment) -> dict[str, Any]:
    preview = Preview(served.ledger, moment, Proposal(fewer()))
    return preview.run(Lines(io.BytesIO()), Work(lambda _progress: None)).plain()


def _read(served: OpenLedger, events: int) -> None:
    agree("rows read", read_and_unpack(events_file_of(served.ledger)), events)


def _there(stages: Mapping[str, int]) -> dict[str, int]:
    """Stages with anybody in them."""
    return {stage: count for stage, count in stages.items() if count}
