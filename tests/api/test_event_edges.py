"""Every type of event at every edge of its schema: what is published is what is taken."""

from __future__ import annotations

import importlib
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import msgpack
import pytest

from api.service.event_schemas import data_schema, from_clients
from domain.addresses import without_own_ref
from domain.errors import Invalid
from domain.events import CATALOGUE
from ledger.identifiers import contact_id_of
from tests.api.edges import FORMATS, data_around
from tests.api.generated import UNSAID
from tests.api.lines import JSONL, ledger_of, lines, of, outcomes, send
from tests.api.shop import registration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.service.server import Server
    from domain.events import Event
    from tests.api.shop import Json, Shop

jsonschema: Any = importlib.import_module("jsonschema")  # it brings no types

FORMS = jsonschema.FormatChecker(formats=())
for form, (_, beyond) in FORMATS.items():
    FORMS.checks(form)(lambda value, beyond=beyond: value not in ("", "x", *beyond))

PACKED = {"Content-Type": "application/msgpack", "Accept": "application/json"}
TOGETHER = 50
ELSEWHERE = {"event-corrected", "event-retracted", "merge-reversed"}
"""What is about what came before in ways that no single event brings about."""

NAMES = partial(contact_id_of, named=partial(uuid5, UUID(int=7, version=4)))


def is_read(cls: type[Event], data: object) -> bool:
    """Whether nothing is wrong with it but what no schema says."""
    try:
        cls.read(data, NAMES)
    except Invalid as error:
        return all(one.code in UNSAID for one in error.errors)
    return True


@pytest.mark.parametrize("cls", from_clients(), ids=lambda cls: cls.TYPE)
def test_an_event_is_read_just_as_its_schema_says(cls: type[Event]) -> None:
    schema = jsonschema.Draft202012Validator(data_schema(cls), format_checker=FORMS)
    for data in data_around(cls):
        assert is_read(cls, data) == schema.is_valid(data), data


def all_edges() -> Iterator[tuple[type[Event], Json]]:
    """For a contact of each type, all that such events may be about, and then their edges."""
    for cls in from_clients():
        yield cls, registration()
        for other in from_clients():
            if other is not cls and any(field.opens for field in other.FIELDS):
                yield cls, {"type": other.TYPE, "data": next(data_around(other))}
        for data in data_around(cls):
            yield cls, {"type": cls.TYPE, "data": data}


def test_what_is_taken_at_the_edges_is_kept_and_known_again(shop: Shop, server: Server) -> None:
    """Sent again it comes as msgpack, which says the same."""
    sent = [
        of(f"pos:{cls.TYPE}", {"id": str(UUID(int=number, version=4)), **event})
        for number, (cls, event) in enumerate(all_edges(), 1)
    ]
    shop.register("pos:1")
    answered = outcomes(send(shop, lines(*sent)))
    assert [one["line"] for one in answered] == list(range(1, len(sent) + 1))
    assert {one["status"] for one in answered} == {200, 201, 409, 422}
    taken = [
        (one["position"], event)
        for one, event in zip(answered, sent, strict=True)
        if one["status"] == 201
    ]
    assert {cls.TYPE for cls in from_clients()} - {event["type"] for _, event in taken} == ELSEWHERE
    names = ledger_of(shop, server).contact_id
    shown = outcomes(shop.client.get(f"{shop.base}/events", headers={"Accept": JSONL}))
    kept_by_id = {one["id"]: one for one in shown}
    for start in range(0, len(taken), TOGETHER):
        some = taken[start : start + TOGETHER]
        again = msgpack.packb([event for _, event in some])
        answer = shop.client.post(f"{shop.base}/events", content=again, headers=PACKED)
        assert answer.status_code == 200, answer.text
        places = [one["position"] for one in answer.json()["events"]]
        assert places == [kept_by_id[event["id"]]["position"] for _, event in some]
    last = 0
    for told, event in taken:
        kept, cls = kept_by_id[event["id"]], CATALOGUE[event["type"]]
        assert last < kept["position"] <= told, "companions stand between it and what is told"
        last = told
        own = {"source": "pos", "ref": event["type"]}  # which a registration gets, beyond fifty
        if own in kept["data"].get("refs", ()):
            kept["data"]["refs"].remove(own)
        contact_id = UUID(kept["contact_id"])
        one, other = (
            without_own_ref(cls.read(data, names), contact_id, names)
            for data in (kept["data"], event["data"])
        )
        assert one == other
    assert shop.get("/statuses", min_position=taken[-1][0]).status_code == 200
