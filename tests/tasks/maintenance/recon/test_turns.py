"""A run in turns: it goes on where it stopped, begins anew where its table was lost, and is asked for once a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billing.operations.ask_recon import ask_recon
from tasks.maintenance.recon.ask import ask_daily
from tasks.maintenance.recon.lists import LISTS
from tasks.maintenance.recon.run import turn
from tasks.maintenance.runs import backfill_events, reconcile
from tests.harness.sandbox import Sandbox
from tests.tasks.maintenance.recon.test_trade import some
from tests.tasks.maintenance.recon.trade import Trade
from workers.routing import load
from workers.slots import turn as slot_turn


def asked(trade: Trade, reference: str) -> None:
    """A run over everything, not begun."""
    now = trade.machine.clock.now()
    trade.change(
        lambda unit: ask_recon(
            unit, "stripe", reference, since=now - timedelta(days=9), until=now + timedelta(days=9), objects=list(LISTS["stripe"]),
            actor="test", reason="test",
        )
    )  # fmt: skip


@pytest.mark.requirement("RECON-1")
def test_a_run_goes_on_where_its_last_turn_ended(trade: Trade) -> None:
    some(trade)
    trade.hear()
    trade.pull()
    asked(trade, "RUN-A")

    turns = 1
    while not turn(trade.machine.context, budget_s=0).done:
        turns += 1
        if turns == 6:
            # As a crash of the server leaves an unlogged table.
            _empty(trade)
    assert turns > 20
    assert trade.open() == []
    listed = trade.machine.one("SELECT (counts->>'listed')::int FROM bursar.recon_run WHERE status = 'done'")
    asked(trade, "RUN-B")
    whole = turn(trade.machine.context, budget_s=60)
    assert whole.run is not None
    assert whole.run.counts["listed"] == listed


def _empty(trade: Trade) -> None:
    with trade.machine.connect() as connection:
        connection.execute("TRUNCATE bursar.recon_staged")


@pytest.mark.requirement("RECON-1")
def test_a_page_that_fails_is_asked_for_again(trade: Trade, stripe_sandbox: Sandbox) -> None:
    some(trade, 2)
    trade.hear()
    trade.pull()
    asked(trade, "RUN-A")
    stripe_sandbox.control.fault("error_before", "/v1/refunds", method="GET")
    stripe_sandbox.control.fault("rate_limit", "/v1/charges", method="GET", retry_after_s=0)

    assert turn(trade.machine.context, budget_s=60).done
    assert trade.open() == []


@pytest.mark.requirement("RECON-1", "INBOX-6")
def test_the_day_has_one_run_and_the_hour_one_backfill(trade: Trade) -> None:
    some(trade, 2)
    early, late = datetime(2027, 1, 7, 3, 58, tzinfo=UTC), datetime(2027, 1, 7, 4, tzinfo=UTC)
    context = trade.machine.context

    assert ask_daily(context, early) == []
    assert ask_daily(context, late) == ask_daily(context, late + timedelta(hours=9)) == ["stripe:daily-2027-01-07"]
    assert trade.machine.one("SELECT count(*) FROM bursar.recon_run") == 1
    assert reconcile(context, early)["done"]
    assert not reconcile(context, early)["run"]

    told = backfill_events(context, trade.machine.clock.now())
    assert told["injected"] > 0
    assert backfill_events(context, trade.machine.clock.now())["injected"] == 0


@pytest.mark.requirement("INBOX-6")
def test_what_one_turn_of_the_backfill_did_not_come_to_the_next_one_does(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load("tasks.maintenance.runs"), "_RECON_BUDGET_S", 0.0)
    for _ in range(2):
        trade.control.ready_account()
    some(trade, 2)
    machine, slot_at, turns = trade.machine, trade.machine.clock.now(), 1
    machine.kept().execute(
        "INSERT INTO bursar.schedule_slot (job, slot_at, queue, state) VALUES ('backfill_events', %s, 'maintenance', 'due')", [slot_at]
    )
    while slot_turn(machine.context, "maintenance", "backfill_events", slot_at.isoformat()).more:
        turns += 1
        assert turns < 50
    told = machine.one("SELECT result FROM bursar.schedule_slot WHERE job = 'backfill_events' AND state = 'done'")
    assert told["ended"]
    assert told["injected"] == machine.one("SELECT count(*) FROM bursar.inbox WHERE event_type NOT LIKE '%%.fetched'")
    assert trade.backfill().injected == 0


@pytest.mark.requirement("INBOX-6", "RECON-1")
def test_an_account_that_left_without_a_word_stops_neither_backfill_nor_reconciliation(trade: Trade) -> None:
    """Its `account.application.deauthorized` is among the events that never came."""
    stays = trade.control.ready_account()
    some(trade, 2)
    with trade.machine.connect() as connection:
        connection.execute(
            """INSERT INTO bursar.account (id, source, external_id, versions, created_at, updated_at)
               SELECT gen_random_uuid(), 'stripe', 'acct_' || name, '{"own": {}}', clock_timestamp(), clock_timestamp()
               FROM unnest(%s::text[]) AS name""",
            [["00gone", stays.removeprefix("acct_"), "zzgone"]],
        )
    told = backfill_events(trade.machine.context, trade.machine.clock.now())
    assert (told["injected"] > 0, told["ended"], told["refused"]) == (True, True, ["acct_00gone", "acct_zzgone"])
    assert trade.backfill().injected == 0

    trade.machine.settle()
    asked(trade, "RUN-A")
    while not turn(trade.machine.context, budget_s=0).done:
        assert trade.machine.one("SELECT step FROM bursar.recon_run") < 100
    [(accounts, counts)] = trade.machine.all("SELECT accounts, counts FROM bursar.recon_run WHERE status = 'done'")
    assert (accounts, counts["accounts_refused"]) == ([stays], 2)
