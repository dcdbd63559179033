"""How right the falls by silence were, from the projection where it has the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.service.answers.calibration import CalibrationAnswer
from api.service.questions import At, Knowledge, moment_of
from api.service.replays.pages import folded_calibration
from api.service.replays.replay import judging
from domain.errors import Invalid

if TYPE_CHECKING:
    from api.service.server import OpenLedger

Period = tuple[int | None, int | None]
"""From an instant up to, not including, another; None leaves that side open."""


def calibration(
    served: OpenLedger, at: At, period: Period, now: int, most_events: int | None = None
) -> CalibrationAnswer:
    """How right the falls of a period were at a point in both times, and what clients were worth.

    ``most_events`` is how many may be folded, if no projection has the answer; None for any number.

    Raises:
        Invalid: a period that ends before it begins, an instant too far ahead, a position that is
            not recorded yet, or more to fold than one answer may.
        PolicyNotFound: no such version was published.
        ProjectionBehind: the clock has not fired yet for that instant.
    """
    from_at, to_at = period
    if from_at is not None and to_at is not None and from_at > to_at:
        raise Invalid.at("/from", "contradiction", "must not be later than to")
    moment = moment_of(served.ledger, served.aliases, at, now)
    is_ahead = at.as_of is not None and at.as_of > now
    if at.as_known_at is not None or at.policy_version is not None or is_ahead:
        found = folded_calibration(served.ledger, moment, from_at, to_at, most_events)
    else:
        found = served.projections.calibration(from_at, to_at, at.as_of)
        known = At(found.as_of, Knowledge(position=found.position))
        moment = moment_of(served.ledger, served.aliases, known, now)
    return CalibrationAnswer.of(
        found.calibration, period, found.position, found.as_of, judging(moment)
    )
