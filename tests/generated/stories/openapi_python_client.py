"""The script with the client that ``openapi-python-client`` generates, run by its interpreter.

That client has no server-sent events: the log is followed page by page, where each request waits
with ``min_position`` for the next event.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any
from uuid import UUID

from rapport_generated import AuthenticatedClient
from rapport_generated.api.contacts import read_contact
from rapport_generated.api.events import append_events, append_events_of_many_contacts, read_log
from rapport_generated.api.ledgers import create_ledger
from rapport_generated.api.projections import read_operation
from rapport_generated.api.replays import read_operation_result, start_ledger_replay
from rapport_generated.api.status import read_status
from rapport_generated.models import (
    Appended,
    AppendedToMany,
    Contact,
    DataContactRegistered,
    DataContactRegisteredKind,
    DataPurchaseMade,
    DataPurchaseMadeCurrency,
    DataPurchaseMadeInitiatedBy,
    DataVisitMade,
    Event,
    Ledger,
    NewLedger,
    NewReplay,
    Operation,
    OperationState,
    PageOfEvent,
    Problem,
    ReplayOperation,
    SentContactRegistered,
    SentOfContactVisitMade,
    SentPurchaseMade,
    Status,
)

script = json.loads(sys.argv[1])
ledger, contact = script["ledger"], script["contact"]
client = AuthenticatedClient(base_url=script["url"], token=script["key"])


def append(name: str, event: SentContactRegistered | SentPurchaseMade) -> Appended | Problem:
    answer = append_events.sync(ledger, name, client=client, body=event)
    assert isinstance(answer, Appended | Problem)
    return answer


def next_events(after: int, until: int) -> list[Event]:
    found: list[Event] = []
    while after < until:
        page = read_log.sync(ledger, client=client, after_position=after, min_position=after + 1)
        assert isinstance(page, PageOfEvent)
        found += page.items
        after = found[-1].position
    return found


def replayed(known_at: int) -> list[Any]:
    """The lines of a replay: text, as the configuration of the generator says."""
    body = NewReplay(as_known_at=known_at)
    started = start_ledger_replay.sync(ledger, client=client, body=body)
    assert isinstance(started, ReplayOperation)
    operation = str(started.id)
    while True:
        found = read_operation.sync(ledger, operation, client=client)
        assert isinstance(found, Operation)
        if found.state is not OperationState.RUNNING:
            break
        time.sleep(0.01)
    lines = read_operation_result.sync(ledger, operation, client=client)
    assert isinstance(lines, str)
    return [json.loads(line) for line in lines.splitlines()]


def told(problem: object) -> dict[str, Any]:
    assert isinstance(problem, Problem)
    said: dict[str, Any] = problem.to_dict()
    UUID(said.pop("instance").removeprefix("urn:uuid:"))
    return said


made = create_ledger.sync(client=client, body=NewLedger(name=ledger, time_zone="Europe/Amsterdam"))
assert isinstance(made, Ledger)

registration = SentContactRegistered(
    type_="contact-registered",
    id=UUID(script["registration_id"]),
    data=DataContactRegistered(kind=DataContactRegisteredKind.PERSON, name="Ada Jansen"),
)
purchase = SentPurchaseMade(
    type_="purchase-made",
    id=UUID(script["purchase_id"]),
    data=DataPurchaseMade(
        purchase_id="a",
        amount_minor=1250,
        currency=DataPurchaseMadeCurrency.EUR,
        initiated_by=DataPurchaseMadeInitiatedBy.CONTACT,
    ),
)
visit = SentOfContactVisitMade(
    contact=contact,
    type_="visit-made",
    id=UUID(script["visit_id"]),
    data=DataVisitMade(guests=2),
)

first = append_events.sync(ledger, contact, client=client, body=registration, if_none_match="*")
second, again = append(contact, purchase), append(contact, purchase)
assert isinstance(first, Appended)
assert isinstance(second, Appended)
assert isinstance(again, Appended)

status = read_status.sync(ledger, contact, client=client, min_position=second.position)
whole = read_contact.sync(ledger, contact, client=client, min_position=second.position)
assert isinstance(status, Status)
assert isinstance(whole, Contact)

followed = next_events(first.position - 1, second.position)
third = append_events_of_many_contacts.sync(ledger, client=client, body=[visit])
assert isinstance(third, AppendedToMany)
followed += next_events(second.position, third.position)

unknown = read_status.sync(ledger, script["stranger"], client=client)
refused = append(script["stranger"], SentPurchaseMade(type_="purchase-made", data=purchase.data))

answers = {
    "ledger": made.to_dict(),
    "first": first.to_dict(),
    "second": second.to_dict(),
    "again": again.to_dict(),
    "status": status.to_dict(),
    "contact": whole.to_dict(),
    "third": third.to_dict(),
    "followed": [event.to_dict() for event in followed],
    "replayed": replayed(third.position),
    "unknown": told(unknown),
    "refused": told(refused),
}
print(json.dumps(answers))
