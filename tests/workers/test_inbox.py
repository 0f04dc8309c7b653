"""The inbox runner: one commit per batch, poison alone, the ladder, lanes, lost claims."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from core.clock import FixedClock
from tests.factories.inbox import NOW, inbox_row, states, store_event
from tests.harness.cluster import Database
from tests.harness.probe import probe
from tests.harness.waiting import wait_until
from workers import inbox
from workers.context import Context
from workers.hints import Hinter
from workers.inbox_claims import InboxClaim, claim_named, claim_next
from workers.sweep import sweep


def effects(database: Database) -> dict[int, int]:
    """Inbox id -> how often its handler's effect is in the database."""
    with database.connect() as connection:
        return dict(
            connection.execute(
                "SELECT inbox_id, count(*) FROM bursar.audit WHERE action = 'probe.ran' GROUP BY 1"
            ).fetchall()
        )


@pytest.mark.requirement("INBOX-3", "INBOX-16")
def test_a_batch_commits_effects_and_done_marks_together(context: Context, database: Database) -> None:
    with database.connect() as connection:
        ids = [store_event(connection, probe(f"cus_{n}")) for n in range(10)]
        outcome = inbox.drain(context, "payments")
        assert (outcome.done, outcome.failed, outcome.more) == (10, [], False)
        assert effects(database) == dict.fromkeys(ids, 1)
        row = inbox_row(connection, ids[0])
        assert (row["state"], row["attempts"], row["token"], row["done_at"]) == ("done", 0, None, NOW)
        assert row["handler_version"]


@pytest.mark.requirement("INBOX-4")
def test_one_bad_event_fails_alone_and_waits_for_its_rung(context: Context, database: Database) -> None:
    with database.connect() as connection:
        good = [store_event(connection, probe(f"cus_{n}")) for n in range(4)]
        bad = store_event(connection, probe("cus_bad", "raise"))
        outcome = inbox.drain(context, "payments")
        assert (outcome.done, len(outcome.failed)) == (4, 1)
        assert effects(database) == dict.fromkeys(good, 1)
        row = inbox_row(connection, bad)
        assert (row["state"], row["attempts"], row["error_class"]) == ("waiting", 1, "ProbeBugError")
        assert "bug met by cus_bad" in row["error"]
        assert timedelta(seconds=270) <= row["next_at"] - NOW <= timedelta(seconds=330)


@pytest.mark.requirement("INBOX-4", "INBOX-15")
def test_the_ladder_ends_in_dead_and_each_rung_is_waited_for(
    context: Context, database: Database, clock: FixedClock
) -> None:
    hinter = Hinter(context.settings.broker_url.get_secret_value())
    with database.connect() as connection:
        bad = store_event(connection, probe("cus_bad", "raise"))
        for attempt, wait_s in enumerate([300, 900, 3600, 7200, 21600], start=1):
            assert len(inbox.drain(context, "payments").failed) == 1
            assert inbox_row(connection, bad)["attempts"] == attempt
            clock.move_to(clock.now() + timedelta(seconds=wait_s * 0.89))
            assert sweep(context, hinter).promoted == 0
            clock.move_to(clock.now() + timedelta(seconds=wait_s * 0.22))
            assert sweep(context, hinter).promoted == 1
        inbox.drain(context, "payments")
        row = inbox_row(connection, bad)
        assert (row["state"], row["attempts"]) == ("dead", 6)
        assert row["fingerprint"]
    hinter.close()


@pytest.mark.parametrize("do", ["memory", "exit"])
def test_errors_that_would_end_a_worker_are_handled(context: Context, database: Database, do: str) -> None:
    with database.connect() as connection:
        bad, good = store_event(connection, probe("cus_1", do)), store_event(connection, probe("cus_2"))
        inbox.drain(context, "payments")
        assert inbox_row(connection, bad)["state"] == "waiting"
        assert effects(database) == {good: 1}


