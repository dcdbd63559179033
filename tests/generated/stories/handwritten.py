"""The script with ``rapport_client``, which the answers of generated clients are compared with."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from rapport_client import Client, NewEvent, NotFound, Problem, Refused

if TYPE_CHECKING:
    from rapport_client import Appended
    from tests.generated.script import Script


def run(script: Script) -> dict[str, Any]:
    """Every answer of the script by name, as JSON values."""
    registration = NewEvent(
        "contact-registered",
        {"kind": "person", "name": "Ada Jansen"},
        id=UUID(script.registration_id),
    )
    sale = {"purchase_id": "a", "amount_minor": 1250, "currency": "EUR", "initiated_by": "contact"}
    purchase = NewEvent("purchase-made", sale, id=UUID(script.purchase_id))
    visit = NewEvent("visit-made", {"guests": 2}, id=UUID(script.visit_id))
    with Client(script.url, script.ledger, key=script.key) as client:
        made = client.create_ledger(script.ledger, "Europe/Amsterdam")
        first = client.append(script.contact, registration, if_new=True)
        second = client.append(script.contact, purchase)
        again = client.append(script.contact, purchase)
        status = client.status(script.contact, min_position=second.position)
        contact = client.contact(script.contact, min_position=second.position)
        tail = client.tail(first.position - 1)
        followed = list(islice(tail, 2))
        third = client.append_many([(script.contact, visit)])
        followed += islice(tail, 1)
        tail.close()
        replay = client.wait(client.replay(as_known_at=third.position))
        replayed = list(client.replayed(replay))
        with pytest.raises(NotFound) as unknown:
            client.status(script.stranger)
        with pytest.raises(Refused) as refused:
            client.append(script.stranger, NewEvent("purchase-made", sale))
    answers = {
        "ledger": made,
        "first": _sent(first),
        "second": _sent(second),
        "again": _sent(again),
        "status": status,
        "contact": contact,
        "third": third,
        "followed": followed,
        "replayed": replayed,
        "unknown": _told(unknown.value),
        "refused": _told(refused.value),
    }
    return {name: _plain(answer) for name, answer in answers.items()}


def _sent(appended: Appended) -> dict[str, Any]:
    """An append without what the class repeats at each of its events."""
    answer: dict[str, Any] = _plain(appended)
    for event in answer["events"]:
        assert event.pop("contact_id") == answer["contact_id"]
        assert event.pop("counts_for") == answer["counts_for"]
    return answer


def _told(problem: Problem) -> dict[str, Any]:
    said = dict(problem.document)
    UUID(said.pop("instance").removeprefix("urn:uuid:"))
    return said


def _plain(value: Any) -> Any:
    """The value as it is sent as JSON; a field such as ``from_`` has its name there."""
    if is_dataclass(value):
        return {one.name.rstrip("_"): _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
