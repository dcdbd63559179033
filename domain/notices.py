"""The kinds of facts that other programs can receive, and what one such fact is.

Events are sent as they are recorded; notices are of what follows from them, or from the passing of
time. Source: the care document, section 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

EVENT_RECORDED = "event-recorded"
STAGE_CHANGED = "stage-changed"
STANDING_CHANGED = "standing-changed"
ACTION_OPENED = "action-opened"
ACTION_OVERDUE = "action-overdue"
REWARD_DUE = "reward-due"
PERSONAL_DATA_ERASED = "personal-data-erased"
PROJECTION_FAILED = "projection-failed"

KINDS = (
    EVENT_RECORDED,
    STAGE_CHANGED,
    STANDING_CHANGED,
    ACTION_OPENED,
    ACTION_OVERDUE,
    REWARD_DUE,
    PERSONAL_DATA_ERASED,
    PROJECTION_FAILED,
)
"""Everything that a webhook can receive, by the names on the wire."""

OF_EVENTS = frozenset({EVENT_RECORDED, PERSONAL_DATA_ERASED})
"""The kinds that are read from the event log itself; the others come from projections."""


@dataclass(frozen=True)
class Notice:
    """One fact to report. Nothing in it is personal.

    ``key`` is the stage, the standing, the key of the item or the name of the projection.
    ``instant``, in microseconds of UTC, is when it became so as far as was known, and ``position``
    what was known of the contact then. ``known`` is a position of the log at which it was found:
    that of the event that brought it, where that is sure. ``detail`` holds JSON values.
    """

    kind: str
    contact_id: UUID | None
    key: str
    instant: int
    position: int
    known: int
    detail: Mapping[str, object]
