"""Checks of the database itself: roles, schema, clock, old snapshots, vacuum, partitions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg

from cli.checks.finding import Finding, fail, ok, warn
from cli.printing import span
from core.clock import SystemClock
from models import versions
from models.database import Role, connect

_ROLES: tuple[Role, ...] = ("bursar_recv", "bursar_app", "bursar_maintenance")
_LOGINS = {"bursar_recv": "BURSAR_RECV_DATABASE_URL, or of BURSAR_DATABASE_URL where that is not set"}
_CLOCK_WARN_S, _CLOCK_FAIL_S = 1.0, 30.0
_OLD_WARN_S, _OLD_FAIL_S = 300.0, 3600.0
_DEAD_SHARE = 0.2
_DEAD_LEAST = 20_000

# Any backend that holds back the vacuum: a claim goes from 0.6 to 27 ms behind an old snapshot.
_OLDEST = """SELECT pid, coalesce(application_name, ''), state, extract(epoch FROM clock_timestamp() - xact_start)::float8
             FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
               AND backend_type = 'client backend' AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL OR state LIKE 'idle in%')
             ORDER BY xact_start LIMIT 1"""
_SEES_ALL = "SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')"
_PREPARED = "SELECT count(*), coalesce(max(extract(epoch FROM clock_timestamp() - prepared)), 0)::float8 FROM pg_prepared_xacts"
_SLOTS = "SELECT count(*) FROM pg_replication_slots WHERE NOT active"
_VACUUM = """SELECT relname, n_live_tup, n_dead_tup, greatest(last_autovacuum, last_vacuum) FROM pg_stat_user_tables
             WHERE schemaname = 'bursar' AND relname IN ('inbox', 'outbox') ORDER BY relname"""
_MONTH = "SELECT to_regclass('bursar.inbox_payload_' || %s) IS NOT NULL"
_SETTINGS = """SELECT current_setting('server_version'), current_setting('autovacuum'), current_setting('fsync'),
                      current_setting('full_page_writes')"""
# Transaction ids that a freeze has yet to catch up with; at two thousand million PostgreSQL stops writing.
_AGE = "SELECT greatest(age(datfrozenxid), mxid_age(datminmxid)) FROM pg_database WHERE datname = current_database()"
_AGE_WARN, _AGE_FAIL = 400_000_000, 1_000_000_000
_CLOCK = "SELECT clock_timestamp()"


def reachable(url: str, recv_url: str = "") -> Iterator[Finding]:
    """Each role can connect, the receiver's by its own login if it has one, and the schema is this version's.

    Raises:
        psycopg.Error: nothing can be reached at all.
    """
    have, want = versions.current(url), versions.head()
    if have is None:
        yield fail("schema", "the database holds no schema of Bursar", "run `bursar migrate`")
        return
    if have != want:
        newer = have > want
        then = "start the version of Bursar that migrated it, or a newer one" if newer else "run `bursar migrate`"
        yield fail("schema", f"the database is at migration {have}, this version needs {want}", then)
    else:
        yield ok("schema", f"at migration {have}")
    for role in _ROLES:
        try:
            login = recv_url if recv_url and role == "bursar_recv" else url
            with connect(login, role, application="bursar-doctor") as connection:
                connection.execute("SELECT 1")
            yield ok(f"role {role}", "can be taken on")
        except psycopg.Error as error:
            yield fail(
                f"role {role}",
                " ".join(str(error).split())[:200],
                f"as the database's owner: GRANT {role} TO the login of {_LOGINS.get(role, 'BURSAR_DATABASE_URL')}",
            )


def health(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """Clock, settings, snapshots, vacuum, partitions."""
    yield _clock(connection)
    yield from _settings(connection)
    yield _snapshots(connection)
    yield from _held_back(connection)
    yield from _vacuum(connection)
    yield _wraparound(connection)
    yield _partitions(connection)


def _clock(connection: psycopg.Connection[Any]) -> Finding:
    clock = SystemClock()
    before = clock.now()
    there = _one(connection, _CLOCK)[0]
    after = clock.now()
    apart = max((before - there).total_seconds(), (there - after).total_seconds(), 0.0)
    said = f"host and database are {apart:.3f} s apart"
    if apart >= _CLOCK_FAIL_S:
        return fail(
            "clock", said, "set the clocks (NTP): signatures are judged by the host's, leases by the database's"
        )
    return (
        warn("clock", said, "set the clocks (NTP) before they drift further")
        if apart >= _CLOCK_WARN_S
        else ok("clock", said)
    )


def _settings(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    version, autovacuum, fsync, full_pages = _one(connection, _SETTINGS)
    yield ok("database", f"PostgreSQL {version}")
    if autovacuum != "on":
        yield warn(
            "autovacuum",
            "is off: claims become slower by the hour",
            "set autovacuum = on in the server's configuration",
        )
    if "off" in (fsync, full_pages):
        yield fail(
            "durability",
            "fsync or full_page_writes is off: acknowledged events can be lost in a power failure",
            "switch both on in the server's configuration",
        )


def _snapshots(connection: psycopg.Connection[Any]) -> Finding:
    if not _one(connection, _SEES_ALL)[0]:
        return warn(
            "transactions",
            "this login sees its own sessions only: an old transaction of another one would not be found",
            "as the database's owner: GRANT pg_read_all_stats TO the login of BURSAR_DATABASE_URL",
        )
    row = connection.execute(_OLDEST).fetchone()
    if row is None or row[3] < _OLD_WARN_S:
        return ok("transactions", "none is old" if row is None else f"the oldest is {span(row[3])} old")
    who = f"process {row[0]} ({row[1] or 'unnamed'}, {row[2]})"
    said = f"{who} has a transaction that is {span(row[3])} old; dead rows pile up behind it and claims slow down"
    then = f"find out what it does; to end it: SELECT pg_terminate_backend({row[0]})"
    return fail("transactions", said, then) if row[3] >= _OLD_FAIL_S else warn("transactions", said, then)


def _held_back(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    count, age = _one(connection, _PREPARED)
    if count:
        yield warn(
            "prepared",
            f"{count} prepared transaction(s), the oldest {span(age)} old, hold back the vacuum",
            "COMMIT PREPARED or ROLLBACK PREPARED them",
        )
    (idle,) = _one(connection, _SLOTS)
    if idle:
        yield warn(
            "replication",
            f"{idle} replication slot(s) without a reader hold back the vacuum and fill the disk",
            "start the replica, or drop the slot",
        )


def _vacuum(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    for table, live, dead, vacuumed in connection.execute(_VACUUM):
        said = (
            f"{live} rows, {dead} dead ones, last vacuumed {vacuumed:%Y-%m-%d %H:%M}Z"
            if vacuumed
            else f"{live} rows, {dead} dead ones, never vacuumed"
        )
        if dead > _DEAD_LEAST and dead > _DEAD_SHARE * live:
            yield warn(
                f"vacuum {table}",
                said,
                f"VACUUM bursar.{table}; then look for what holds it back (old transactions, autovacuum off)",
            )
        else:
            yield ok(f"vacuum {table}", said)


def _wraparound(connection: psycopg.Connection[Any]) -> Finding:
    (age,) = _one(connection, _AGE)
    said = f"the oldest transaction id is {age / 1e6:.0f} million back; autovacuum freezes from 200 million on"
    if age < _AGE_WARN:
        return ok("wraparound", said)
    then = "find what holds it back (old or prepared transactions, a replication slot, autovacuum off), then VACUUM (FREEZE) as the owner"
    if age < _AGE_FAIL:
        return warn("wraparound", said, then)
    return fail("wraparound", f"{said}; at 2,000 million no event can be stored", then)


def _partitions(connection: psycopg.Connection[Any]) -> Finding:
    today = SystemClock().now().date()
    first = today.replace(day=1)
    wanted = [first, (first + timedelta(days=32)).replace(day=1)]
    missing = [f"{month:%Y-%m}" for month in wanted if not _one(connection, _MONTH, f"{month:%Y_%m}")[0]]
    if missing:
        return warn(
            "partitions",
            f"payload partitions are missing: {', '.join(missing)}",
            "run `bursar migrate`, which moves what came meanwhile; until then payloads go to the default partition, "
            "which is never dropped",
        )
    return ok("partitions", "this month's and the next one's are there")


def _one(connection: psycopg.Connection[Any], query: str, *bound: object) -> tuple[Any, ...]:
    row = connection.execute(query.encode(), bound or None).fetchone()
    if row is None:
        raise psycopg.ProgrammingError("no row came back")
    return tuple(row)
