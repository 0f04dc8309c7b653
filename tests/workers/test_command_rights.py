"""The role that the app's login gets reaches two functions and nothing else, and nobody without it reaches even these."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from tests.factories.commands import client, plug_in_commands, state, submit, unplug_commands
from tests.harness.cluster import Database


@pytest.fixture(autouse=True)
def _commands(database: Database) -> Iterator[None]:
    plug_in_commands(database)
    yield
    unplug_commands()


OUT_OF_REACH = (
    "SELECT * FROM bursar.inbox", "SELECT * FROM bursar.command_kind", "SELECT * FROM bursar.command_result",
    "SELECT * FROM bursar.customer",
    "DELETE FROM bursar.inbox", "INSERT INTO bursar.command_kind VALUES ('billing.a.b.v1', 'payments')",
    "SELECT bursar.accept_command('billing.test.attempt.v1', '{}', 'k', NULL, NULL, 'http:shop', clock_timestamp())",
    "SELECT bursar.command_status(1)", "SELECT bursar.claim_inbox('payments', NULL, false, 1, 1, gen_random_uuid(), 1, clock_timestamp())",
    "CREATE TABLE bursar_api.x (i int)", "CREATE TABLE bursar.x (i int)", "SET ROLE bursar_app", "SELECT * FROM bursar.audit",
)  # fmt: skip


_LOGIN = f"test_login_{os.getpid()}"
"""Of this parallel worker: roles belong to the whole cluster."""


@pytest.mark.parametrize("statement", OUT_OF_REACH)
def test_the_apps_login_reaches_nothing_else(database: Database, statement: str) -> None:
    with database.connect() as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'x' IN ROLE bursar_client").format(sql.Identifier(_LOGIN)))
    url = psycopg.conninfo.make_conninfo(database.url, user=_LOGIN, password="x")
    try:
        with psycopg.connect(url, autocommit=True) as app:
            assert submit(app, "k1")["new"]
            assert state(app, "k1") == "accepted"
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement.encode())
    finally:
        with database.connect() as connection:
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(_LOGIN)))


def test_a_stranger_may_not_even_submit(database: Database) -> None:
    with database.connect() as connection:
        for statement in ("SELECT bursar_api.status('k')", "SELECT bursar_api.submit('a', '{}', 'k')"):
            with connection.transaction(force_rollback=True):
                connection.execute(sql.SQL("CREATE ROLE {0}; SET LOCAL ROLE {0}").format(sql.Identifier(_LOGIN)))
                with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                    connection.execute(statement.encode())


def test_the_callers_own_things_do_not_get_into_the_functions(database: Database) -> None:
    """A SECURITY DEFINER function must not find what its caller put before the real thing."""
    with client(database) as app:
        app.execute("CREATE TEMP TABLE inbox (id int); CREATE TEMP TABLE command_kind (name text, queue text)")
        app.execute("CREATE FUNCTION pg_temp.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT 'mine'::bytea $$")
        app.execute("SET search_path = pg_temp, pg_catalog; SET timezone = 'Asia/Kolkata'; SET bytea_output = 'escape'")
        first = submit(app, "k1")
        assert first["submitted_at"].endswith("+00:00")
        assert app.execute("SELECT count(*) FROM inbox").fetchone() == (0,)
    with database.connect() as connection:
        row = connection.execute("SELECT octet_length(sha256) FROM bursar.inbox").fetchone()
    assert row == (32,)
