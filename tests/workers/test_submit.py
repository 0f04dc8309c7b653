"""Submissions against a provider that says all that one can say, or nothing: never two effects, never a blind second try."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from core.clock import FixedClock
from models.refund import Refund
from tests.factories.inbox import NOW
from tests.harness.cluster import Database
from tests.harness.ports import free_range
from tests.harness.scripted import CUT, scripted
from tests.workers.submitting import FRESH_500, MADE, NONE, OK, STORED_500, World
from workers import gate, inbox
from workers.context import make_context
from workers.hints import Hinter
from workers.submit import UNKNOWN_LADDER_S
from workers.sweep import sweep
from workers.unit import Unit


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    clock = FixedClock(NOW)
    with scripted() as script:
        settings = database.settings(stripe_api_key="sk_test_1", stripe_api_base=script.base, stripe_rate_per_s=1000.0)
        context = make_context(settings, clock=clock)
        yield World(context, clock, database, script)
        context.engine.dispose()


@pytest.mark.requirement("PAY-2", "INBOX-16")
def test_what_was_stored_is_what_is_sent_and_the_answer_is_an_event(world: World) -> None:
    assert world.state() == ("reserved", "received", None, 0)
    assert world.work(OK) == ("submitted", "done", None, 0)
    [asked] = world.posts
    assert (asked.path, asked.key) == ("/v1/refunds", world.key)
    assert len(world.key) <= 60
    assert asked.body == {
        "charge": "ch_1", "amount": "700", "metadata[bursar_request]": "refund:REF-1", "metadata[bursar_submission]": world.key,
    }  # fmt: skip
    [(event_type, event_id)] = world.answers()
    assert event_type == "answer.refund"
    assert event_id.startswith("answer-")
    assert world.one("SELECT outcome FROM bursar.submission") == "accepted"
    assert world.work(OK, after=timedelta(days=3)) == ("submitted", "done", None, 0)
    assert len(world.posts) == 1


@pytest.mark.requirement("PAY-3")
@pytest.mark.parametrize("status", [400, 402, 404])
def test_a_refusal_is_an_answer_and_is_never_tried_again(world: World, status: int) -> None:
    error = {"type": "card_error", "code": "card_declined", "decline_code": "do_not_honor", "message": "no"}
    assert world.work((status, {"error": error}, {})) == ("submitted", "done", None, 0)
    assert world.one("SELECT outcome FROM bursar.submission") == "refused"
    assert [event_type for event_type, _ in world.answers()] == ["answer.refund"]
    world.work(OK, after=timedelta(days=9))
    assert len(world.posts) == 1


@pytest.mark.requirement("PAY-3")
def test_a_rate_limit_is_waited_out_as_asked_and_uses_up_nothing(world: World) -> None:
    assert world.work((429, {"error": {"message": "slow"}}, {"Retry-After": "7"})) == ("reserved", "waiting", "RateLimited", 0)
    assert world.waits_s() == 7
    assert world.work(OK, after=timedelta(seconds=6))[0] == "reserved"
    assert world.work(OK, after=timedelta(seconds=1)) == ("submitted", "done", None, 0)
    assert {asked.key for asked in world.posts} == {world.key}


@pytest.mark.requirement("PAY-3")
def test_while_nobody_can_be_reached_it_stays_reserved_and_waits_longer_and_longer(world: World, database: Database) -> None:
    nowhere = f"http://127.0.0.1:{free_range()}"
    settings = database.settings(stripe_api_key="sk_test_1", stripe_api_base=nowhere, stripe_rate_per_s=1000.0)
    context = make_context(settings, clock=world.clock)
    world.context, there = context, world.context
    waits: list[float] = []
    for _ in range(4):
        assert world.work(OK, after=timedelta(seconds=waits[-1] if waits else 0)) == ("reserved", "waiting", "Retryable", 0)
        waits.append(world.waits_s())
    assert waits == sorted(waits)
    assert waits[-1] > waits[0]
    context.engine.dispose()
    world.context = there
    assert world.work(OK, after=timedelta(hours=1))[0] == "submitted"


@pytest.mark.requirement("PAY-16", "PAY-2")
def test_a_lost_reply_is_asked_for_at_once_under_the_same_key_and_body(world: World) -> None:
    assert world.work(CUT) == ("unknown", "waiting", "Unknown", 1)
    assert world.waits_s() == 0
    assert world.work(OK)[:2] == ("submitted", "done")
    first, second = world.posts
    assert first == second


@pytest.mark.requirement("PAY-16")
def test_the_ladder_of_the_unknown_then_people_are_told_and_it_can_still_be_resolved(world: World) -> None:
    waits: list[float] = []
    for step in range(len(UNKNOWN_LADDER_S)):
        world.close_breaker()
        assert world.work(CUT, after=timedelta(seconds=waits[-1] if waits else 0)) == ("unknown", "waiting", "Unknown", step + 1)
        waits.append(world.waits_s())
        if sum(waits) > 23 * 3600:
            break
    assert waits == [0, 30, 300, 3600, 86400]
    # By now the key may be forgotten: it is looked up, and not sent again.
    sent = len(world.posts)
    listed: Any = (200, {"object": "list", "data": [{**MADE, "metadata": {"bursar_submission": world.key}}], "has_more": False}, {})
    assert world.work(listed, after=timedelta(days=1))[:2] == ("submitted", "done")
    assert len(world.posts) == sent
    assert world.script.asked[-1].method == "GET"
    assert world.script.asked[-1].path.startswith("/v1/refunds?")


@pytest.mark.requirement("PAY-16")
def test_a_provider_that_can_not_be_asked_for_days_leaves_it_unknown_and_dead(world: World) -> None:
    world.work(CUT)
    for _ in range(12):
        world.close_breaker()
        world.work(FRESH_500, after=timedelta(days=1))
    assert world.state()[:2] == ("unknown", "dead")


@pytest.mark.requirement("PAY-16")
def test_without_a_key_it_waits_for_as_long_as_it_takes(world: World, database: Database) -> None:
    there, world.context = world.context, make_context(database.settings(stripe_api_base=world.script.base), clock=world.clock)
    for _ in range(12):
        assert world.work(OK, after=timedelta(days=1)) == ("reserved", "waiting", "NotConfigured", 0)
    world.context.engine.dispose()
    world.context = there
    assert world.work(OK, after=timedelta(days=1))[:2] == ("submitted", "done")
    assert world.posts[0].key == world.key


@pytest.mark.requirement("PAY-16", "PAY-2")
def test_what_was_sent_is_never_taken_for_unsent_because_nobody_could_look(world: World) -> None:
    """A worker died with it, its key is old, and the look-up is refused for now: sent again it would be a second refund."""
    with world.context.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE bursar.submission SET state = 'in_flight', sends = 1, sent_at = %(now)s", {"now": NOW})
    assert world.work((429, {"error": {}}, {}), after=timedelta(days=2))[:2] == ("unknown", "waiting")
    listed: Any = (200, {"object": "list", "data": [{**MADE, "metadata": {"bursar_submission": world.key}}], "has_more": False}, {})
    assert world.work(listed, after=timedelta(days=1))[:2] == ("submitted", "done")
    assert world.posts == []


@pytest.mark.requirement("PAY-16", "PAY-2")
def test_a_stored_500_is_looked_up_and_only_then_sent_under_the_next_key(world: World) -> None:
    assert world.work(FRESH_500)[:2] == ("unknown", "waiting")
    assert world.work(STORED_500, NONE, OK)[:2] == ("submitted", "done")
    assert [asked.key for asked in world.posts] == [world.key, world.key, f"{world.key}:2"]
    assert [asked.method for asked in world.script.asked] == ["POST", "POST", "GET", "POST"]


@pytest.mark.requirement("PAY-16", "PAY-2")
def test_a_look_up_does_not_trust_our_clock(world: World) -> None:
    """Found by a random schedule: our clock ran ahead of the provider's, the list was narrowed by it, and a payout was made again."""
    assert world.work(STORED_500, NONE, OK)[:2] == ("submitted", "done")
    [looked] = [asked for asked in world.script.asked if asked.method == "GET"]
    assert "created" not in looked.path


