"""The short way says what the ordinary way says, to the byte, or leaves the request to it."""

from __future__ import annotations

import json
import shutil
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.access.scopes import ADMIN, APPEND, READ, SCOPES
from tests.api.both_ways import CHANCE, Line, Sent, differences, heard_both_ways, serving
from tests.api.plain_corpus import (
    APPEND_HEADERS,
    append,
    corpus,
    event_id,
    of_every_type,
    said,
    status,
)
from tests.api.plain_past import record_past
from tests.api.shop import Clock, built, purchase

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def same_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledgers of both servers make the same ids."""
    monkeypatch.setattr("ledger.ledger.Entropy", CHANCE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of contacts, of whom one was merged and one was erased."""
    folder, clock = tmp_path / "data", Clock()
    with built(folder, clock) as server:
        record_past(server, clock)
    return folder


def test_plain_and_nearly_plain_requests_have_the_same_answers(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    requests = [*corpus(), *of_every_type()]
    ordinary, short = heard_both_ways(folder, requests, caplog)
    assert differences(requests, ordinary, short) == []
    assert short.log == ordinary.log
    assert short.counts == ordinary.counts
    assert (ordinary.taken, ordinary.left) == (0, 0)
    assert short.taken > len(requests) / 4, "most of these took the ordinary way"
    assert short.left > len(requests) / 4, "nothing was left to the ordinary way"


def test_keys_open_as_much_on_either_way(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    with built(folder, clock) as server:
        server.create("other")
        keys = server.keys
        secrets = [keys.make(scope, [scope])[1] for scope in SCOPES]
        secrets += [keys.make("till", [APPEND, READ], ledger=name)[1] for name in ("main", "other")]
        secrets.append(keys.make("seldom", [APPEND, READ], per_minute=3)[1])
        secrets.append(keys.make("short", [APPEND, READ], expires_at=clock() + 1)[1])
        gone, secret = keys.make("gone", [APPEND, READ])
        keys.revoke(gone.id)
        secrets += [secret, secrets[0][:-1] + "x", "rk_0", ""]
    sent = [f"Bearer {secret}" for secret in secrets]
    sent += [f"bearer {secrets[0]}", f"Basic {secrets[0]}", secrets[0], "Bearer", "Bearer \xff"]
    requests = [one for number, text in enumerate(sent) for one in asked_with(text, number)]
    requests += [Sent((status("pos:1"),)), Sent((append("pos:1", said(purchase("keyless"))),))]
    two = ("authorization", sent[0]), ("authorization", sent[0])
    requests.append(Sent((append("pos:1", said(purchase("two")), *two),)))
    admin = ("authorization", sent[SCOPES.index(ADMIN)])
    ordinary, short = heard_both_ways(folder, requests, caplog, admin)
    assert differences(requests, ordinary, short) == []
    assert short.log == ordinary.log
    assert short.counts == ordinary.counts
    assert any(b" 429 Too Many Requests" in one for one in short.answers)
    assert short.taken > 20


def asked_with(authorization: str, number: int) -> Iterator[Sent]:
    """Statuses and appends in three ledgers, three times, with that header."""
    header = ("authorization", authorization)
    for ledger in (b"main", b"other", b"unheard-of"):
        for place in range(3):
            for packet in (
                status("pos:1", header, host="example.org"),
                append("pos:1", said(purchase(f"k{number}-{place}")), header, host="example.org"),
                append("pos:1", b"{", header),
            ):
                yield Sent((packet.replace(b"/main/", b"/%s/" % ledger),))


WORDS = ("EUR", "contact", "p1", "2026-03-01T12:00:00Z")
TEXTS = st.one_of(st.text(max_size=12), st.sampled_from(WORDS))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
NAMES = st.sampled_from(["type", "data", "id", "source", "actor", "occurred_at", "unheard-of"])
DATA = st.sampled_from(["purchase_id", "amount_minor", "currency", "initiated_by", "unheard-of"])
SOME = [pair for pairs in APPEND_HEADERS for pair in pairs if pair[0] != "connection"]


@st.composite
def changed_events(draw: st.DrawFn) -> bytes:
    """A purchase with some fields changed, some of them twice, and now and then a byte."""
    event = purchase("fuzzed", id=event_id(draw(st.integers(1_000, 1_030))))
    data = {**event.pop("data"), **draw(st.dictionaries(DATA, VALUES, max_size=1))}
    more = draw(st.lists(st.tuples(NAMES, VALUES), max_size=1))
    dump = partial(json.dumps, ensure_ascii=draw(st.booleans()))
    pairs = [f"{dump(name)}: {dump(one)}" for name, one in [*event.items(), ("data", data), *more]]
    body = ("{" + ", ".join(pairs) + "}").encode(errors="surrogatepass")
    if draw(st.integers(0, 3)):
        return body
    place = draw(st.integers(0, len(body)))
    return body[:place] + draw(st.binary(max_size=2)) + body[place:]


def test_no_fuzz_tells_the_ways_apart(folder: Path, tmp_path: Path) -> None:
    twin = shutil.copytree(folder, tmp_path / "twin")
    with serving(folder, short=False) as ordinary, serving(twin, short=True) as short:
        lines = [Line(one[0]) for one in (ordinary, short)]

        @settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow])
        @given(
            body=changed_events(),
            headers=st.lists(st.sampled_from(SOME), max_size=3),
            cut=st.integers(0, 400),
        )
        def compare(body: bytes, headers: list[tuple[str, str]], cut: int) -> None:
            packet = append("pos:1", body, *headers)
            whole = Sent((packet[:cut], packet[cut:]) if 0 < cut < len(packet) else (packet,))
            read = Sent((status("pos:1", *headers),))
            for sent in (whole, read, read):
                first, second = (line.ask(sent) for line in lines)
                assert first == second

        compare()
        for line in lines:
            line.close()
        assert short[3].taken > 100
