"""A submission costs three statements, each a transaction of its own, and says what it said by twelve, whoever is in its way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any

import pytest
from sqlalchemy import event

from core.clock import FixedClock
from providers.answer import Answer
from tests.factories.inbox import NOW
from tests.harness.cluster import Database
from tests.harness.scripted import CUT, scripted
from tests.harness.waiting import wait_until
from tests.workers.submitting import OK, World
from workers import outbox, outbox_claims, submissions
from workers.context import make_context
from workers.outbox_claims import Claim
from workers.settle_call import settle_call

_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    clock = FixedClock(NOW)
    with scripted() as script:
        settings = database.settings(stripe_api_key="sk_test_1", stripe_api_base=script.base, stripe_rate_per_s=1000.0)
        context = make_context(settings, clock=clock)
        yield World(context, clock, database, script)
        context.engine.dispose()


def _claimed(world: World) -> Claim:
    with world.context.engine.connect() as connection:
        claim = outbox_claims.claim_next(connection, "payments", now=NOW, lease_s=60)
    assert claim is not None
    return claim


def _taken_off(world: World) -> Any:
    with world.context.engine.connect() as connection:
        flight = submissions.take_off_first(connection, "stripe", world.key, "lane", world.context.settings, NOW)
        connection.commit()
    return flight


def _answer(body: bytes = b"{}") -> Answer:
    return Answer(
        source="stripe", event_id="answer-1", event_type="answer.refund", object_id="re_1", lane="lane", body=body, occurred_at=NOW
    )


def _settle(world: World, claim: Claim, body: bytes = b"{}") -> tuple[bool, bool]:
    return settle_call(world.context.engine, claim, _answer(body), now=NOW, submission=True)


def _while_held(world: World, hold: str, change: str, do: Callable[[], Any]) -> Any:
    """What `do` says of a row that another transaction changes under its hands."""
    said: list[Any] = []
    with world.database.connect() as other, other.transaction():
        other.execute(hold)
        thread = threading.Thread(target=lambda: said.append(do()))
        thread.start()
        wait_until(lambda: world.one(_WAITING), what="it waits for the row")
        other.execute(change)
    thread.join()
    return said[0]


@pytest.mark.requirement("INBOX-16")
def test_a_call_is_three_statements_and_there_is_nobody_to_ask_for_more(world: World) -> None:
    heard: list[str] = []
    commits: list[Any] = []
    event.listen(world.context.engine, "before_cursor_execute", lambda *said: heard.append(said[2]))
    event.listen(world.context.engine, "commit", commits.append)
    world.script.replies[:] = [OK]
    outbox.drain(world.context, "payments")
    assert world.state() == ("submitted", "done", None, 0)
    assert (len(heard), len(commits)) == (3, 3), "in SQLAlchemy's own way too each is committed: " + "\n".join(heard)


@pytest.mark.requirement("PAY-2")
def test_a_first_try_takes_one_leave_and_only_a_first_try_is_taken_off_unread(world: World) -> None:
    flight = _taken_off(world)
    assert (flight.submission, flight.key, flight.sent_before, flight.sent_at) == (world.key, world.key, False, NOW.astimezone(UTC))
    assert world.one("SELECT millitokens FROM bursar.provider_gate") == 999_000
    assert world.state()[0] == "in_flight"
    for state in ("in_flight", "unknown"):
        world.one(f"UPDATE bursar.submission SET state = '{state}', unknown_at = sent_at RETURNING 1")
        assert _taken_off(world) is None
    assert world.one("SELECT millitokens FROM bursar.provider_gate") == 999_000, "no leave was taken for what is not sent"
    assert world.one("SELECT sends FROM bursar.submission") == 1


@pytest.mark.requirement("PAY-2")
def test_what_is_given_up_while_a_worker_reaches_for_it_is_not_sent(world: World) -> None:
    _while_held(
        world, "SELECT FROM bursar.submission FOR UPDATE",
        "UPDATE bursar.submission SET state = 'abandoned', settled_at = clock_timestamp()", lambda: world.work(OK),
    )  # fmt: skip
    assert world.posts == []
    assert world.state()[:2] == ("abandoned", "done")


@pytest.mark.requirement("INBOX-16", "PAY-2")
def test_a_call_that_another_has_taken_over_keeps_its_row_and_the_answer_is_stored(world: World) -> None:
    claim = _claimed(world)
    _taken_off(world)
    other = "UPDATE bursar.outbox SET token = gen_random_uuid()"
    settled = _while_held(world, "SELECT FROM bursar.outbox FOR UPDATE", other, lambda: _settle(world, claim))
    assert settled == (False, False)
    assert world.state()[:2] == ("submitted", "processing")
    assert world.answers() == [("answer.refund", "answer-1")]


@pytest.mark.requirement("INBOX-2")
def test_settled_twice_with_the_same_answer_it_is_one_event_and_another_answer_changes_nothing(world: World) -> None:
    claim = _claimed(world)
    _taken_off(world)
    assert _settle(world, claim) == (True, False)
    assert _settle(world, claim) == (False, False)
    assert _settle(world, claim, b"[]") == (False, False)
    assert world.one("SELECT string_agg(body::text, ',') FROM bursar.inbox_payload") == r"\x7b7d"


def test_who_settles_hears_whether_others_wait(world: World) -> None:
    claim = _claimed(world)
    world.one(
        """INSERT INTO bursar.outbox (kind, key, queue, lane, payload, created_at, fair_at, next_at)
           SELECT kind, 'another', queue, lane, payload, created_at, fair_at, next_at FROM bursar.outbox RETURNING 1"""
    )
    assert _settle(world, claim) == (True, True)


def test_an_answer_closes_the_breaker(world: World) -> None:
    world.work(CUT)
    assert world.one("SELECT failures FROM bursar.provider_gate") == 1
    assert world.work(OK)[:2] == ("submitted", "done")
    assert world.one("SELECT failures FROM bursar.provider_gate") == 0