@pytest.mark.requirement("PAY-16")
def test_a_stored_500_whose_effect_is_there_is_taken_as_the_answer(world: World) -> None:
    other = {**MADE, "id": "re_0", "metadata": {"bursar_submission": "another"}}
    found = {**MADE, "metadata": {"bursar_submission": world.key}}
    listed: Any = (200, {"object": "list", "data": [other, found], "has_more": False}, {})
    assert world.work(STORED_500, listed)[:2] == ("submitted", "done")
    assert len(world.posts) == 1
    assert world.one("SELECT object_id FROM bursar.inbox") == "re_1"


@pytest.mark.requirement("PAY-16")
def test_a_reply_that_cannot_be_read_leaves_the_outcome_unknown(world: World) -> None:
    assert world.work((200, [1], {})) == ("unknown", "waiting", "UnparsableBody", 1)
    assert world.work(OK)[:2] == ("submitted", "done")
    assert len({asked.key for asked in world.posts}) == 1


@pytest.mark.requirement("PAY-2")
def test_a_key_that_is_another_calls_stops_everything(world: World) -> None:
    taken: Any = (400, {"error": {"type": "idempotency_error", "message": "other parameters"}}, {})
    assert world.work(taken)[:3] == ("unknown", "dead", "Final")


@pytest.mark.requirement("PAY-16")
def test_a_worker_that_died_with_the_reply_in_hand(world: World) -> None:
    with world.context.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE bursar.submission SET state = 'in_flight', sends = 1, sent_at = %(now)s", {"now": NOW})
    assert world.work(OK)[:2] == ("submitted", "done")
    assert world.posts[0].key == world.key


