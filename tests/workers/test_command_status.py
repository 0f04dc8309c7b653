"""What a command is told about itself is the same by all ways: as it is stored, as it is asked for, and as its outcome alone."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from psycopg import sql

from tests.factories.commands import NAME, client, plug_in_commands, status, submit, unplug_commands
from tests.harness.cluster import Database


@pytest.fixture(autouse=True)
def _commands(database: Database) -> Iterator[None]:
    plug_in_commands(database)
    yield
    unplug_commands()


_AT = ("2027-03-28 02:59:59.999999+02", "2026-12-31T00:00:00Z", "2027-06-01 12:00:00.1+05:30", "1999-01-01 00:00:00.000010+00")
"""With and without parts of a second, in other zones: each is rendered in UTC."""


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_a_new_command_is_told_what_its_row_says(database: Database, zone: str) -> None:
    with database.connect() as connection:
        connection.execute(sql.SQL("SET timezone = {}").format(sql.Literal(zone)))
        for number, at in enumerate(_AT):
            key = f"k{number}"
            payload = json.dumps({"note": key, "customer_ref": ["cus_1", None, 7, ""][number]})
            told = connection.execute(
                "SELECT bursar.accept_command(%s, %s::jsonb, %s, %s, NULL, 'sql', %s)", [NAME, payload, key, [None, "l"][number % 2], at]
            ).fetchall()[0][0]
            [(kept,)] = connection.execute("SELECT bursar.command_status(id) FROM bursar.inbox WHERE event_id = %s", [key]).fetchall()
            assert told == kept | {"new": True}
            assert told["submitted_at"].endswith("+00:00")


def test_a_command_that_asked_for_nothing_has_no_outcome_and_an_unknown_key_nothing(database: Database) -> None:
    with client(database) as app:
        submit(app, "k1")
        kinds = "SELECT {0}('k1') IS NULL, jsonb_typeof({0}('k1')), {0}('k2') IS NULL"
        assert app.execute(kinds.format("bursar_api.outcome").encode()).fetchall() == [(False, "null", True)]
        assert app.execute(kinds.format("bursar_api.status").encode()).fetchall() == [(False, "object", True)]


def test_the_outcome_alone_is_that_of_the_status(database: Database) -> None:
    with client(database) as app, database.connect() as connection:
        submit(app, "k1")
        [(number, request)] = connection.execute("SELECT id, gen_random_uuid() FROM bursar.inbox").fetchall()
        connection.execute(
            "INSERT INTO bursar.customer_request (id, source, external_id, versions, created_at, updated_at, status) "
            "VALUES (%s, 'stripe', 'new:1', '{}', '2027-01-01', '2027-01-01 00:00:00.5+05:30', 'created')", [request]
        )  # fmt: skip
        result = json.dumps({"request": f"customerrequest_{request.hex}"})
        connection.execute("UPDATE bursar.inbox SET state = 'done', done_at = received_at, next_at = received_at")
        connection.execute("INSERT INTO bursar.command_result (inbox_id, result) VALUES (%s, %s)", [number, result])
        app.execute("SET timezone = 'Asia/Kolkata'")
        found = status(app, "k1")
        assert found is not None
        outcome = app.execute("SELECT bursar_api.outcome('k1')").fetchall()[0][0]
        assert outcome == found["outcome"]
        assert {"request_type": "customer_request", "reference": "new:1", "settled": True}.items() <= outcome.items()
        assert (outcome["updated_at"], found["state"]) == ("2026-12-31T18:30:00.5+00:00", "succeeded")
        connection.execute("UPDATE bursar.command_result SET result = '{\"request\": \"pay_1\"}'")
        assert app.execute("SELECT bursar_api.outcome('k1')").fetchall() == [(None,)]
