"""Every port, limit and duration that pages speak of, and what the newest run measured."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from api.http.routers.status_in_depth import SIGNING_SECONDS
from api.service import confirmations
from api.service.envelope import MOST_EVENTS
from api.service.limits import LIMITS
from api.service.receipts import form
from api.service.replays import results
from api.service.settings import Settings
from docs.generating.markdown import opening, table
from domain.instants import HOUR
from ledger.access.keys import FRESH_SECONDS
from ledger.batch import MOST_AHEAD
from ledger.subscriptions.pacing import PROJECTIONS, SIGNER
from ledger.transparency import tiles
from projections.outbox import KEPT_DAYS
from rapport_client.retries import Retries

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results"

_INTRODUCTION = """\
Other pages say what happens, and this one says how much and how long. The first table lists the
constants of the program. The second one is the newest file of `benchmarks/results`, by the machine
that it names: other machines come to other figures.
"""


def measurements_page() -> str:
    """The port, the limits, the durations and the figures of the newest run."""
    return "\n".join(
        (
            opening("Measurements", "`docs/generating/measurements.py`", _INTRODUCTION),
            "## Limits and durations\n",
            table(("what", "how much"), _limits()),
            "Those of single requests stand with their routes in [HTTP](http.md), and those of the"
            " server in [operating](operating.md#limits).\n",
            f"## Measured\n\n{_measurement_table()}",
        )
    )


def _limits() -> Iterator[tuple[str, str]]:
    yield "the address that a server listens on", f"`{Settings().host}`"
    yield "the port that a server listens on", f"`{Settings().port}`"
    yield "how far ahead `occurred_at` and `as_of` may lie", f"{MOST_AHEAD // HOUR} hours"
    yield "events in one request that is recorded whole", f"{MOST_EVENTS:,}"
    yield "how long a request waits for `min_position`", _seconds(LIMITS.wait_seconds)
    yield (
        "a list of the past, folded when it is asked for: events of the ledger",
        f"at most {LIMITS.folded_events:,}",
    )
    yield "replays and previews of a ledger at once", f"{LIMITS.replays_at_once}"
    yield "how long the lines of a replay or preview are kept", _seconds(results.KEPT_SECONDS)
    yield "how many of them are kept", f"the {results.MOST_KEPT} newest"
    yield "events of a receipt", f"at most {form.MOST_EVENTS:,}"
    yield "how long a receipt waits for its events to be signed", _seconds(SIGNING_SECONDS)
    yield "how long a confirmation of a deletion holds", _seconds(confirmations.VALID_SECONDS)
    yield "how soon a revoked or rotated key opens nothing", _seconds(FRESH_SECONDS)
    yield (
        "how long the log rests between two looks for new events",
        _seconds(SIGNER.turn_seconds),
    )
    yield "how many events the log takes in before it signs", f"{SIGNER.step_events:,}"
    yield "leaves in a full tile, and entries in a full bundle", f"{tiles.TILE_WIDTH}"
    yield "how long the log signs what is left at the end", _seconds(SIGNER.last_seconds)
    yield (
        "how long a ledger that is deleted waits for requests under way",
        _seconds(LIMITS.leaving_seconds),
    )
    yield (
        "how far projections fall behind before they take half of the time in a flood",
        f"{PROJECTIONS.far_behind_events:,} events",
    )
    pacing = LIMITS.deliveries
    yield "how long a receiver of a webhook may take to answer", _seconds(pacing.attempt_seconds)
    yield "how long a message to a webhook is tried", _seconds(pacing.give_up_seconds)
    yield "messages of a webhook under way at once", f"{pacing.at_once}"
    yield "deliveries of a webhook that are listed, of each end", f"{pacing.kept:,}"
    yield "how long a notice can be sent again", f"{KEPT_DAYS} days"
    yield "how often the Python client tries", f"{Retries().tries} times"


def _seconds(seconds: float) -> str:
    if seconds >= 3600:
        return f"{seconds / 3600:g} hours"
    return f"{seconds / 60:g} minutes" if seconds >= 120 else f"{seconds:g} s"


def _measurement_table() -> str:
    """The facts and the table of the newest run, as ``make bench`` wrote them."""
    text = max(RESULTS.glob("*.md")).read_text(encoding="utf-8")
    title = re.search(r"^# Benchmarks, (.*)$", text, re.MULTILINE)
    facts = re.search(r"^(?:- .*\n(?:  .*\n)*)+", text, re.MULTILINE)
    rows = re.search(r"^\| row \|.*\n(?:\|.*\n)+", text, re.MULTILINE)
    assert title is not None, "a page of results has a title"
    assert facts is not None, "and says on what machine"
    assert rows is not None, "and has a table"
    return (
        f"On {title[1]}. [Benchmarks](benchmarks.md) says what each row means.\n\n"
        f"{facts[0]}\n{rows[0]}"
    )
