"""Row 18: what an owner asks of many contacts over HTTP, beside an empty GET."""

from __future__ import annotations

import json
import time
from random import Random
from typing import TYPE_CHECKING
from urllib.parse import quote

from benchmarks.load import closed_loop
from benchmarks.measure import Goal, Line, Outcome, Spread, agree, percentile
from benchmarks.pouring import contact, pour
from benchmarks.served import LEDGER, bare, rapport, settle
from benchmarks.till import POLICY_EVENTS
from domain.agenda.items import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.bench import Bench
    from benchmarks.load import Reply, Request

SUMMARY = Goal(5, 2, at_least=False, absolute=True)
SEARCH = Goal(20, 5, at_least=False, absolute=True)
AGENDA = Goal(20, 5, at_least=False, absolute=True)
CARD = Goal(3, 2, at_least=False)
QUESTIONS = 50
"""How often each is asked in a run, one after the other."""

_SEED = 18
_MOST_SECONDS = 3_600.0


def measure(bench: Bench) -> Outcome:
    """Milliseconds of the middle answer, at one connection."""
    contacts = bench.size.listed_contacts
    chance = Random(_SEED)
    wanted = [chance.randrange(contacts) for _ in range(QUESTIONS)]
    summaries = [_get(f"{LEDGER}/statuses/summary")] * QUESTIONS
    searches = [
        _get(f"{LEDGER}/contacts?limit=20&q={quote(f'{number} customer')}") for number in wanted
    ]
    agendas = [_get(f"{LEDGER}/agenda?limit=100")] * QUESTIONS
    runs: list[tuple[float, ...]] = []
    with rapport(bench.fresh()) as port, bare() as bare_port:
        # Two events each, so that a contact is more than its name.
        pour(port, 2 * contacts, events_a_contact=2)
        settle(port, POLICY_EVENTS + 2 * contacts, _MOST_SECONDS)
        _until_indexed(port, searches[0])
        _until_whole(port, f"{LEDGER}/agenda?limit=1&min_position={POLICY_EVENTS + 2 * contacts}")

        def card_ms(numbers: list[int]) -> float:
            cards = [_get(f"{LEDGER}/contacts/{contact(number)}/card") for number in numbers]
            return _middle_ms(port, cards, lambda replies: _carded(replies, numbers))

        runs += (
            (
                _middle_ms(port, summaries, lambda replies: _counted(replies, contacts)),
                _middle_ms(port, searches, lambda replies: _found(replies, wanted)),
                _middle_ms(port, agendas, _in_order),
                card_ms(new),
                card_ms(new),
                _middle_ms(bare_port, [_get("/livez")] * QUESTIONS, lambda _: None),
            )
            for new in _drawn(chance, contacts, bench.size.runs)
        )
    summary, search, agenda, first_card, card, empty = (
        Spread(tuple(run[place] for run in runs)) for place in range(6)
    )
    beside = "an empty GET on a bare FastAPI program, same server"
    return Outcome(
        (
            Line(
                row="18", what=f"the summary of the stages of {contacts:,} contacts, p50",
                unit="ms", ours=summary, beside=beside, theirs=empty, goal=SUMMARY,
            ),
            Line(
                row="18", what=f"a search of a name among {contacts:,}, 20 of those found, p50",
                unit="ms", ours=search, beside=beside, theirs=empty, goal=SEARCH,
            ),
            Line(
                row="18", what=f"the first 100 things of today's agenda of {contacts:,}, p50",
                unit="ms", ours=agenda, beside=beside, theirs=empty, goal=AGENDA,
            ),
            Line(
                row="18", what="the welcome card of one of them that was read before, p50",
                unit="ms", ours=card, beside=beside, theirs=empty, goal=CARD,
            ),
            Line(
                row="18", what="the welcome card of one of them for the first time, p50",
                unit="ms", ours=first_card, beside=beside, theirs=empty,
            ),
        ),
        "Row 18: names are searched with `contacts?q=`, two words in the other order, once the "
        "index is whole. The agenda is that of the present day.\n",
    )  # fmt: skip  # one argument a line would bury the lines


def _drawn(chance: Random, contacts: int, runs: int) -> Iterator[list[int]]:
    """For each run other contacts, of which nothing was asked before."""
    drawn = chance.sample(range(contacts), min(runs * QUESTIONS, contacts))
    each = len(drawn) // runs
    return (drawn[run * each : (run + 1) * each] for run in range(runs))


def _until_indexed(port: int, search: Request) -> None:
    """Wait until every name that was recorded is in the index, which is built in the background."""
    deadline = time.monotonic() + _MOST_SECONDS
    while True:
        (reply,) = closed_loop(port, [search], 1).replies
        index = json.loads(reply.body)["index"]
        if index["state"] == "ready":
            return
        agree("an index in time", time.monotonic() < deadline, True)
        time.sleep(0.1)


def _until_whole(port: int, path: str) -> None:
    """Wait until the agenda reflects everything, and is answered."""
    deadline = time.monotonic() + _MOST_SECONDS
    while closed_loop(port, [_get(path)], 1).replies[0].status != 200:
        agree("an agenda in time", time.monotonic() < deadline, True)
        time.sleep(0.1)


def _in_order(replies: tuple[Reply, ...]) -> None:
    """Every list has what is most urgent first."""
    for reply in replies:
        numbers = [NUMBERS[one["kind"]] for one in json.loads(reply.body)["items"]]
        agree("things in order", numbers, sorted(numbers))


def _carded(replies: tuple[Reply, ...], wanted: list[int]) -> None:
    """Every card is that of the contact that was asked about."""
    for number, reply in zip(wanted, replies, strict=True):
        agree("whose card", json.loads(reply.body)["name"], f"Customer {number}")


def _get(path: str) -> Request:
    return ("GET", path, "")


def _middle_ms(
    port: int, requests: list[Request], check: Callable[[tuple[Reply, ...]], None]
) -> float:
    loaded = closed_loop(port, requests, 1)
    agree("answers", {reply.status for reply in loaded.replies}, {200})
    check(loaded.replies)
    return 1000 * percentile((reply.seconds for reply in loaded.replies), 50)


def _counted(replies: tuple[Reply, ...], contacts: int) -> None:
    for reply in replies:
        agree("contacts counted", sum(json.loads(reply.body)["stages"].values()), contacts)


def _found(replies: tuple[Reply, ...], wanted: list[int]) -> None:
    """Every search has found names with what was searched."""
    for number, reply in zip(wanted, replies, strict=True):
        items = json.loads(reply.body)["items"]
        agree("names found", all(f"Customer {number}" in one["name"] for one in items), True)
        agree("who was searched", items[0]["contact_id"], str(contact(number)))
