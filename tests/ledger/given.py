"""What the tests of the ledger start from: a clock wound by hand, drafts, an open ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from domain.events import CATALOGUE
from domain.presets import PRESETS
from ledger.commit_queue import WAITING_EVENTS
from ledger.drafts import Append, Draft
from ledger.ledger import Ledger
from ledger.stores.sqlite.store import SqliteLedgerStore
from ledger.subscriptions.pacing import SIGNER
from tests.fixtures.clock import START as NOON
from tests.fixtures.clock import Clock as HandClock
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ledger.drafts import AppendResult
    from ledger.subscriptions.pacing import Pacing

__all__ = ["NOON", "HandClock"]  # the fixtures by the names of this room

NAMESPACE = UUID("6f1f64f5-1c0c-4ee3-8a83-9a0b6f3d0a11")
MASTER_KEY = bytes(range(32))
ORIGIN = "rapport.invalid/main-00c0ffee"

ANN = {"kind": "person", "name": "Ann Example"}
SALE = {"purchase_id": "p1", "amount_minor": 450, "currency": "EUR", "initiated_by": "contact"}


def open_ledger(
    folder: Path,
    clock: HandClock,
    *,
    waiting_events: int = WAITING_EVENTS,
    signer_pacing: Pacing = SIGNER,
) -> Ledger:
    """A ledger in that folder with its first policy."""
    ledger = Ledger(
        SqliteLedgerStore(folder),
        name="main",
        time_zone=None,
        namespace=NAMESPACE,
        clock=clock,
        master_key=MASTER_KEY,
        origin=ORIGIN,
        waiting_events=waiting_events,
        signer_pacing=signer_pacing,
    )
    if not ledger.head():
        ledger.publish_policy(PRESETS["retail"], 0).result()
    return ledger


def folder_of(ledger: Ledger) -> Path:
    """Where the files of a ledger are."""
    assert isinstance(ledger.store, SqliteLedgerStore)
    return ledger.store.folder


def draft(
    contact_id: UUID,
    type_name: str,
    data: Mapping[str, object] | None = None,
    *,
    id: UUID | None = None,  # noqa: A002  # the field's name
    occurred_at: int | None = None,
    source: str | None = None,
    actor: str | None = None,
    causation_id: UUID | None = None,
) -> Draft:
    """A draft as a route would read it."""
    return Draft(
        contact_id=contact_id,
        type=type_name,
        id=id,
        occurred_at=occurred_at,
        source=source,
        actor=actor,
        causation_id=causation_id,
        event=CATALOGUE[type_name].read(dict(data or {})),
    )


def append(
    ledger: Ledger, *drafts: Draft, if_version: int | None = None, if_new: bool = False
) -> AppendResult:
    """The answer to an append of these drafts."""
    asked = Append(drafts=drafts, if_version=if_version, if_new=if_new)
    return ledger.append(asked).result(timeout=END_SECONDS)


def registered(ledger: Ledger) -> UUID:
    """A new contact."""
    contact_id = uuid4()
    append(ledger, draft(contact_id, "contact-registered", ANN))
    return contact_id
