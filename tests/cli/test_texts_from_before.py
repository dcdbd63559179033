"""A ledger with texts from before there was a rule for them: it opens, and is found sound."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING
from uuid import UUID

from domain.events import CATALOGUE
from domain.kept_policies import read_kept_policy
from ledger.drafts import Append, Draft
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from tests.cli.running import rapport
from tests.ledger.given import HandClock

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.shop import Json

HOLDER = UUID(int=7, version=4)
SALE = {"amount_minor": 450, "currency": "EUR", "initiated_by": "contact"}
REFS = [{"source": " pos", "ref": "7 "}, {"source": "pos", "ref": "a\nb"}]
OLD: list[tuple[str, Json]] = [
    ("contact-registered", {"kind": "person", "name": "\u00a0", "refs": REFS}),
    ("registration-amended", {"name": "a\u202eb"}),
    (
        "purchase-made",
        {"purchase_id": "e\u0301 ", **SALE, "items": [{"a ": "x\ry", "a": 1}, "\x85"]},
    ),
    ("custom-recorded", {"kind": " tasting\n", "attributes": {"\u200b": "\u2066"}}),
    ("consent-changed", {"purpose": "\u200b", "channel": " ", "granted": True}),
]
"""Events that nobody could append today."""


def test_it_opens_reads_as_it_is_and_is_found_sound(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    drafts = tuple(
        Draft(
            contact_id=HOLDER,
            type=name,
            source=" till\n",
            actor="\u202eann",
            event=CATALOGUE[name].read_kept(data),
        )
        for name, data in OLD
    )
    kinds = {"e\u0301 ": {"points": 5}}
    policy = read_kept_policy({"name": "\u200b", "signals": {"custom": kinds}})
    with closing(DataFolder.open(folder, SqliteStore, clock=HandClock())) as opened:
        ledger = opened.ledger("main")
        ledger.publish_policy(policy, 0).result(30)
        ledger.append(Append(drafts)).result(30)
    with closing(DataFolder.open(folder, SqliteStore, clock=HandClock())) as opened:
        ledger = opened.ledger("main")
        assert ledger.policies().versions[-1].policy == policy
        events = ledger.stream(HOLDER, decrypt=True)
        assert [one.event.show() for one in events] == [data for _, data in OLD]
        assert {(one.source, one.actor) for one in events} == {(" till\n", "\u202eann")}
    ended = rapport("verify", folder)
    assert ended.code == 0, ended
