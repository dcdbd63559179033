"""Everything that HTTP answers, one module for each group of paths."""

from fastapi import APIRouter

from api.http.routers import (
    calibration,
    contacts,
    duplicates,
    erasure,
    event_types,
    events,
    fitting,
    health,
    keys,
    ledgers,
    lists,
    log,
    person,
    policies,
    projections,
    recorded_events,
    referrals,
    replays,
    restatements,
    status,
    status_in_depth,
    trails,
)

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    ledgers.router,
    events.router,
    recorded_events.router,
    contacts.router,
    duplicates.router,
    erasure.router,
    person.router,
    status.router,
    status_in_depth.router,
    referrals.router,
    lists.router,
    calibration.router,
    restatements.router,
    policies.router,
    replays.router,
    fitting.router,
    projections.router,
    log.router,
    keys.router,
    trails.router,
    event_types.router,
)
"""Every endpoint, in the order in which they are documented."""
