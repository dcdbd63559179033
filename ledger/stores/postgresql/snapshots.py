"""How old the oldest snapshot in a database is: what keeps it from clearing away old rows."""

from __future__ import annotations

from ledger.stores.postgresql.connections import Database
from ledger.stores.postgresql.errors import ledger_errors

_OLDEST = """
WITH held AS (
    SELECT xact_start AS began, age(backend_xmin) AS transactions
    FROM pg_catalog.pg_stat_activity
    WHERE pid <> pg_backend_pid() AND backend_xmin IS NOT NULL
        AND backend_type <> 'autovacuum worker'
    UNION ALL
    SELECT prepared, age(transaction) FROM pg_catalog.pg_prepared_xacts
    UNION ALL
    SELECT NULL, greatest(age(xmin), age(catalog_xmin)) FROM pg_catalog.pg_replication_slots
)
SELECT coalesce(extract(epoch FROM clock_timestamp() - min(began)), 0)::float8,
    coalesce(max(transactions), 0)::bigint
FROM held
"""


def oldest_snapshot(url: str) -> tuple[float, int]:
    """For how many seconds, and how many transactions, the oldest snapshot has been held.

    Sessions and prepared transactions count for both, and replication slots for transactions. Of
    the sessions of other roles a role sees nothing without ``pg_monitor``.

    Raises:
        Unavailable: the database cannot be asked now.
    """
    with ledger_errors("the database"), Database(url) as database:
        ((seconds, transactions),) = database.rows(_OLDEST)
    return max(float(seconds), 0.0), int(transactions)
