"""The inbox runner: one commit per batch, poison alone, the ladder, lanes, lost claims."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from core.clock import FixedClock
from tests.factories.inbox import NOW, inbox_row, states, store_event
from tests.harness.cluster import Database
from tests.harness.probe import probe
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
@pytest.mark.parametrize("bad", [1, 3, 7])
def test_what_breaks_a_batch_runs_alone_and_the_others_together_again(
    context: Context, database: Database, bad: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[int] = []
    together = inbox.run_together

    def counted(context: Context, claim: InboxClaim, ids: Sequence[int], hand: inbox.Hand) -> inbox.Outcome:
        runs.append(len(ids))
        return together(context, claim, ids, hand)

    monkeypatch.setattr(inbox, "run_together", counted)
    with database.connect() as connection:
        poison = [store_event(connection, probe(f"cus_bad_{n}", "raise")) for n in range(bad)]
        good = [store_event(connection, probe(f"cus_{n}")) for n in range(10)]
        outcome = inbox.drain(context, "payments")
        assert (outcome.done, sorted(row for row, _, _ in outcome.failed), outcome.put_back) == (10, poison, [])
        assert effects(database) == dict.fromkeys(good, 1)
    all_rows = 10 + bad
    apart = [all_rows - n for n in range(min(bad, 3) + 1)]
    assert runs == apart + [1] * (bad if bad <= 3 else all_rows)
