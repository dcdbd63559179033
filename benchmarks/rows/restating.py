"""Row restatements: what the purchases restate as they come in, and what late ones do."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING
from uuid import uuid4

from api.bootstrap import build, now
from api.service.settings import Settings
from benchmarks.measure import Line, Outcome, Spread, agree
from domain.events.commerce import PurchaseMade
from domain.instants import DAY, HOUR, parse_instant
from ledger.drafts import Append, Draft

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from api.service.server import OpenLedger
    from benchmarks.bench import Bench
    from projections.restatement_reading import RestatementRow

LATE_AT = parse_instant("1997-09-30T12:00:00Z")
LATE_DAY = "30 September 1997"
_WAIT_SECONDS = 600.0
_PAGE = 1000


def measure(bench: Bench) -> Outcome:
    """Events a second from nothing; then what a late purchase of each contact restates.

    Raises:
        Disagreement: a contact is restated to whom nothing late happened.
    """
    server = build(Settings(folder=bench.copy()), clock=_an_hour_later)
    try:
        served = server.ledger("main")
        imported = served.ledger.head()
        _wait(served, "status")
        _wait(served, "standing")
        began = time.monotonic()
        _wait(served, "restatements")
        rate = imported / (time.monotonic() - began)
        contacts = sorted(contact for contact, _ in served.ledger.streams(upto=imported))
        late = _late(served, contacts)
    finally:
        server.close()
    what = f"restatements of the whole log, from nothing ({bench.file.label})"
    line = Line(row="restatements", what=what, unit="events/s", ours=Spread((rate,)))
    return Outcome((line,), _told(bench, len(contacts), late))


def _an_hour_later() -> int:
    """In another minute than the import: what is recorded in one is one restatement."""
    return now() + HOUR


def _late(served: OpenLedger, contacts: list[UUID]) -> list[RestatementRow]:
    """What is restated by a late purchase of each of these contacts."""
    since = served.ledger.head()
    appends = [Append(drafts=(_purchase(contact),)) for contact in contacts]
    for start in range(0, len(appends), _PAGE):
        served.ledger.append_each(appends[start : start + _PAGE]).result()
    served.projections.wake()
    _wait(served, "restatements")
    found = list(_restated(served, since))
    late = {since + place: contact for place, contact in enumerate(contacts, 1)}
    others = [row for row in found if late[row.position] != row.contact_id]
    agree("rows of others than the late purchase is of", len(others), 0)
    agree("rows before the late purchase", sum(row.from_at < LATE_AT for row in found), 0)
    return found


def _purchase(contact: UUID) -> Draft:
    event = PurchaseMade(
        purchase_id="late", amount_minor=1000, currency="USD", initiated_by="contact"
    )
    return Draft(contact_id=contact, type=event.TYPE, id=uuid4(), occurred_at=LATE_AT, event=event)


def _wait(served: OpenLedger, name: str) -> None:
    served.projections.wait_for(served.ledger.head(), _WAIT_SECONDS, name)


def _restated(served: OpenLedger, since: int) -> Iterator[RestatementRow]:
    after = None
    while True:
        page = served.projections.restatements(since_position=since, after=after, limit=_PAGE)
        yield from page.items
        after = page.next_place
        if after is None:
            return


def _told(bench: Bench, contacts: int, late: list[RestatementRow]) -> str:
    changes = Counter((row.believed, row.known) for row in late)
    recent = sum(row.to_at > now() - DAY for row in late)
    restated = len({row.contact_id for row in late})
    days = sum(row.to_at - row.from_at for row in late) // DAY
    table = "".join(
        f"| {believed} | {known} | {count:,} |\n"
        for (believed, known), count in sorted(changes.items(), key=lambda item: -item[1])
    )
    return (
        f"Row restatements, {bench.file.label}: one more purchase of {LATE_DAY} for each of the "
        f"{contacts:,} contacts, recorded an hour after the import, restates {len(late):,} "
        f"stretches of {restated:,} contacts, {days:,} days in all. Every stretch is of the "
        f"purchase's own contact, none lies before it, and {recent:,} reach to the present.\n\n"
        f"| believed | known | stretches |\n| --- | --- | --- |\n{table}"
    )
