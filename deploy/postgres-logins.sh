#!/bin/sh
# Run once by the postgres image when its data directory is new. Three logins, so that a broken receiver can only add
# events and no running process owns the tables: the owner (POSTGRES_USER) migrates, nothing else.
set -eu
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
     --set=receiver_password="$RECEIVER_DB_PASSWORD" --set=worker_password="$WORKER_DB_PASSWORD" <<'SQL'
CREATE ROLE bursar_recv NOLOGIN;
CREATE ROLE bursar_app NOLOGIN;
CREATE ROLE bursar_maintenance NOLOGIN;
CREATE ROLE bursar_receiver LOGIN PASSWORD :'receiver_password' IN ROLE bursar_recv;
CREATE ROLE bursar_worker LOGIN PASSWORD :'worker_password' IN ROLE bursar_app, bursar_maintenance;
-- The doctor looks for old transactions, also of other logins, which slow all claims down.
GRANT pg_read_all_stats TO bursar_worker;
SQL
