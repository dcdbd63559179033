"""What a contact allows us, by what for and by which way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.events.contacts import ConsentChanged
from domain.text import NAME

if TYPE_CHECKING:
    from uuid import UUID

    from domain.history import History


@dataclass(frozen=True, slots=True)
class Consent:
    """What was last said of one purpose and channel; ``said_at`` in microseconds of UTC."""

    purpose: str
    channel: str
    granted: bool
    said_at: int
    event_id: UUID


def about(purpose: str, channel: str) -> tuple[str, str]:
    """What a consent is about, the same in every spelling.

    What was allowed before texts had a rule can be taken back after it.
    """
    return NAME.as_compared(purpose), NAME.as_compared(channel)


def is_purpose(said: str, purpose: str) -> bool:
    """Whether a text names a purpose that means something here, such as ``marketing``.

    It does so in capitals too: "Marketing" is refused by nobody who wants to be written to.
    """
    return NAME.as_compared(said).casefold() == purpose


def consents_of(history: History, at: int) -> tuple[Consent, ...]:
    """The consents in force at an instant, by purpose and channel; never asked for is absent.

    Of what was said by then the last counts, also where contacts were merged: it was one person
    who said it.
    """
    newest: dict[tuple[str, str], Consent] = {}
    for fact in history.facts:  # in the order in which it was said
        event = fact.event
        if isinstance(event, ConsentChanged) and fact.occurred_at <= at:
            newest[about(event.purpose, event.channel)] = Consent(
                event.purpose, event.channel, event.granted, fact.occurred_at, fact.id
            )
    return tuple(newest[one] for one in sorted(newest))


def allows(consents: tuple[Consent, ...], purpose: str, channel: str) -> bool:
    """Whether this is granted; who never said anything allows nothing."""
    asked = about(purpose, channel)
    return any(c.granted for c in consents if about(c.purpose, c.channel) == asked)
