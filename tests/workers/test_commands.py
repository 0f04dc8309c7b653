"""Commands through `bursar_api`: in the app's own transaction, once per key, told their fate; and nothing else is in reach."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from core.clock import FixedClock
from models.command_kinds import synchronise
from tests.factories.commands import NAME, client, notes, plug_in_commands, state, status, submit, unplug_commands
from tests.factories.inbox import inbox_row, states
from tests.harness.cluster import Database
from workers import inbox
from workers.context import Context
from workers.hints import Hinter
from workers.routes import ROUTES
from workers.sweep import sweep


@pytest.fixture(autouse=True)
def _commands(context: Context, database: Database) -> Iterator[None]:
    plug_in_commands(database)
    yield
    unplug_commands()


def refused(app: psycopg.Connection[Any], *arguments: Any, **options: Any) -> psycopg.errors.Diagnostic:
    """What the refusal of a submission says."""
    with pytest.raises(psycopg.Error) as caught:
        submit(app, *arguments, **options)
    return caught.value.diag


def test_a_command_exists_if_its_transaction_commits(context: Context, database: Database) -> None:
    with client(database, autocommit=False) as app, database.connect() as connection:
        connection.execute("CREATE TABLE public.orders (id int)")
        connection.execute("GRANT INSERT, SELECT ON public.orders TO bursar_client")
        kept = []
        rolls = random.Random(3)
        for number in range(40):
            app.execute("INSERT INTO public.orders VALUES (%s)", [number])
            assert submit(app, f"order{number}")["new"] is True
            assert state(app, f"order{number}") == "accepted"
            if rolls.random() < 0.5:
                app.commit()
                kept.append(f"order{number}")
            else:
                app.rollback()
                assert status(app, f"order{number}") is None
        assert states(connection) == {"received": len(kept)}
        while inbox.drain(context, "payments").settled:
            pass
        assert sorted(notes(database)) == sorted(kept)
        assert {state(app, key) for key in kept} == {"succeeded"}


def test_a_savepoint_takes_its_command_along(database: Database) -> None:
    with client(database, autocommit=False) as app:
        submit(app, "k1")
        app.execute("SAVEPOINT s")
        submit(app, "k2")
        app.execute("ROLLBACK TO s")
        app.commit()
        assert (state(app, "k1"), status(app, "k2")) == ("accepted", None)


@pytest.mark.requirement("INBOX-2")
def test_a_thousand_at_once_are_one(context: Context, database: Database) -> None:
    def send(_: int) -> list[dict[str, Any]]:
        with client(database) as app:
            return [submit(app, "one", {"note": "x"}, actor="user:1") for _ in range(125)]

    with ThreadPoolExecutor(8) as pool:
        answers = [answer for part in pool.map(send, range(8)) for answer in part]
    assert Counter(answer.pop("new") for answer in answers) == {True: 1, False: 999}
    assert all(answer == answers[0] for answer in answers)
    assert inbox.drain(context, "payments").done == 1
    with client(database) as app:
        after = submit(app, "one", {"note": "x"}, actor="user:1")
        assert (after["new"], after["state"], after["result"]) == (False, "succeeded", {"note": "x"})
        assert inbox.drain(context, "payments").done == 0
    assert notes(database) == ["x"]


@pytest.mark.requirement("INBOX-2")
def test_the_same_key_for_something_else_changes_nothing(context: Context, database: Database) -> None:
    with client(database) as app, database.connect() as connection:
        submit(app, "k1", {"note": "a", "do": "ok"})
        before = connection.execute("SELECT * FROM bursar.inbox").fetchall()
        for payload, options in (
            ({"note": "b"}, {}), ({"note": "a", "do": "ok"}, {"lane": "x"}), ({"note": "a", "do": "ok"}, {"actor": "user:1"}),
            ({"note": "a", "do": "ok"}, {"name": "billing.object.refresh.v1"}),
        ):  # fmt: skip
            told = refused(app, "k1", payload, **options)
            assert told.sqlstate == "BU409"
            assert (told.message_primary or "").startswith("idempotency_conflict: ")
            assert told.message_detail
            assert told.message_hint
        assert submit(app, "k1", {"do": "ok", "note": "a"})["new"] is False, "the order of names means nothing"
        assert connection.execute("SELECT * FROM bursar.inbox").fetchall() == before
        inbox.drain(context, "payments")
        assert refused(app, "k1", {"note": "b"}).sqlstate == "BU409"
        assert notes(database) == ["a"]


@pytest.mark.parametrize(
    ("key", "payload", "options"),
    [
        ("", "{}", {}), ("with blank", "{}", {}), ("k" * 256, "{}", {}), ("\u00e9", "{}", {}), (None, "{}", {}),
        ("k", "[]", {}), ("k", "1", {}), ("k", None, {}), ("k", json.dumps({"note": "x" * 65_536}), {}),
        ("k", "{}", {"name": "billing.test.attempt"}), ("k", "{}", {"name": "Billing.test.attempt.v1"}), ("k", "{}", {"name": None}),
        ("k", "{}", {"name": "tasks.payments.run"}), ("k", "{}", {"lane": ""}), ("k", "{}", {"lane": "a\nb"}),
        ("k", "{}", {"lane": "l" * 256}),
        ("k", "{}", {"actor": ""}), ("k", "{}", {"actor": "a\x1bb"}), ("k", json.dumps({"customer_ref": "c" * 256}), {}),
    ],
)  # fmt: skip
def test_what_can_never_be_accepted(database: Database, key: Any, payload: Any, options: dict[str, Any]) -> None:
    values = {"name": NAME, "lane": None, "actor": None} | options
    with client(database) as app, pytest.raises(psycopg.Error) as caught:
        app.execute(
            "SELECT bursar_api.submit(%s, %s::jsonb, %s, %s, %s)", [values["name"], payload, key, values["lane"], values["actor"]]
        )
    assert caught.value.sqlstate == "BU400"
    assert (caught.value.diag.message_primary or "").startswith("invalid_command: ")
    with database.connect() as connection:
        assert states(connection) == {}


def test_names_are_those_of_the_code(database: Database) -> None:
    with client(database) as app, database.connect() as connection:
        told = refused(app, "k1", name="billing.test.nobody_knows.v1")
        assert (told.sqlstate, (told.message_primary or "").split(":")[0]) == ("BU404", "unknown_command")
        submit(app, "k2")
        synchronise(database.url, {"billing.customer.link.v1": "payments"})
        assert refused(app, "k3").sqlstate == "BU404", "its name left the code"
        assert submit(app, "k2")["new"] is False, "what was accepted keeps its fate"
        assert states(connection) == {"received": 1}
        synchronise(database.url, ROUTES["app"])
        found = connection.execute("SELECT name, queue FROM bursar.command_kind").fetchall()
    assert dict(found) == ROUTES["app"]


@pytest.mark.requirement("INBOX-2")
def test_a_snapshot_that_cannot_see_the_first_one_is_told_to_begin_again(database: Database) -> None:
    with client(database, autocommit=False) as app, client(database) as other:
        app.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert status(app, "k1") is None
        submit(other, "k1")
        assert refused(app, "k1").sqlstate == "40001"
        app.rollback()
        app.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert submit(app, "k1")["new"] is False
        assert submit(app, "k2")["new"] is True
        app.commit()
        assert state(other, "k2") == "accepted"


def test_the_second_waits_for_the_first_ones_commit(database: Database) -> None:
    with client(database, autocommit=False) as first, client(database) as second, ThreadPoolExecutor(1) as pool:
        submit(first, "k1")
        waiting = pool.submit(submit, second, "k1", {"note": "other"})
        first.rollback()
        assert waiting.result(30)["new"] is True


@pytest.mark.requirement("SEC-9")
def test_states_through_a_life(context: Context, database: Database, clock: FixedClock) -> None:
    hinter = Hinter(context.settings.broker_url.get_secret_value())
    with client(database) as app:
        first = submit(app, "k1", {"note": "k1", "do": "raise"}, actor="user:9")
        assert first == {
            "key": "k1", "name": NAME, "state": "accepted", "new": True, "code": None, "message": None, "details": {}, "result": None,
            "attempts": 0, "submitted_at": first["submitted_at"], "next_try_at": None, "finished_at": None, "outcome": None,
        }  # fmt: skip
        for attempt in range(1, 6):
            inbox.drain(context, "payments")
            found = status(app, "k1")
            assert found is not None
            assert (found["state"], found["attempts"], found["code"]) == ("retrying", attempt, None)
            assert found["next_try_at"]
            clock.move_to(clock.now() + timedelta(hours=8))
            sweep(context, hinter)
            assert state(app, "k1") == "retrying"
        inbox.drain(context, "payments")
        found = status(app, "k1")
        assert found is not None
        assert (found["state"], found["code"], found["attempts"], found["next_try_at"]) == ("failed", "failed", 6, None)
        assert found["finished_at"]
        assert (submit(app, "k1", {"note": "k1", "do": "raise"}, actor="user:9") | {"new": None}) == found | {"new": None}
    hinter.close()


@pytest.mark.requirement("SEC-9", "INBOX-16")
def test_a_refusal_is_final_costs_no_try_and_leaves_nothing(context: Context, database: Database) -> None:
    with client(database) as app, database.connect() as connection:
        for number in range(10):
            submit(app, f"good{number}", lane=f"l{number}")
            submit(app, f"bad{number}", {"note": "x", "do": "reject", "customer_ref": f"cus_{number}"})
        outcome = inbox.drain(context, "payments")
        assert (outcome.done, outcome.failed) == (20, [])
        found = status(app, "bad3")
        assert found is not None
        assert (found["state"], found["code"], found["message"]) == ("rejected", "too_many", "there are too many of them")
        assert (found["details"], found["result"], found["attempts"]) == ({"current": 7, "limit": 5}, None, 0)
        assert found["finished_at"]
        assert len(notes(database)) == 10
        assert connection.execute("SELECT count(*) FROM bursar.customer WHERE external_id LIKE 'cus_%'").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM bursar.inbox WHERE error IS NOT NULL").fetchone() == (0,)


@pytest.mark.requirement("SEC-9")
@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({}, "note"), ({"note": 1}, "note"), ({"note": None}, "note"), ({"note": "x", "do": 5}, "do"), ({"note": "x", "extra": 1}, "extra"),
        ({"note": "x", "customer_ref": {}}, "customer_ref"),
    ],
)  # fmt: skip
def test_a_payload_that_does_not_fit_names_its_field(context: Context, database: Database, payload: dict[str, Any], field: str) -> None:
    with client(database) as app:
        submit(app, "k1", payload)
        assert inbox.drain(context, "payments").done == 1
        found = status(app, "k1")
        assert found is not None
        assert (found["state"], found["code"], found["details"]) == ("rejected", "invalid_payload", {"field": field})
        assert field in found["message"] or "Expected" in found["message"]


@pytest.mark.requirement("AUDIT-2")
def test_who_asked_stands_in_the_audit(context: Context, database: Database) -> None:
    with client(database) as app, database.connect() as connection:
        submit(app, "k1", actor="user:42")
        submit(app, "k2")
        inbox.drain(context, "payments")
        rows = connection.execute("SELECT actor, reason FROM bursar.audit WHERE action = 'test.attempt' ORDER BY id").fetchall()
        assert rows == [("app:user:42", NAME), ("app:app", NAME)]
        (headers,) = connection.execute("SELECT headers FROM bursar.inbox_payload ORDER BY inbox_id LIMIT 1").fetchall()[0]
        assert json.loads(headers)["via"] == "sql"
        row = inbox_row(connection, connection.execute("SELECT min(id) FROM bursar.inbox").fetchall()[0][0])
        assert (row["source"], row["lane"], row["queue"]) == ("app", "app:k1", "payments")


def test_a_burst_of_one_lane_stands_behind_the_others(context: Context, database: Database) -> None:
    with client(database) as app:
        for number in range(100):
            submit(app, f"burst{number}", lane="one")
        submit(app, "other", lane="two")
        with database.connect() as connection:
            rows = connection.execute("SELECT event_id, received_at, fair_at FROM bursar.inbox ORDER BY id").fetchall()
    *burst, other = rows
    # Of the rows' own times, as how many of the burst stand behind the other is a matter of how quickly they were sent.
    assert other[2] == other[1]
    assert burst[0][2] == burst[0][1]
    for (_, _, before), (_, received_at, fair_at) in itertools.pairwise(burst):
        assert fair_at == max(received_at, before + timedelta(milliseconds=5))
    assert [row[0] for row in sorted(burst, key=lambda row: row[2])] == [f"burst{number}" for number in range(100)]
    assert burst[-1][2] > other[2], "a hundred commands took half a second to send: this machine can't show it"
