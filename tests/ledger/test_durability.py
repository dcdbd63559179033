"""What is acknowledged stays, and what is personal is nowhere in clear."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from domain.events import CATALOGUE
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from tests.golden.stored_states import stored_states
from tests.ledger.given import HandClock, append, draft

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.drafts import Draft

ROOT = Path(__file__).parents[2]
TARGET = UUID("0198c1f0-5a52-7c3e-9d7b-00000000000c")
MARK = "Xylophagou-Quetzalcoatl"

WRITER = """
import sys, time
from pathlib import Path
from uuid import uuid4
from ledger.drafts import Append
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from tests.ledger.given import ANN, draft
folder = DataFolder.open(Path(sys.argv[1]), SqliteStore, clock=lambda: time.time_ns() // 1000)
ledger = folder.ledger("main")
while True:
    futures = []
    for _ in range(20):
        contact = uuid4()
        visit = draft(contact, "visit-made", {"guests": 1})
        both = (draft(contact, "contact-registered", ANN), visit)
        futures.append(ledger.append(Append(drafts=both)))
    for future in futures:
        done = future.result()
        print(done.position, done.events[0].contact_id, flush=True)
"""


def test_what_was_acknowledged_is_there_after_kill_9(tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", WRITER, str(tmp_path / "data")]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(300)]
        writer.kill()
        lines += [line for line in writer.stdout if line.endswith("\n")]
    folder = DataFolder.open(tmp_path / "data", SqliteStore, clock=HandClock())
    ledger = folder.ledger("main")
    log = {recorded.position: recorded for recorded in ledger.log(limit=1_000_000)}
    assert list(log) == list(range(1, ledger.head() + 1))
    assert len(lines) >= 300
    for position, contact in (line.split() for line in lines):
        assert str(log[int(position)].contact_id) == contact
        assert log[int(position) - 1].event.show()["name"] == "Ann Example"
    # An append is whole or absent, acknowledged or not.
    assert ledger.head() % 2 == 1
    folder.close()


def marked(data: dict[str, object], personal: set[str]) -> dict[str, object]:
    """The data with the mark in every text of its personal fields."""
    return {name: _marked(value) if name in personal else value for name, value in data.items()}


def _marked(value: object) -> object:
    if isinstance(value, str):
        return f"{MARK} {value}"
    if isinstance(value, dict):
        # A reference's source is short, and no text of anybody's.
        return {k: content if k == "source" else _marked(content) for k, content in value.items()}
    return [_marked(item) for item in value] if isinstance(value, list) else value


def marked_drafts(contact_id: UUID) -> Iterator[Draft]:
    """A draft of every type that clients send and that has personal fields, openings first."""
    states = [
        (any(f.opens for f in CATALOGUE[s.topic].FIELDS), s.topic, s) for s in stored_states()
    ]
    for _, _, golden in sorted(states, key=lambda state: state[:2], reverse=True):
        cls = CATALOGUE[golden.topic]
        personal = {field.name for field in cls.FIELDS if field.personal}
        if personal and cls.FROM_PRODUCERS and golden.topic != "contact-registered":
            data = marked(golden.data, personal)
            data.pop("target", None)
            if "kind" in data and golden.topic.startswith("contact-detail-"):
                data["kind"] = "postal"  # the only kind of which every text can be one
            target = {"target": str(TARGET)} if "target" in golden.data else {}
            yield draft(contact_id, golden.topic, {**data, **target}, id=uuid4(), actor=MARK)


def test_nothing_personal_stands_in_clear_on_disk(tmp_path: Path) -> None:
    folder = DataFolder.open(tmp_path / "data", SqliteStore, clock=HandClock())
    ledger = folder.ledger("main")
    contact_id = uuid4()
    refs = [{"source": "pos", "ref": MARK}]
    person = {"kind": "person", "name": MARK, "refs": refs}
    append(ledger, draft(contact_id, "contact-registered", person, actor=MARK))
    promise = {"promise_id": "p", "summary": MARK}
    append(ledger, draft(contact_id, "promise-made", promise, id=TARGET))
    correction = {"target": str(TARGET), "data": {**promise, "summary": f"{MARK} again"}}
    append(ledger, draft(contact_id, "event-corrected", correction))
    sent = list(marked_drafts(contact_id))
    for one in sent:
        append(ledger, one)
    clear = [event for event in ledger.log(limit=1000) if MARK in str(event)]
    assert len(clear) == 3 + len(sent)
    assert marked_files(tmp_path) == []
    folder.close()
    assert marked_files(tmp_path) == []


def marked_files(folder: Path) -> list[Path]:
    """The files that hold the mark, write-ahead logs included."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert any(file.name == "events.sqlite" for file in files)
    return [file for file in files if MARK.encode() in file.read_bytes()]