def test_bytes_that_cannot_be_parsed_go_down_the_ladder(context: Context, database: Database) -> None:
    with database.connect() as connection:
        bad = store_event(connection, b"\xff\xfe not json", event_type="unparsable")
        inbox.drain(context, "payments")
        row = inbox_row(connection, bad)
        assert (row["state"], row["error_class"]) == ("waiting", "UnparsableBody")


@pytest.mark.requirement("INBOX-17")
def test_a_row_whose_lane_is_taken_is_put_back_untouched(context: Context, database: Database) -> None:
    with database.connect() as connection, database.connect(autocommit=False) as other:
        busy = store_event(connection, probe("cus_1"), lane="probe:cus_1")
        free = store_event(connection, probe("cus_2"), lane="probe:cus_2")
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended('probe:cus_1', 0))")
        outcome = inbox.work(context, "payments", [busy, free])
        assert (outcome.done, outcome.put_back) == (1, [busy])
        row = inbox_row(connection, busy)
        assert (row["state"], row["attempts"], row["crashes"], row["token"]) == ("received", 0, 0, None)
        other.rollback()
        assert inbox.work(context, "payments", [busy]).done == 1
        assert effects(database) == {busy: 1, free: 1}


@pytest.mark.requirement("INBOX-16")
def test_a_worker_that_lost_its_claim_writes_nothing(context: Context, database: Database) -> None:
    with database.connect() as connection:
        row_id = store_event(connection, probe("cus_1"))
        with context.engine.connect() as engine:
            claim = claim_next(engine, "payments", 5, now=NOW, lease_s=0.0, suspects=False)
        assert claim is not None
        sweep(context, Hinter(context.settings.broker_url.get_secret_value()))
        assert inbox_row(connection, row_id)["crashes"] == 1
        assert inbox.process(context, claim).done == 0
        assert effects(database) == {}
        assert inbox.drain(context, "payments").done == 1
        assert effects(database) == {row_id: 1}


def test_a_lapsed_claim_counts_a_crash_and_the_third_alone_is_dead(context: Context, database: Database) -> None:
    hinter = Hinter(context.settings.broker_url.get_secret_value())
    with database.connect() as connection:
        poison, neighbour = store_event(connection, probe("cus_1")), store_event(connection, probe("cus_2"))
        with context.engine.connect() as engine:
            claim_next(engine, "payments", 5, now=NOW, lease_s=0.0, suspects=False)
            sweep(context, hinter)
            assert {inbox_row(connection, row)["crashes"] for row in (poison, neighbour)} == {1}
            assert claim_next(engine, "payments", 5, now=NOW, lease_s=0.0, suspects=False) is None, (
                "suspects are never claimed in a batch"
            )
            for crashes in (2, 3, 4):
                assert claim_named(engine, "payments", [poison], now=NOW, lease_s=0.0)
                sweep(context, hinter)
                assert inbox_row(connection, poison)["crashes"] == crashes
        row = inbox_row(connection, poison)
        assert (row["state"], row["solo_crashes"], row["error_class"]) == ("dead", 3, "WorkerCrash")
        assert inbox.drain(context, "payments").done == 1, "the innocent neighbour is processed"
        assert states(connection) == {"dead": 1, "done": 1}
    hinter.close()


@pytest.mark.requirement("INBOX-2")
def test_a_row_that_is_done_is_never_claimed_again(context: Context, database: Database) -> None:
    with database.connect() as connection:
        row_id = store_event(connection, probe("cus_1"))
        assert inbox.work(context, "payments", [row_id]).done == 1
        assert inbox.work(context, "payments", [row_id] * 50).done == 0
        assert effects(database) == {row_id: 1}


