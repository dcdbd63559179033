#!/bin/bash
# A copy of the first database that follows it. Once that one is lost: pg_ctl promote.
set -euo pipefail
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  install --directory --owner postgres --group postgres --mode 0700 "$PGDATA"
  until PGPASSWORD=$POSTGRES_PASSWORD gosu postgres pg_basebackup --pgdata "$PGDATA" --write-recovery-conf \
    --slot db_standby --wal-method stream \
    --dbname "host=db user=follower application_name=db_standby password=$POSTGRES_PASSWORD"; do
    sleep 2
    find "$PGDATA" -mindepth 1 -delete
  done
fi
exec gosu postgres postgres
