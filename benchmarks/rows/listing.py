"""Row 18: what an owner asks of many contacts, over HTTP and on pages, beside an empty GET."""

from __future__ import annotations

import json
import re
import time
from random import Random
from typing import TYPE_CHECKING
from urllib.parse import quote

from benchmarks.load import closed_loop
from benchmarks.measure import Goal, Line, Outcome, Spread, agree, percentile
from benchmarks.pouring import contact, pour
from benchmarks.served import LEDGER, bare, put, rapport, settle
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
PAGE = Goal(100, 50, at_least=False, absolute=True)
PAGES = "/console/ledgers/main"
QUESTIONS = 50
"""How often each is asked in a run, one after the other."""

PROMISES = 1_000
"""To about how many contacts something was promised and not kept."""

_SEED = 18
_MOST_SECONDS = 3_600.0


def measure(bench: Bench) -> Outcome:
    """Milliseconds of the middle answer, of pages of the 95th of 100, at one connection."""
    contacts, chance = bench.size.listed_contacts, Random(_SEED)
    wanted = [chance.randrange(contacts) for _ in range(QUESTIONS)]
    runs: list[tuple[float, ...]] = []
    with rapport(bench.fresh()) as port, bare() as bare_port:
        _arrange(port, contacts, _search(wanted[0]))
        for new in _drawn(chance, contacts, bench.size.runs):
            empty = _middle_ms(bare_port, [_get("/livez")] * QUESTIONS, lambda _: None)
            answers = _answers_ms(port, contacts, wanted, new)
            runs.append((empty, *answers, *_pages_ms(port, contacts, wanted)))
    return _outcome(contacts, runs)


def _answers_ms(
    port: int, contacts: int, wanted: list[int], new: list[int]
) -> tuple[float, float, float, float, float]:
    """Summary, search, agenda, and the cards of ``new`` contacts for the first time and again."""
    summaries = [_get(f"{LEDGER}/statuses/summary")] * QUESTIONS
    searches = [_search(number) for number in wanted]
    agendas = [_get(f"{LEDGER}/agenda?limit=100")] * QUESTIONS
    cards = [_get(f"{LEDGER}/contacts/{contact(number)}/card") for number in new]
    return (
        _middle_ms(port, summaries, lambda replies: _counted(replies, contacts)),
        _middle_ms(port, searches, lambda replies: _found(replies, wanted)),
        _middle_ms(port, agendas, _in_order),
        _middle_ms(port, cards, lambda replies: _carded(replies, new)),
        _middle_ms(port, cards, lambda replies: _carded(replies, new)),
    )


def _pages_ms(port: int, contacts: int, wanted: list[int]) -> tuple[float, float, float]:
    """Today, People, and the pages of some contacts."""
    lists = [_get(f"{PAGES}/people?sort=score")] * QUESTIONS
    persons = [_get(f"{PAGES}/people/{contact(number)}") for number in wanted]
    return (
        _ms(port, [_get(PAGES)] * QUESTIONS, _page_of_things, 95),
        _ms(port, lists, lambda replies: _page_of_people(replies, contacts), 95),
        _ms(port, persons, lambda replies: _page_of_person(replies, wanted), 95),
    )


def _outcome(contacts: int, runs: list[tuple[float, ...]]) -> Outcome:
    """The lines of what was measured in some runs."""
    empty, summary, search, agenda, first_card, card, today, people, person = (
        Spread(figures) for figures in zip(*runs, strict=True)
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
            *(
                Line(
                    row="18", what=f"the page {name} with {contacts:,} contacts, p95",
                    unit="ms", ours=measured, beside=beside, theirs=empty, goal=PAGE,
                )
                for name, measured in (("Today", today), ("People", people), ("of one", person))
            ),
        ),
        "Row 18: names are searched with `contacts?q=`, two words in the other order, once the "
        "index is whole. The agenda is that of the present day, with a promise to "
        f"{PROMISES:,} contacts that was not kept. Pages are taken whole, to the last "
        "byte; People is the list of everybody, with its counts.\n",
    )  # fmt: skip  # one argument a line would bury the lines


