"""``rapport status`` and ``rapport replay --step``: one contact."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING
from uuid import UUID

import httpx
import pytest

from api.bootstrap import now
from api.service.known_aliases import KnownAliases
from api.service.questions import At, group_of, moment_of, subject_in
from domain.explanation import explain
from domain.instants import parse_instant
from domain.relationship import fold
from ledger.drafts import Append, Draft
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from tests.cli.running import rapport, serving
from tests.cli.sold import sold
from tests.domain.scenario import EXAMPLES, fact
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

TWELVE = UUID(int=12)
"""Bought twelve times, a week apart."""
THEN = ("--as-of", "2026-03-02", "--as-known-at", 92)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sold(tmp_path_factory.mktemp("status") / "data")


def test_people_read_sentences_a_line_each(data: Path) -> None:
    ended = rapport("status", TWELVE, "--data", data, *THEN)
    assert ended.code == 0, ended.err
    name, heading, *sentences = ended.out.splitlines()
    assert name == "Ann"
    assert heading == f"{TWELVE}, as of 2026-03-02T00:00:00Z, as known at position 92"
    assert (
        sentences[0]
        == "Ann has been a client since 1 February: they bought on 12 days (4 are needed)."
    )
    assert sentences[-1] == "The stage rests on how often they buy, not on their allegiance."
    assert all(one.endswith(".") for one in sentences)


def test_programs_read_what_http_answers(data: Path) -> None:
    """To the same question, with the same evidence."""
    body = rapport("status", TWELVE, "--data", data, *THEN, "--json").json()
    with serving("serve", "--data", data, "--port", 0) as server:
        path = f"{server.url}/v1/ledgers/main/contacts/{TWELVE}/status"
        asked = {"as_of": "2026-03-02T00:00:00Z", "as_known_at": "92"}
        assert body == httpx.get(path, params=asked, timeout=END_SECONDS).json()
        held = rapport("status", TWELVE, "--data", data, *THEN, "--json")
        assert held.json() == body


def test_a_contact_is_named_by_source_and_ref_too(data: Path) -> None:
    ended = rapport("status", "pos:17850", "--data", data)
    assert ended.code == 2
    assert "no such contact is registered" in ended.err


@pytest.mark.parametrize("command", [("status",), ("replay", "--step")])
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("somebody",), 2),
        ((UUID(int=99),), 2),
        ((TWELVE, "--as-known-at", "0"), 2),
        ((TWELVE, "--policy-version", "9"), 2),
    ],
)
def test_a_question_that_is_none_is_told_so(
    data: Path, command: tuple[str, ...], words: tuple[object, ...], code: int
) -> None:
    ended = rapport(*command, *words, "--data", data)
    assert ended.code == code
    assert ended.err.startswith("rapport: ")
    assert ended.out == ""


def test_a_walk_shows_every_purchase_and_when_they_became_a_client(data: Path) -> None:
    ended = rapport("replay", "--step", TWELVE, "--data", data, *THEN)
    assert ended.code == 0, ended.err
    rows = [line for line in ended.out.splitlines() if line.startswith("202")]
    assert sum("purchase-made at " in row for row in rows) == 12
    (turn,) = [row for row in rows if "customer -> client" in row]
    assert turn.startswith("2026-02-01T12:00:00Z")
    assert "regularity off -> +60" in turn
    assert "0 -> 60" in turn


def test_a_walk_is_lines_of_json_for_programs(data: Path) -> None:
    ended = rapport("replay", "--step", TWELVE, "--data", data, *THEN, "--json")
    steps = [json.loads(line) for line in ended.out.splitlines()]
    assert [one["at"] for one in steps] == sorted(one["at"] for one in steps)
    (turn,) = [one for one in steps if one["stage"] != one["stage_before"] == "customer"]
    assert (turn["stage"], turn["score_before"], turn["score"]) == ("client", 0, 60)
    assert turn["cause"]["event"] == turn["events"][0]["id"]
    assert [one["name"] for one in turn["signals"]] == ["regularity"]
    assert turn["policy_version"] == 2


def test_a_walk_under_another_version_is_judged_by_that(data: Path) -> None:
    words = ("--data", data, *THEN, "--policy-version", 1, "--json")
    ended = rapport("replay", "--step", TWELVE, *words)
    steps = [json.loads(line) for line in ended.out.splitlines()]
    assert {one["stage"] for one in steps} == {"contact", "customer"}
    assert {one["policy_version"] for one in steps} == {1}


def test_a_walk_goes_into_no_file(data: Path, tmp_path: Path) -> None:
    ended = rapport("replay", "--step", TWELVE, "--out", tmp_path / "lines", "--data", data)
    assert ended.code == 2
    assert "--out is for every contact" in ended.err


def test_a_walk_has_words_for_what_is_no_more(tmp_path: Path) -> None:
    """An engagement ends a silence, which then runs out at no instant."""
    events = [
        {"type": name, "data": EXAMPLES[name], "occurred_at": f"2026-01-0{day}T12:00:00Z"}
        for day, name in enumerate(("contact-registered", "purchase-made", "engagement-opened"), 1)
    ]
    with serving("serve", "--data", tmp_path, "--port", 0) as server:
        path = f"{server.url}/v1/ledgers/main/contacts/{TWELVE}/events"
        assert httpx.post(path, json=events, timeout=END_SECONDS).status_code == 201
    walk = rapport("replay", "--step", TWELVE, "--as-of", "2026-01-04", "--data", tmp_path).out
    assert "regularity off: runs out at none" in walk
    assert "None" not in walk


def test_each_sentence_of_an_explanation_is_a_line(data: Path) -> None:
    """A server sends them as one text, which is taken apart again."""
    instants = ("2025-12-20", "2026-01-25", "2026-02-20", "2026-03-02", "2026-06-30")
    with closing(DataFolder.open(data, SqliteStore, clock=now)) as folder:
        ledger = folder.ledger("main")
        expected = {}
        for at in instants:
            asked = At(as_of=parse_instant(f"{at}T00:00:00Z"))
            moment = moment_of(ledger, KnownAliases(ledger), asked, now())
            for number in range(1, 13):
                group = group_of(ledger, moment.aliases, moment.position, UUID(int=number))
                history = subject_in(*group).history
                found = fold(history, moment.policies, moment.time_zone, moment.at)
                expected[UUID(int=number), at] = explain(found, name="Ann")
    assert len(set(expected.values())) > len(instants)
    for (contact, at), sentences in expected.items():
        shown = rapport("status", contact, "--data", data, "--as-of", at).out.splitlines()
        assert tuple(shown[2:]) == sentences


def test_a_name_that_looks_like_the_end_of_a_sentence_is_not_taken_apart(tmp_path: Path) -> None:
    folder = sold(tmp_path / "data")
    with closing(DataFolder.open(folder, SqliteStore, clock=now)) as data:
        event = fact("registration-amended", name="J. R. Smith")
        amended = Draft(contact_id=TWELVE, type=event.TYPE, event=event)
        data.ledger("main").append(Append(drafts=(amended,))).result()
    name, _, first, *_ = rapport("status", TWELVE, "--data", folder).out.splitlines()
    assert name == "J. R. Smith"
    assert first.startswith("J. R. Smith has been a ")
