"""What both clients are told of contacts that are one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from rapport_client import NewEvent, NotAddressed, Ref, Stream
from tests.client.network import purchase
from tests.fixtures.registrations import registration_event

if TYPE_CHECKING:
    from rapport_client import Client
    from tests.client.network import Address


def test_an_append_says_for_whom_a_stream_counts(client: Client) -> None:
    new = client.append("pos:new", registration_event()).contact_id
    assert client.append("pos:old", registration_event()).counts_for is None
    done = client.append("pos:old", NewEvent("contact-merged", {"into": new}), purchase("1"))
    assert (done.counts_for, done.version) == (new, 3)
    assert {(one.contact_id, one.counts_for) for one in done.events} == {(done.contact_id, new)}
    many = client.append_many([("pos:old", purchase("2")), ("pos:new", purchase("2"))])
    assert [one.counts_for for one in many.events] == [new, None]
    wrong = NewEvent("visit-made", {"guests": -1})
    told = client.bulk([("pos:old", purchase("3")), ("pos:new", purchase("3")), ("pos:old", wrong)])
    assert [one.counts_for for one in told] == [new, None, None]


def test_a_contact_names_its_streams_and_the_log_has_those_of_a_group(
    client: Client, address: Address
) -> None:
    new = client.append("pos:new", registration_event()).contact_id
    merge = NewEvent("contact-merged", {"into": new})
    old = client.append("pos:old", registration_event(), merge, purchase("1")).contact_id
    found = client.contact("pos:old")
    assert (found.contact_id, found.version) == (new, 1)
    assert found.streams == (
        Stream(contact_id=new, version=1),
        Stream(contact_id=old, version=3),
    )
    own = [event.position for event in client.log(contact="pos:old")]
    group = [event.position for event in client.log(contact="pos:old", group=True, page=1)]
    assert group == [2, *own]

    async def asked() -> list[int]:
        async with address.async_client() as other:
            return [one.position async for one in other.log(contact="pos:old", group=True)]

    assert asyncio.run(asked()) == group


def test_refs_are_addresses_and_are_shown_where_they_are_asked_for(client: Client) -> None:
    person = registration_event("Ann")
    refs = [{"source": "web", "ref": "7"}]
    ann = client.append("pos:1", NewEvent(person.type, {**person.data, "refs": refs}))
    assert (ann.not_addressed, client.contact("web:7").contact_id) == (None, ann.contact_id)
    web = client.append("web:7", purchase("1")).contact_id
    other = NewEvent(person.type, {**person.data, "refs": refs})
    left_out = NotAddressed(pointer="/0/data/refs/0", contact_id=web)
    assert client.append("pos:2", other).not_addressed == (left_out,)
    (line,) = client.bulk([("pos:2", other)])
    told = NotAddressed(pointer="/data/refs/0", contact_id=web)
    assert (line.replayed, line.not_addressed) == (True, (told,))

    both = ("names", "refs")
    known = (Ref(source="web", ref="7"), Ref(source="pos", ref="1"))
    last = client.contact("pos:1").position
    lists = (
        client.statuses(min_position=last, show=both),
        client.contacts(name="ann", min_position=last, show=("refs",)),
        client.log(show=both),
        client.stream("pos:1", show=both),
    )
    for found in lists:
        one = next(one for one in found if one.contact_id == ann.contact_id)
        assert (one.name, one.refs) == ("Ann", known)
    assert all(one.refs is None for one in client.log())
    with pytest.raises(ValueError, match="names and refs"):
        client.log(show=("phones",))
