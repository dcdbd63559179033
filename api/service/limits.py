"""How much the service does for one request, and how long it waits for something."""

from __future__ import annotations

from dataclasses import dataclass

from api.service.webhooks.pacing import DELIVERIES, DeliveryPacing


@dataclass(frozen=True, kw_only=True)
class ServiceLimits:
    """The bounds that hold for every ledger of a server."""

    folded_events: int = 20_000
    """How many events one answer folds: about half a second's work."""

    calibrated_events: int = 200_000
    """How many events one calibration folds that no projection has: about ten seconds' work."""

    scored_events: int = 400_000
    """How many events of clients one scorecard of a ledger reads: about twelve seconds' work."""

    replays_at_once: int = 8
    """How many replays and previews run at once in a ledger: each takes a share of one core."""

    wait_seconds: float = 5.0
    """How long a request waits for the position that it asks for."""

    leaving_seconds: float = 10.0
    """How long a ledger that is to be deleted waits for those who still ask it."""

    deliveries: DeliveryPacing = DELIVERIES
    """How often and how long messages to webhooks are tried."""


LIMITS = ServiceLimits()
