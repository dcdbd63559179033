"""Everything that HTTP answers, one module for each group of paths."""

from api.http.routers import (
    contacts,
    erasure,
    event_types,
    events,
    health,
    keys,
    ledgers,
    lists,
    log,
    person,
    policies,
    projections,
    referrals,
    replays,
    restatements,
    status,
    trails,
)

OPERATIONS = (
    *health.ROUTES.operations,
    *ledgers.ROUTES.operations,
    *events.ROUTES.operations,
    *contacts.ROUTES.operations,
    *erasure.ROUTES.operations,
    *person.ROUTES.operations,
    *status.ROUTES.operations,
    *referrals.ROUTES.operations,
    *lists.ROUTES.operations,
    *restatements.ROUTES.operations,
    *policies.ROUTES.operations,
    *replays.ROUTES.operations,
    *projections.ROUTES.operations,
    *log.ROUTES.operations,
    *keys.ROUTES.operations,
    *trails.ROUTES.operations,
    *event_types.ROUTES.operations,
)
"""Every operation, in the order in which they are documented."""
