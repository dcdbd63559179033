#!/bin/bash
# Run once, when the first database is made: lets the standby copy it and follow it.
set -euo pipefail
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  --set password="$POSTGRES_PASSWORD" <<'SQL'
CREATE ROLE follower LOGIN REPLICATION PASSWORD :'password';
SELECT pg_create_physical_replication_slot('db_standby');
SQL
echo "host replication follower samenet scram-sha-256" >>"$PGDATA/pg_hba.conf"
