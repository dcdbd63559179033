"""What is counted of webhooks: by ledger, since a URL or an id would make a series for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.service.server import OpenLedger

_SECOND = 1_000_000
OUTCOMES = ("sent", "failed", "dead")
"""Of attempts: taken by the receiver, not taken, and not taken for the last time."""


def gauges() -> dict[str, GaugeMetricFamily]:
    """The metrics of webhooks, empty."""
    return {
        "webhook_attempts": GaugeMetricFamily(
            "rapport_webhook_attempts",
            "Attempts to deliver messages since the start: sent, failed, and dead, the last "
            "failures of messages that were given up.",
            labels=("ledger", "outcome"),
        ),
        "webhook_waiting": GaugeMetricFamily(
            "rapport_webhook_waiting", "Messages that wait to be delivered.", labels=("ledger",)
        ),
        "webhook_dead": GaugeMetricFamily(
            "rapport_webhook_dead",
            "Messages that were given up and not sent again.",
            labels=("ledger",),
        ),
        "webhook_oldest": GaugeMetricFamily(
            "rapport_webhook_oldest_waiting_seconds",
            "Seconds since what the oldest waiting message tells; 0 where none waits.",
            labels=("ledger",),
        ),
    }


def add(found: Mapping[str, GaugeMetricFamily], name: str, served: OpenLedger) -> None:
    """Add the figures of a ledger that has webhooks.

    Raises:
        LedgerError: they cannot be read.
    """
    webhooks = served.webhooks
    if not webhooks.all():
        return
    for outcome in OUTCOMES:
        found["webhook_attempts"].add_metric([name, outcome], webhooks.counts[outcome])
    left = webhooks.whole_backlog()
    found["webhook_waiting"].add_metric([name], left.waiting)
    found["webhook_dead"].add_metric([name], left.dead)
    since = served.ledger.now() - left.oldest if left.oldest is not None else 0
    found["webhook_oldest"].add_metric([name], max(since, 0) / _SECOND)