def _drawn(chance: Random, contacts: int, runs: int) -> Iterator[list[int]]:
    """For each run other contacts, of which nothing was asked before."""
    drawn = chance.sample(range(contacts), min(runs * QUESTIONS, contacts))
    each = len(drawn) // runs
    return (drawn[run * each : (run + 1) * each] for run in range(runs))


def _arrange(port: int, contacts: int, search: Request) -> None:
    """Record the contacts, two events each and a promise to some, until all of it is reflected."""
    pour(port, 2 * contacts, events_a_contact=2)
    settle(port, POLICY_EVENTS + 2 * contacts, _MOST_SECONDS)
    _until_indexed(port, search)
    promises = _promises(contacts)
    put(port, promises)
    head = POLICY_EVENTS + 2 * contacts + len(promises)
    settle(port, head, _MOST_SECONDS)
    _until_whole(port, f"{LEDGER}/agenda?limit=1&min_position={head}")


def _promises(contacts: int) -> list[dict[str, object]]:
    """A promise to some of the contacts that was to be kept long ago: there is much to do."""
    return [
        {
            "contact": str(contact(number)),
            "type": "promise-made",
            "data": {"promise_id": "p1", "due_on": "2025-01-01"},
        }
        for number in range(0, contacts, max(1, contacts // PROMISES))
    ]


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
        agree("things", bool(numbers), True)
        agree("things in order", numbers, sorted(numbers))


def _carded(replies: tuple[Reply, ...], wanted: list[int]) -> None:
    """Every card is that of the contact that was asked about."""
    for number, reply in zip(wanted, replies, strict=True):
        agree("whose card", json.loads(reply.body)["name"], f"Customer {number}")


def _page_of_things(replies: tuple[Reply, ...]) -> None:
    """Every page lists people for whom something is to be done."""
    for reply in replies:
        agree("the page Today", "data-item" in reply.body and "Customer " in reply.body, True)


def _page_of_people(replies: tuple[Reply, ...], contacts: int) -> None:
    """Every page has a full list, and counts everybody."""
    for reply in replies:
        agree("rows of People", reply.body.count("<tr data-item"), min(20, contacts))
        counts = [
            int(one.replace(",", ""))
            for one in re.findall(r'stage=\w+[^>]*>[^<]*<span class="count">([\d,]+)', reply.body)
        ]
        agree("everybody by stage", sum(counts), contacts)


def _page_of_person(replies: tuple[Reply, ...], wanted: list[int]) -> None:
    """Every page is that of the contact that was asked about."""
    for number, reply in zip(wanted, replies, strict=True):
        agree("whose page", f"<h1>Customer {number}</h1>" in reply.body, True)


def _search(number: int) -> Request:
    return _get(f"{LEDGER}/contacts?limit=20&q={quote(f'{number} customer')}")


def _get(path: str) -> Request:
    return ("GET", path, "")


def _middle_ms(
    port: int, requests: list[Request], check: Callable[[tuple[Reply, ...]], None]
) -> float:
    return _ms(port, requests, check, 50)


def _ms(
    port: int,
    requests: list[Request],
    check: Callable[[tuple[Reply, ...]], None],
    percent: int,
) -> float:
    loaded = closed_loop(port, requests, 1)
    agree("answers", {reply.status for reply in loaded.replies}, {200})
    check(loaded.replies)
    return 1000 * percentile((reply.seconds for reply in loaded.replies), percent)


def _counted(replies: tuple[Reply, ...], contacts: int) -> None:
    for reply in replies:
        agree("contacts counted", sum(json.loads(reply.body)["stages"].values()), contacts)


def _found(replies: tuple[Reply, ...], wanted: list[int]) -> None:
    """Every search has found names with what was searched."""
    for number, reply in zip(wanted, replies, strict=True):
        items = json.loads(reply.body)["items"]
        agree("names found", all(f"Customer {number}" in one["name"] for one in items), True)
        agree("who was searched", items[0]["contact_id"], str(contact(number)))