@pytest.mark.requirement("PAY-16")
def test_no_number_of_dead_workers_gives_a_submission_up(world: World) -> None:
    for _ in range(5):
        with world.database.connect() as connection:
            connection.execute(
                """UPDATE bursar.outbox SET state = 'processing', token = gen_random_uuid(), claimed_alone = true,
                          lease_until = clock_timestamp() - interval '1 s'"""
            )
        sweep(world.context, Hinter(world.context.settings.broker_url.get_secret_value()))
        assert world.state()[1] == "received"
    assert world.work(OK)[:2] == ("submitted", "done")


def test_the_breaker_opens_after_silence_and_one_call_tries_whether_the_provider_is_back(world: World) -> None:
    settings = world.context.settings
    with world.context.engine.begin() as connection:
        for _ in range(5):
            assert gate.enter(connection, "stripe", settings) is None
            gate.silent(connection, "stripe")
        wait = gate.enter(connection, "stripe", settings)
        assert wait is not None
        assert "breaker" in wait.why
    assert world.work(OK) == ("reserved", "waiting", "GateShutError", 0)
    assert world.posts == []
    world.one("UPDATE bursar.provider_gate SET opens_at = clock_timestamp() RETURNING 1")
    with world.context.engine.begin() as connection:
        assert gate.enter(connection, "stripe", settings) is None
        assert gate.enter(connection, "stripe", settings) is not None, "one tries, the others wait"
        connection.exec_driver_sql(gate.ANSWERED, {"source": "stripe"})
        assert gate.enter(connection, "stripe", settings) is None


def test_a_clock_of_the_database_that_was_ahead_for_a_while_stops_no_calls(world: World) -> None:
    settings = world.context.settings
    with world.context.engine.begin() as connection:
        assert gate.enter(connection, "stripe", settings) is None
    ahead = "clock_timestamp() + interval '1 day'"
    world.one(f"UPDATE bursar.provider_gate SET filled_at = {ahead}, millitokens = 0, opens_at = {ahead} RETURNING 1")
    with world.context.engine.begin() as connection:
        assert gate.enter(connection, "stripe", settings) is None
        connection.exec_driver_sql(gate.ANSWERED, {"source": "stripe"})
    world.one(f"UPDATE bursar.provider_gate SET filled_at = {ahead}, millitokens = 0 RETURNING 1")
    assert world.work(OK)[:2] == ("submitted", "done")


def test_the_rate_is_shared_and_refills(world: World, database: Database) -> None:
    settings = database.settings(stripe_rate_per_s=2.0)
    with world.context.engine.begin() as connection:
        taken = [gate.enter(connection, "stripe", settings) for _ in range(4)]
        assert [wait is None for wait in taken] == [True, True, False, False]
        assert taken[-1] is not None
        assert 0 < taken[-1].seconds <= 1
        connection.exec_driver_sql("UPDATE bursar.provider_gate SET filled_at = filled_at - interval '1 hour'")
        again = [gate.enter(connection, "stripe", settings) is None for _ in range(3)]
    assert again == [True, True, False]


@pytest.mark.requirement("PAY-2")
@pytest.mark.parametrize(
    "change",
    [
        "key = 'another'", "body = '{}'", "path = '/v1/payouts'", "attempt = 2", "account = 'acct_1'",
        "state = 'settled', settled_at = clock_timestamp(), sent_at = clock_timestamp()",
    ],
)  # fmt: skip
def test_the_database_refuses_what_must_not_be(world: World, change: str) -> None:
    with world.database.connect() as connection, pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.CheckViolation)):
        connection.execute(f"UPDATE bursar.submission SET {change}")  # from the list above


@pytest.mark.requirement("PAY-2")
def test_asked_for_twice_it_is_one(world: World) -> None:
    def again(reserve: Callable[[Unit], str]) -> None:
        with world.context.engine.begin() as connection:
            unit = Unit(connection, world.context.keys, now=NOW)
            assert reserve(unit) == world.key
            unit.flush()

    values = {"charge_ref": "ch_1", "amount_minor": 1}
    again(lambda unit: unit.submit("refund.create", unit.row(Refund, "stripe", "REF-1"), values=values, queue="payments", lane="l"))
    assert world.one("SELECT count(*) FROM bursar.submission") == 1
    assert '"amount":700' in world.one("SELECT body FROM bursar.submission")


def test_a_submission_that_is_answered_is_settled_by_its_event_only(world: World) -> None:
    world.work(OK)
    inbox.drain(world.context, "payments")
    # Nothing in this test follows a refund that asks for a refund: the event fails, and the submission stays as it is.
    assert world.one("SELECT state FROM bursar.inbox") == "waiting"
    assert world.state()[0] == "submitted"