@pytest.mark.requirement("INBOX-4")
@pytest.mark.parametrize("do", ["raise", "raise late"])
@pytest.mark.parametrize("bad", [1, 7])
def test_a_failing_event_leaves_its_batch_alone_and_leaves_nothing(
    context: Context, database: Database, bad: int, do: str, runs: list[int]
) -> None:
    with database.connect() as connection:
        poison = [store_event(connection, probe(f"cus_bad_{n}", do)) for n in range(bad)]
        shared = store_event(connection, probe("cus_0", do))
        good = [store_event(connection, probe(f"cus_{n}")) for n in range(10)]
        outcome = inbox.drain(context, "payments")
        assert (outcome.done, sorted(row for row, _, _ in outcome.failed)) == (10, [*poison, shared])
        assert effects(database) == dict.fromkeys(good, 1)
        rows = connection.execute("SELECT external_id, balance_minor FROM bursar.customer").fetchall()
        assert dict(rows) == {f"cus_{n}": 1 for n in range(10)}, "no stub and no change is left of those that failed"
        assert states(connection) == {"waiting": bad + 1, "done": 10}
    assert runs == [11 + bad]


@pytest.mark.requirement("INBOX-4")
def test_what_the_database_refuses_is_found_by_running_each_alone(
    context: Context, database: Database, runs: list[int]
) -> None:
    with database.connect() as connection:
        good = [store_event(connection, probe(f"cus_{n}")) for n in range(3)]
        bad = store_event(connection, probe("cus_bad", "constraint"))
        late = store_event(connection, probe("cus_late", "raise late"))
        outcome = inbox.drain(context, "payments")
        assert (outcome.done, sorted(row for row, _, _ in outcome.failed)) == (3, [bad, late])
        assert effects(database) == dict.fromkeys(good, 1)
        assert inbox_row(connection, bad)["error_class"] == "IntegrityError"
        assert connection.execute("SELECT count(*) FROM bursar.inbox_claim").fetchone() == (0,)
    assert runs == [5, 1, 1, 1, 1, 1]


@pytest.mark.requirement("INBOX-18")
def test_a_row_that_another_lane_makes_at_this_moment_is_one_row(context: Context, database: Database, runs: list[int]) -> None:
    with database.connect() as connection, database.connect(autocommit=False) as other:
        ids = [store_event(connection, probe("cus_new")), store_event(connection, probe("cus_1"))]
        other.execute(
            "INSERT INTO bursar.customer (id, source, external_id, versions, created_at, updated_at, balance_minor) "
            "VALUES (gen_random_uuid(), 'probe', 'cus_new', '{}', %(now)s, %(now)s, 5)",
            {"now": NOW},
        )
        thread = threading.Thread(target=inbox.drain, args=(context, "payments"))
        thread.start()
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        wait_until(lambda: connection.execute(waits).fetchone() == (1,), what="the worker to meet the other's row")
        other.commit()
        thread.join()
        assert effects(database) == dict.fromkeys(ids, 1)
        rows = connection.execute("SELECT external_id, balance_minor FROM bursar.customer").fetchall()
        assert dict(rows) == {"cus_new": 6, "cus_1": 1}
    assert runs == [2, 2]


@pytest.mark.requirement("INBOX-14")
def test_a_busy_lane_of_any_length_stops_no_other_and_is_not_taken_up_again_and_again(
    context: Context, database: Database, runs: list[int]
) -> None:
    with database.connect() as connection, context.engine.connect() as engine:
        hot = [store_event(connection, probe("cus_hot"), lane="probe:cus_hot") for _ in range(700)]
        other = [store_event(connection, probe(f"cus_{n}"), lane=f"probe:cus_{n}") for n in range(3)]
        held = claim_next(engine, "payments", 50, now=NOW, lease_s=60.0, suspects=False)
        assert held is not None
        assert held.ids == hot[:50]
        outcome = inbox.drain(context, "payments")
        assert (outcome.done, outcome.more, runs) == (3, False, [3]), "past the busy lane, at once, and then no further"
        assert effects(database) == dict.fromkeys(other, 1)
        assert inbox.process(context, held).done == 50
        assert inbox.drain(context, "payments").done == 650


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each run of the transaction had."""
    seen: list[int] = []
    together = inbox.run_together

    def counted(context: Context, claim: InboxClaim, ids: Sequence[int]) -> Any:
        seen.append(len(ids))
        return together(context, claim, ids)

    monkeypatch.setattr(inbox, "run_together", counted)
    return seen
