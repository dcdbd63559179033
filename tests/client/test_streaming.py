"""Bulk and tail: in constant memory, over as many connections as it takes, each event once."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from rapport_client import Client, InvalidRequest, NewEvent, Refused, Unavailable
from rapport_client.bulk import Chunk
from rapport_client.lines import Lines
from rapport_client.retries import CutShort
from tests.client.network import (
    Network,
    busy,
    cut_after,
    ended_after,
    lost,
    purchase,
)
from tests.fixtures.registrations import registration_event

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from rapport_client.events import ContactName
    from tests.client.network import Address

    Pairs = list[tuple[ContactName, NewEvent]]


def shopping(count: int) -> Pairs:
    """A registration and purchases."""
    return [
        ("pos:1", registration_event()),
        *(("pos:1", purchase(str(n))) for n in range(count - 1)),
    ]


def test_every_event_has_its_outcome_in_order(client: Client) -> None:
    pairs: Pairs = [
        ("pos:2", purchase("1")),
        *shopping(2),
        ("pos:1", NewEvent("visit-made", {"guests": -1})),
        ("pos:1", registration_event()),
    ]
    outcomes = list(client.bulk([*pairs, pairs[1]]))
    assert [one.event for one in outcomes] == [event for _, event in [*pairs, pairs[1]]]
    assert [one.position for one in outcomes] == [None, 2, 3, None, 3, 2]
    assert [one.replayed for one in outcomes] == [False, False, False, False, True, True]
    assert isinstance(outcomes[0].problem, Refused)
    assert outcomes[0].problem.reason == "contact-unregistered"
    assert isinstance(outcomes[3].problem, InvalidRequest)


def test_what_is_unanswered_is_sent_again_after_a_cut_connection(address: Address) -> None:
    """Wherever the answer is cut, all outcomes come, in order, and everything is recorded once."""
    network, pairs = Network(), shopping(100)
    failures = [lost, cut_after(1), cut_after(500), ended_after(777), busy]
    with address.client(*failures, network=network) as client:
        outcomes = list(client.bulk(pairs, lines_per_request=40))
        assert [one.event for one in outcomes] == [event for _, event in pairs]
        assert [one.position for one in outcomes] == list(range(2, 102))
        assert [event.version for event in client.stream("pos:1")] == list(range(1, 101))
    lengths = [request.content.count(b"\n") for request in network.requests[:6]]
    assert lengths[0] == lengths[1] == lengths[2] == 40
    assert lengths[3] < 40, "what was answered is not sent again"


def test_a_source_of_events_is_read_as_outcomes_are_taken(client: Client) -> None:
    taken = 0

    def endless() -> Iterator[tuple[ContactName, NewEvent]]:
        nonlocal taken
        yield "pos:1", registration_event()
        while True:
            taken += 1
            yield "pos:1", purchase(str(taken))

    outcomes = client.bulk(endless(), lines_per_request=10)
    assert [one.position for one in islice(outcomes, 25)] == list(range(2, 27))
    assert taken < 30


def test_an_event_that_cannot_be_taken_now_keeps_its_place() -> None:
    chunk = Chunk()
    for contact, event in shopping(3):
        chunk.add(contact, event)
    whole = chunk.content()
    assert chunk.take(b'{"line":1,"status":201,"position":2}').position == 2
    later = b'{"line":2,"status":503,"problem":{"status":503,"code":"unavailable"}}'
    with pytest.raises(Unavailable):
        chunk.take(later)
    assert chunk.content() == whole.partition(b"\n")[2], "it, and all after it, in their order"
    with pytest.raises(CutShort):
        chunk.take(b'{"line":2,"status":201,"position":3}')


def test_a_request_holds_no_more_than_its_bytes() -> None:
    chunk, big = Chunk(), NewEvent("visit-made", {"guests": 1, "note": "x" * 60_000})
    count = 1
    while not chunk.add("pos:1", big):
        count += 1
    assert count < 100


def test_lines_end_at_line_feeds_alone() -> None:
    lines = Lines()
    assert list(lines.feed("a\u2028b\x85c\r\nd".encode())) == ["a\u2028b\x85c".encode()]
    assert list(lines.feed(b"\n\n")) == [b"d", b""]


def test_a_tail_goes_on_where_its_connection_was_cut(address: Address) -> None:
    network = Network()
    failures = [lost, cut_after(5), cut_after(1500), busy, ended_after(2100), cut_after(900)]
    with address.client() as writer, address.client(*failures, network=network) as client:
        writer.append(
            "pos:1", registration_event("Zoë\u2028Li"), *(purchase(str(n)) for n in range(9))
        )
        tail = client.tail()
        assert [event.position for event in islice(tail, 11)] == list(range(1, 12))
        late = writer.append("pos:1", purchase("late"))
        assert next(tail).position == late.position
        tail.close()
    assert not network.failures
    ids = [request.headers["last-event-id"] for request in network.requests]
    assert ids == sorted(ids, key=int)
    assert ids[0] == "0"


def test_a_tail_can_begin_anywhere_and_be_of_some_types(client: Client) -> None:
    client.append("pos:1", registration_event(), purchase("1"), purchase("2"))
    tail = client.tail(2, types=["purchase-made"])
    assert [event.position for event in islice(tail, 2)] == [3, 4]


def test_a_tail_that_is_wrong_is_told_so(client: Client) -> None:
    with pytest.raises(InvalidRequest):
        next(client.tail(1_000_000))


def test_the_asynchronous_client_streams_alike(address: Address) -> None:
    async def visit() -> None:
        pairs = shopping(100)
        async with address.async_client(lost, cut_after(500), ended_after(777)) as client:
            outcomes = [one async for one in client.bulk(pairs, lines_per_request=40)]
            assert [one.position for one in outcomes] == list(range(2, 102))
            assert [one async for one in client.bulk(coming(pairs))][-1].replayed
        async with address.async_client(lost, cut_after(1500), busy) as client:
            positions = []
            async with aclosing(client.tail()) as tail:
                async for event in tail:
                    positions.append(event.position)
                    if len(positions) == 101:
                        break
            assert positions == list(range(1, 102))

    async def coming(pairs: Pairs) -> AsyncIterator[tuple[ContactName, NewEvent]]:
        for pair in pairs:
            await asyncio.sleep(0)
            yield pair

    asyncio.run(visit())
