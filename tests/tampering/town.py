"""The ledger that is tampered with: small, and with something of everything in it."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from api.bootstrap import projections_of
from api.cli.output import progress
from api.cli.verifying.folder import Outcome, VerifyOptions, verify_folder
from domain.instants import DAY
from domain.presets import PRESETS
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from ledger.verification.trust import KeptCheckpoint
from projections.projections import ALL
from tests.ledger.given import HandClock, append, draft

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ledger.ledger import Ledger
    from ledger.transparency.notes import Verifier

LEDGER = "main"
CONTACTS = 12
ROUNDS = 22
"""Purchases of each contact: more than one tile of events, and one hash in the tile above."""

QUIET = partial(progress, quiet=True)


def found_town(path: Path) -> list[bytes]:
    """Make the data folder at this path; answers every checkpoint it signed."""
    clock = HandClock()
    with closing(DataFolder.open(path, SqliteStore, clock=clock)) as folder:
        ledger = folder.ledger(LEDGER)
        _tell(ledger, clock)
        ledger.transparency.sign_head()
        with closing(projections_of(ledger, clock)) as kept:
            kept.start()
            for projection in ALL:
                kept.wait_for(ledger.head(), 30, projection.name)
        return [signed.note for signed in ledger.transparency.checkpoints()]


def _tell(ledger: Ledger, clock: HandClock) -> None:
    seal = ledger.transparency.sign_head
    people = [UUID(int=(number + 1) << 64 | 0x8000_4000) for number in range(CONTACTS)]
    for number, person in enumerate(people):
        name = {"kind": "person", "name": f"Person {number}", "time_zone": "Europe/Amsterdam"}
        append(ledger, draft(person, "contact-registered", name, actor=f"till {number}"))
    seal()
    for place in range(ROUNDS):
        clock.move(7 * DAY // 1_000_000)
        for number, person in enumerate(people):
            sale = {
                "purchase_id": f"p{place}",
                "amount_minor": 450 + number,
                "currency": "EUR",
                "initiated_by": "contact",
            }
            append(ledger, draft(person, "purchase-made", sale, source="till"))
        if place % 5 == 2:
            seal()
        if place == 11:
            ledger.publish_policy(PRESETS["cafe"], None).result()
            ledger.transparency.rotate()
            seal()
    _tell_more(ledger, people)


def _tell_more(ledger: Ledger, people: Sequence[UUID]) -> None:
    first, second, third = people[:3]
    referral = {"referral_id": "r1", "direction": "inbound", "other": str(second), "level": 3}
    append(ledger, draft(first, "referral-made", referral))
    why = {"stage": "client", "reason": "an old friend", "expires_at": "2027-01-01T00:00:00Z"}
    append(ledger, draft(third, "stage-overridden", why))
    events = ledger.stream(first)
    corrected = {
        "target": str(events[3].id),
        "data": {**events[3].event.show(), "amount_minor": 9_900},
    }
    append(ledger, draft(first, "event-corrected", corrected))
    retracted = {"target": str(events[4].id), "reason": "rung up twice"}
    append(ledger, draft(first, "event-retracted", retracted))
    ledger.transparency.sign_head()
    append(ledger, draft(people[-1], "contact-merged", {"into": str(people[-2])}))


def verified(
    path: Path,
    *,
    notes: Sequence[bytes] = (),
    verifiers: Sequence[Verifier] = (),
    drift: bool = False,
) -> Outcome:
    """What a verification of the folder finds, with these checkpoints and keys from elsewhere."""
    kept = [KeptCheckpoint(f"kept-{place}", note) for place, note in enumerate(notes)]
    asked = VerifyOptions(progress=QUIET, verifiers=verifiers, kept=kept, drift=drift)
    return verify_folder(path, None, asked)
