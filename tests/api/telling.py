"""What random stories tell a ledger that is served, and what bears on agendas and cards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from domain.errors import LedgerError
from domain.events import CATALOGUE
from domain.instants import DAY, HOUR, format_instant
from domain.recorded import POLICY_STREAM
from ledger.drafts import Append, Draft
from tests.domain.scenario import fact
from tests.projections.histories import CONTACTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random
    from uuid import UUID

    from api.service.server import OpenLedger
    from domain.events import Event
    from domain.policy import Policy
    from domain.recorded import RecordedEvent
    from tests.fixtures.clock import Clock


class Told:
    """A ledger that is served, as random stories are told to one."""

    def __init__(self, served: OpenLedger, clock: Clock) -> None:
        self.served = served
        self.clock = clock

    def tell(self, contact: UUID, type_name: str, at: int, **data: Any) -> None:
        """Record the example of a type with some of its data replaced."""
        self.append(contact, fact(type_name, **data), at)

    def append(self, contact: UUID, event: Event, at: int) -> None:
        """Record an event.

        Raises:
            LedgerError: it is refused.
        """
        draft = Draft(contact, event.TYPE, uuid4(), at, None, None, None, event, None)
        self.served.ledger.append(Append(drafts=(draft,))).result(20)

    def publish(self, policy: Policy, effective_from: int) -> None:
        """Publish a policy."""
        self.served.ledger.publish_policy(policy, effective_from).result(20)

    def log(self, *, limit: int) -> Sequence[RecordedEvent]:
        """What was recorded of contacts."""
        found = self.served.ledger.log(limit=limit, decrypt=True)
        return [one for one in found if one.contact_id != POLICY_STREAM]

    def head(self) -> int:
        """The newest position."""
        return self.served.ledger.head()


def tell_of_care(told: Told, chance: Random) -> None:
    """Something that bears on what stands in no row, or on what is put off or muted today."""
    contact, now = chance.choice(CONTACTS[:4]), told.clock()
    near = format_instant(now + chance.randint(-3, 10) * DAY)
    until_at = format_instant(now + chance.randint(1, 40) * HOUR)
    number = str(chance.randrange(3))
    type_name, data = chance.choice(
        [
            ("occasion-learned", {"occasion_id": number, "kind": "birthday",
                                  "month": int(near[5:7]), "day": int(near[8:10])}),
            ("greeting-sent", {"occasion_id": number, "channel": "card"}),
            ("steward-assigned", {"steward": chance.choice(["Kim", "Lou"])}),
            ("steward-assigned", {}),
            ("consent-changed", {"purpose": chance.choice(["marketing", "greetings"]),
                                 "channel": "email", "granted": chance.random() < 0.3}),
            ("action-deferred", {"item": chance.choice(["learn", "gesture", "touch", "ask"]),
                                 "until": until_at}),
            ("subscription-started", {"subscription_id": number, "plan": "box", "term_days": 30}),
            ("touch-made", {"direction": "outbound", "purpose": "renewal", "planned": True,
                            "channel": "phone", "about": number}),
            ("promise-made", {"promise_id": str(chance.random()), "summary": "a cake"}),
        ]
    )  # fmt: skip  # a kind of news reads better in few lines
    try:
        at = now - chance.choice([0, 0, 1, 20 * 24, 29 * 24]) * HOUR
        told.append(contact, CATALOGUE[type_name].read(data), at)
    except LedgerError:
        return
