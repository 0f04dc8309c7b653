"""Other workers lend a hand at a long run: the work is shared, done once, counted, and nothing depends on them."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from core.clock import FixedClock
from models.base import OWN_SOURCE
from models.invoice import Invoice
from tests.factories.subscribers import subscriber, unit_of
from tests.harness.cluster import Database
from workers import paging, slot_hands, slots
from workers.context import Context
from workers.slots import RunFailedError

_JOB, _QUEUE = "expire_invoices", "payments"


@pytest.fixture
def slot_at(context: Context, database: Database, monkeypatch: pytest.MonkeyPatch) -> str:
    """A slot of a run over 60 invoices, whose turns last a page of 5."""
    monkeypatch.setattr(paging.work_pages, "__kwdefaults__", {"page": 5, "budget_s": 0.0})
    monkeypatch.setattr(slot_hands, "TURN_S", 0.0)
    now = context.clock.now()
    with unit_of(context) as unit:
        for number in range(60):
            subscriber(unit, f"s{number:03}")
            row = unit.row(Invoice, OWN_SOURCE, f"in-{number:03}")
            row.versions = {"own": {}}
            row.status, row.subscriber_ref, row.expires_at = "pending", f"s{number:03}", now - timedelta(minutes=1)
            row.invoice_type, row.product_ref, row.package_credits, row.currency = "credit_package", "pack", 500, "EUR"
            row.total_minor = row.amount_due_minor = row.amount_remaining_minor = 500
            row.amount_paid_minor = row.credit_applied_minor = row.discount_minor = 0
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO bursar.schedule_slot (job, slot_at, state, queue) VALUES (%s, %s, 'due', %s)",
            [_JOB, now, _QUEUE],
        )
    return now.isoformat()


def _count(database: Database, status: str) -> int:
    with database.connect() as connection:
        found = connection.execute("SELECT count(*) FROM bursar.invoice WHERE status = %s", [status]).fetchone()
        return int(found[0]) if found else 0


def _hands(database: Database) -> list[tuple[Any, ...]]:
    with database.connect() as connection:
        return connection.execute(
            "SELECT hand, items, failed, token FROM bursar.schedule_hand ORDER BY hand"
        ).fetchall()


@pytest.mark.requirement("SUB-3")
def test_hands_share_the_work_with_the_slots_own_turns(context: Context, database: Database, slot_at: str) -> None:
    first = slots.turn(context, _QUEUE, _JOB, slot_at)
    assert (first.more, first.shared) == (True, True)

    def help_out(hand: int) -> None:
        while slot_hands.turn(context, _QUEUE, _JOB, slot_at, hand).more:
            pass

    helpers = [threading.Thread(target=help_out, args=(hand,)) for hand in (1, 2)]
    for helper in helpers:
        helper.start()
    while slots.turn(context, _QUEUE, _JOB, slot_at).more:
        pass
    for helper in helpers:
        helper.join()

    with database.connect() as connection:
        own = connection.execute("SELECT (result ->> 'items')::int, state FROM bursar.schedule_slot").fetchone()
    hands = _hands(database)
    assert own is not None
    assert own[1] == "done"
    # One whose page was read in the moment in which another one committed it has looked at it, too, and found it done.
    assert own[0] + sum(items for _, items, _, _ in hands) >= 60
    assert _count(database, "void") == 60
    with database.connect() as connection:
        told = connection.execute("SELECT count(*), count(DISTINCT object_id) FROM bursar.audit WHERE action = 'invoice.status'").fetchone()
    assert told == (60, 60), "each was voided once"
    assert all((failed, token) == (0, None) for _, _, failed, token in hands)


def test_a_run_that_has_not_shown_that_it_is_long_or_has_ended_wants_no_hand(
    context: Context, database: Database, slot_at: str
) -> None:
    assert slot_hands.turn(context, _QUEUE, _JOB, slot_at, 1).said == "not wanted"
    while slots.turn(context, _QUEUE, _JOB, slot_at).more:
        pass
    assert slot_hands.turn(context, _QUEUE, _JOB, slot_at, 1).said == "not wanted"
    assert _hands(database) == []


def test_one_that_was_stopped_wants_none_and_the_rest_is_left(
    context: Context, database: Database, slot_at: str
) -> None:
    slots.turn(context, _QUEUE, _JOB, slot_at)
    with database.connect() as connection:
        connection.execute("UPDATE bursar.schedule_slot SET stop = true")
    assert slot_hands.turn(context, _QUEUE, _JOB, slot_at, 1).said == "not wanted"
    assert _count(database, "pending") == 55


def test_a_hand_is_one_workers_until_it_settles_or_its_lease_lapses(
    context: Context, database: Database, slot_at: str, clock: FixedClock
) -> None:
    slots.turn(context, _QUEUE, _JOB, slot_at)
    assert slot_hands.turn(context, _QUEUE, _JOB, slot_at, 1).more
    with database.connect() as connection:
        connection.execute(
            "UPDATE bursar.schedule_hand SET token = gen_random_uuid(), lease_until = clock_timestamp() + interval '1 minute'"
        )
        assert slot_hands.turn(context, _QUEUE, _JOB, slot_at, 1).said == "not wanted"
        connection.execute("UPDATE bursar.schedule_hand SET lease_until = clock_timestamp() - interval '1 second'")
    assert slot_hands.turn(context, _QUEUE, _JOB, slot_at, 1).more, "its worker has died"


def test_a_run_that_raises_lets_go_of_the_hand(context: Context, database: Database, slot_at: str) -> None:
    slots.turn(context, _QUEUE, _JOB, slot_at)
    with database.connect() as connection:
        connection.execute("ALTER TABLE bursar.run_failure RENAME TO gone")
        with pytest.raises(RunFailedError, match="hand 1"):
            slot_hands.turn(context, _QUEUE, _JOB, slot_at, 1)
        connection.execute("ALTER TABLE bursar.gone RENAME TO run_failure")
    assert _hands(database) == [(1, 0, 0, None)]
