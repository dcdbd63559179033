"""Everything that is measured of a ledger of one size. Each figure is taken once."""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING

from benchmarks.bench import Bench, bytes_in, command
from benchmarks.load import closed_loop
from benchmarks.measure import agree, percentile, seconds
from benchmarks.memory import peak_of_command_mib
from benchmarks.rows.appending_to_many import appends_a_second
from benchmarks.rows.starting import serve_once
from benchmarks.scale import figures
from benchmarks.scale.figures import Size
from benchmarks.served import LEDGER, rapport, settle
from benchmarks.till import stored_head
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from benchmarks.purchases import PurchaseFile

AS_OF = "1998-06-30"
APPENDS, APPENDED_TO = 5_000, 1_000
QUESTIONS = 50
POLICIES = 2
"""That of a new ledger, and that of the import."""

_SEED = 10
_MOST_SECONDS = 36_000.0


def measure(folder: Path, file: PurchaseFile) -> Size:
    """Import the file, and do everything with the ledger that it becomes.

    Raises:
        Disagreement: an answer is not as it should be.
    """
    folder.mkdir()
    bench, data = Bench(folder), folder / "data"
    bench.file = file
    found: dict[figures.Measure, float] = {}
    started = time.perf_counter()
    account = bench.import_into(data)
    taken = time.perf_counter() - started
    events, contacts = stored_head(data), account["contacts_registered"]
    agree("events", events, POLICIES + account["appended"] + contacts)
    customers = [f"{number:05}" for number in range(1, contacts + 1)]
    found[figures.IMPORT] = events / taken
    found[figures.FILL] = events / seconds(
        lambda: bench.rapport("summary", "--data", data, "--json")
    )
    with rapport(data) as port:
        settle(port, events, _MOST_SECONDS)  # signs the whole log too, before it is verified
    found[figures.DISK] = bytes_in(data) / events
    started = time.perf_counter()
    found[figures.MEMORY] = peak_of_command_mib(
        [*command(), "rebuild", "--all", "--data", str(data)]
    )
    found[figures.REBUILD] = events / (time.perf_counter() - started)
    found[figures.REPLAY] = events / seconds(lambda: _replay(bench, data, contacts))
    found[figures.VERIFY] = events / seconds(lambda: bench.rapport("verify", str(data), "--json"))
    found[figures.START] = serve_once(data)
    found |= _lists(data, customers)
    found[figures.APPEND] = appends_a_second(data, _contacts(data, customers), APPENDS)
    return Size(events, contacts, found)


def _replay(bench: Bench, data: Path, contacts: int) -> None:
    account = bench.rapport("replay", "--as-of", AS_OF, "--data", data, "--json")
    agree("contacts replayed", sum(account["stages"].values()), contacts)


def _lists(data: Path, customers: list[str]) -> dict[figures.Measure, float]:
    """Milliseconds of the middle answer to each question, one after the other."""
    chance = Random(_SEED)
    wanted = [
        f"{LEDGER}/contacts?limit=20&name=customer+{chance.choice(customers)}"
        for _ in range(QUESTIONS)
    ]
    asked = {
        figures.LIST: [f"{LEDGER}/statuses?limit=50"] * QUESTIONS,
        figures.SUMMARY: [f"{LEDGER}/statuses/summary"] * QUESTIONS,
        figures.SEARCH: wanted,
    }
    with rapport(data) as port:
        closed_loop(port, [("GET", wanted[0], "")], 1)  # the first search reads every name
        return {
            measure: _middle_ms(port, [("GET", path, "") for path in paths])
            for measure, paths in asked.items()
        }


def _middle_ms(port: int, requests: list[tuple[str, str, str]]) -> float:
    loaded = closed_loop(port, requests, 1)
    agree("answers", {reply.status for reply in loaded.replies}, {200})
    return 1000 * percentile((reply.seconds for reply in loaded.replies), 50)


def _contacts(data: Path, customers: list[str]) -> list[UUID]:
    """Some of the contacts, drawn by lot."""
    chosen = Random(_SEED).sample(customers, min(APPENDED_TO, len(customers)))
    folder = DataFolder.open(data, SqliteStore, clock=lambda: time.time_ns() // 1000)
    try:
        ledger = folder.ledger("main")
        return [ledger.contact_id(f"cdnow:{one}") for one in chosen]
    finally:
        folder.close()
