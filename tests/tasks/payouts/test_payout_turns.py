"""Scheduled payouts: each account once per date, together in few statements, none stopped by another (PAYOUT-2, 4, 7, 12)."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from tasks.payouts import runs
from tests.tasks.payouts.till import Till, account, payout

SCHEDULE = "billing.payouts.schedule.v1"
REQUEST = "billing.payouts.request.v1"
_MAKE = """
    WITH numbered AS (SELECT n, gen_random_uuid() AS account_id FROM generate_series(1, %(count)s) AS n),
    accounts AS (
        INSERT INTO bursar.account (id, source, external_id, versions, created_at, updated_at, payouts_enabled)
        SELECT account_id, 'stripe', 'acct_' || n, '{"own": {}}', %(now)s, %(now)s, true FROM numbered)
    INSERT INTO bursar.payee (id, source, external_id, versions, created_at, updated_at, schedule, schedule_day, zone, paused, next_due_at,
                              account_id)
    SELECT gen_random_uuid(), 'stripe', 'acct_' || n, '{"own": {}}', %(now)s, %(now)s, 'monthly', 31, 'Europe/Bucharest', false, %(now)s,
           account_id FROM numbered"""


def payees(till: Till, count: int) -> None:
    """As many accounts whose date has come."""
    with till.database.connect() as connection:
        connection.execute(_MAKE, {"count": count, "now": till.clock.now()})


def due(till: Till, **more: Any) -> str:
    """An account with a weekly payout, at the instant at which it is due; its date."""
    account(till)
    told = {"source": "stripe", "account_ref": "acct_1", "schedule": "weekly", "day": 5, "zone": "Asia/Kathmandu", **more}
    found = till.command(SCHEDULE, told)
    at = datetime.fromisoformat(found["result"]["next_due_at"])
    assert at.isoweekday() == 5
    assert runs.pay_out_due(till.context, till.clock.now())["begun"] == 0
    till.clock.move_to(at.astimezone(UTC))
    return at.date().isoformat()


@pytest.mark.requirement("PAYOUT-2", "PAYOUT-3")
def test_an_account_is_paid_out_on_its_day_in_each_currency_that_is_enough(till: Till) -> None:
    day = due(till, minimums_minor={"EUR": 2_500, "JPY": 3_000, "KWD": 10_000})
    assert runs.pay_out_due(till.context, till.clock.now()) == {"begun": 1, "failed": 0, "more": False}
    assert runs.pay_out_due(till.context, till.clock.now())["begun"] == 0
    assert till.balance("acct_1", EUR=(2_500, 0), JPY=(2_999, 10_000), KWD=(12_345, 0), USD=(0, 700)) == 1
    sent = {asked["sent"]["currency"]: (asked["sent"]["amount"], asked["request_ref"]) for asked in till.asked()}
    assert sent == {"eur": (2_500, f"acct_1/{day}/EUR"), "kwd": (12_345, f"acct_1/{day}/KWD")}
    status, outcomes = till.one("SELECT status, outcomes FROM bursar.payout_turn")
    assert status == "done"
    assert {currency: told["outcome"] for currency, told in outcomes.items()} == {
        "EUR": "pay", "JPY": "below_minimum", "KWD": "pay", "USD": "nothing",
    }  # fmt: skip
    till.clock.move_to(till.clock.now() + timedelta(days=7))
    assert runs.pay_out_due(till.context, till.clock.now())["begun"] == 1
    assert till.one("SELECT count(*) FROM bursar.payout_turn") == 2


@pytest.mark.requirement("PAYOUT-4", "PAYOUT-13")
def test_an_account_below_zero_or_disabled_is_passed_over_before_anything_is_moved(till: Till) -> None:
    due(till)
    runs.pay_out_due(till.context, till.clock.now())
    till.balance("acct_1", EUR=(5_000, -5_001), USD=(-1, 0))
    assert till.one("SELECT outcomes FROM bursar.payout_turn")["EUR"]["outcome"] == "negative"
    assert till.rows("SELECT external_id, reason, status FROM bursar.payout_hold ORDER BY 1") == [
        ("negative_balance:acct_1:EUR", "negative_balance", "open"),
        ("negative_balance:acct_1:USD", "negative_balance", "open"),
    ]
    till.clock.move_to(till.clock.now() + timedelta(days=7))
    runs.pay_out_due(till.context, till.clock.now())
    till.balance("acct_1", EUR=(5_000, 0), USD=(-1, 0))
    assert [asked["sent"]["amount"] for asked in till.asked()] == [5_000]
    assert till.rows("SELECT status FROM bursar.payout_hold ORDER BY external_id") == [("released",), ("open",)]
    account(till, enabled=False)
    till.clock.move_to(till.clock.now() + timedelta(days=7))
    runs.pay_out_due(till.context, till.clock.now())
    till.balance("acct_1", EUR=(9_000, 0))
    assert len(till.asked()) == 1
    last = till.one("SELECT outcomes FROM bursar.payout_turn ORDER BY slot_on DESC LIMIT 1")
    assert last == {"*": {"outcome": "account_disabled"}}


@pytest.mark.requirement("PAYOUT-7")
def test_a_thousand_accounts_are_opened_in_few_statements_and_a_broken_one_stops_none(till: Till) -> None:
    payees(till, 1_000)
    till.run("UPDATE bursar.payee SET zone = 'Mars/Olympus' WHERE external_id = 'acct_500'")
    statements: list[str] = []

    def counted(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(till.context.engine, "before_cursor_execute", counted)
    assert runs.pay_out_due(till.context, till.clock.now()) == {"begun": 999, "failed": 1, "more": False}
    event.remove(till.context.engine, "before_cursor_execute", counted)
    assert len(statements) < 80, len(statements)
    assert till.one("SELECT count(*) FROM bursar.outbox WHERE kind = 'stripe.fetch'") == 999
    outcome = till.one("SELECT outcomes FROM bursar.payout_turn WHERE status = 'done'")["*"]
    assert outcome["outcome"] == "failed"
    assert "Mars/Olympus" in outcome["error"]
    assert runs.pay_out_due(till.context, till.clock.now())["begun"] == 0


@pytest.mark.requirement("PAYOUT-7")
def test_two_runs_at_once_do_nothing_twice(till: Till) -> None:
    payees(till, 600)
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: runs.pay_out_due(till.context, till.clock.now()), range(3)))
    runs.pay_out_due(till.context, till.clock.now())
    assert sum(one["begun"] for one in found) <= 600
    assert till.one("SELECT count(*), count(DISTINCT account_ref) FROM bursar.payout_turn") == (600, 600)
    assert till.one("SELECT count(*) FROM bursar.outbox WHERE kind = 'stripe.fetch'") == 600


@pytest.mark.requirement("PAYOUT-7")
def test_an_account_whose_balance_cannot_be_read_stops_no_other(till: Till) -> None:
    payees(till, 3)
    runs.pay_out_due(till.context, till.clock.now())
    for number in (1, 3):
        till.balance(f"acct_{number}", EUR=(1_000 * number, 0))
    assert sorted(asked["account"] for asked in till.asked()) == ["acct_1", "acct_3"]
    assert till.one("SELECT account_ref FROM bursar.payout_turn WHERE status = 'checking'") == "acct_2"
    assert runs.poll_stuck_payouts(till.context, till.clock.now()) == {"requests": 0, "turns": 0, "others": 0, "transfers": 0}
    till.clock.move_to(till.clock.now() + timedelta(minutes=16))
    assert runs.poll_stuck_payouts(till.context, till.clock.now()) == {"requests": 0, "turns": 1, "others": 0, "transfers": 0}
    assert runs.poll_stuck_payouts(till.context, till.clock.now())["turns"] == 0
    assert till.balance("acct_2", EUR=(2_000, 0)) == 2
    assert sorted(asked["account"] for asked in till.asked()) == ["acct_1", "acct_2", "acct_3"]
    assert till.one("SELECT count(*) FROM bursar.payout_turn WHERE status = 'done'") == 3


@pytest.mark.requirement("PAYOUT-12")
def test_payouts_of_which_nothing_was_heard_are_asked_for_row_by_row(till: Till) -> None:
    account(till)
    till.command(REQUEST, {"source": "stripe", "account_ref": "acct_1", "reference": "P-1", "currency": "EUR"})
    till.balance("acct_1", EUR=(10_000, 0))
    [asked] = till.asked()
    till.answer(asked, payout(asked, "in_transit"))
    other = payout(asked, "in_transit", "po_auto", metadata={}, automatic=True)
    till.tell("payout.created", other, account="acct_1")
    till.work()
    till.clock.move_to(till.clock.now() + timedelta(days=1, minutes=1))
    with till.database.connect() as connection, connection.transaction():
        connection.execute("SELECT 1 FROM bursar.payout_request FOR UPDATE")
        assert runs.poll_stuck_payouts(till.context, till.clock.now()) == {"requests": 0, "turns": 0, "others": 2, "transfers": 0}
    assert runs.poll_stuck_payouts(till.context, till.clock.now()) == {"requests": 1, "turns": 0, "others": 0, "transfers": 0}
    assert runs.poll_stuck_payouts(till.context, till.clock.now()) == {"requests": 0, "turns": 0, "others": 0, "transfers": 0}
    fetches = till.rows("SELECT payload FROM bursar.outbox WHERE key LIKE 'payout:%%' ORDER BY key")
    assert {(one["kind"], one["id"], one["url"], one["account"]) for (one,) in fetches} == {
        ("payout", "po_1", "/v1/payouts/po_1", "acct_1"), ("payout", "po_auto", "/v1/payouts/po_auto", "acct_1"),
    }  # fmt: skip
    till.tell("payout.fetched", payout(asked, "paid"), account="acct_1", after_s=1)
    till.work()
    assert till.one("SELECT status FROM bursar.payout_request") == "paid"


@pytest.mark.requirement("PAYOUT-4")
def test_balances_that_nobody_looked_at_for_a_day_are_asked_for_once(till: Till) -> None:
    payees(till, 3)
    till.run("UPDATE bursar.payee SET balances_at = %s WHERE external_id = 'acct_3'", till.clock.now())
    for number in (1, 3):
        till.tell("transfer.created", {
            "id": f"tr_{number}", "object": "transfer", "amount": 500, "amount_reversed": 0, "currency": "eur",
            "destination": f"acct_{number}", "metadata": {},
        })  # fmt: skip
    till.work()
    assert runs.refresh_balances(till.context, till.clock.now()) == {"asked": 1}
    assert json.dumps(till.rows("SELECT key FROM bursar.outbox WHERE kind = 'stripe.fetch'")).count("balance:acct_1:refresh") == 1
