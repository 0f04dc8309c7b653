"""What a person chooses about a finding is done once, only where it is possible, and never on a list's word (RECON-8)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tasks.maintenance.recon.trade import Trade

_LAGS = """
    INSERT INTO bursar.finding (id, source, external_id, versions, created_at, updated_at, kind, severity, object_type, object_ref,
                                repair, status)
    SELECT gen_random_uuid(), source, 'missing_there:charge:' || external_id, '{"own": {}}', created_at, created_at, 'missing_there',
           'high', 'charge', external_id, 'decide', 'open'
    FROM bursar.charge WHERE external_id = %s"""


def _asked(trade: Trade, finding: str, **choice: Any) -> dict[str, Any]:
    return trade.machine.run(
        "billing.recon.repair.v1", {"source": "stripe", "finding": finding, "reason": "looked into", **choice}, actor="shop:anna"
    )


@pytest.mark.requirement("RECON-8")
def test_what_is_there_after_all_is_not_written_off(trade: Trade) -> None:
    customer = trade.control.api("POST", "/v1/customers", {"email": "a@example.com"})["id"]
    charge = trade.control.paid(1_000, customer=customer)["latest_charge"]
    trade.hear()
    with trade.machine.connect() as connection:
        connection.execute(_LAGS, [charge])

    assert _asked(trade, f"missing_there:charge:{charge}", how="write_off")["code"] is None
    assert trade.machine.failures() == []
    assert trade.machine.one("SELECT gone_at FROM bursar.charge WHERE external_id = %s", charge) is None
    assert trade.machine.one("SELECT count(*) FROM bursar.journal WHERE kind = 'written_off'") == 0
    assert trade.machine.one("SELECT count(*) FROM bursar.inbox WHERE event_type = 'charge.fetched' AND state = 'done'") == 1


@pytest.mark.requirement("RECON-8")
def test_what_was_written_off_and_shows_again_is_booked_back(trade: Trade) -> None:
    trade.control.paid(1_000, "eur")
    [like] = trade.control.objects("charge")
    event = {
        "object": "event", "id": "evt_never", "type": "charge.succeeded", "created": like["created"],
        "data": {"object": {**like, "id": "ch_never", "payment_intent": None, "balance_transaction": None}},
    }  # fmt: skip
    trade.deliver(event)
    trade.machine.settle()
    with trade.machine.connect() as connection:
        connection.execute(_LAGS, ["ch_never"])

    assert _asked(trade, "missing_there:charge:ch_never", how="write_off")["code"] is None
    assert _credit(trade, "stripe:losses") == -1_000
    gone_at = trade.machine.one("SELECT gone_at FROM bursar.charge WHERE external_id = 'ch_never'")
    trade.deliver({**event, "id": "evt_old", "created": like["created"] - 5})
    trade.machine.settle()
    assert _credit(trade, "stripe:losses") == -1_000
    trade.deliver({**event, "id": "evt_later", "type": "charge.updated", "created": int(gone_at.timestamp()) + 60})
    trade.machine.settle()
    assert _credit(trade, "stripe:losses") == 0
    assert trade.machine.one("SELECT gone_at FROM bursar.charge WHERE external_id = 'ch_never'") is None


@pytest.mark.requirement("RECON-8")
def test_a_choice_is_made_once_and_adopted_money_that_goes_back_is_owed_to_nobody(trade: Trade) -> None:
    intent = trade.control.paid(2_000, "eur")
    trade.hear()
    trade.recon()
    finding = f"unknown_charge:charge:{intent['latest_charge']}"

    assert _asked(trade, finding, how="reverse")["code"] == "no_such_repair"
    assert _asked(trade, finding, how="adopt", customer_ref="cus_none")["code"] == "unknown_customer"
    assert _asked(trade, finding, how="adopt", purpose="credit_package")["code"] == "unknown_customer"
    assert _asked(trade, finding, how="adopt")["result"]["request"] == f"payment:{intent['id']}"
    assert _asked(trade, finding, how="adopt")["code"] is None
    assert _asked(trade, finding, how="refund")["code"] == "chosen_already"
    assert _credit(trade, "stripe:unapplied") == 2_000
    trade.control.api("POST", "/v1/refunds", {"payment_intent": intent["id"], "amount": 2_000})
    trade.hear()
    assert _credit(trade, "stripe:unapplied") == 0


def _credit(trade: Trade, code: str) -> int:
    """What an account stands at, on the credit side."""
    sql = """SELECT coalesce(sum(CASE WHEN credit = %s THEN amount_minor ELSE -amount_minor END), 0)::bigint
             FROM bursar.journal WHERE %s IN (debit, credit)"""
    return int(trade.machine.one(sql, code, code))
