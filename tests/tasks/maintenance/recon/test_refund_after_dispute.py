"""A refund of a charge whose dispute was won: refused while the bank has the money, made once it is ours again (DISPUTE-4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tasks.maintenance.recon.trade import Trade

_SUMS = """SELECT code, sum(delta)::bigint FROM (SELECT debit AS code, amount_minor AS delta FROM bursar.journal
           UNION ALL SELECT credit, -amount_minor FROM bursar.journal) AS legs
           WHERE code IN ('stripe:refunds', 'stripe:disputes_held', 'stripe:sales') GROUP BY code ORDER BY code"""


def ask(trade: Trade, payment: str, key: str, amount_minor: int) -> tuple[Any, Any]:
    """What the app is told at once, and how the request stands after all that follows."""
    wish = {"source": "stripe", "payment_ref": payment, "key": key, "acting_for": "platform", "reason": "customer_request"}
    found = trade.machine.run("billing.refunds.request.v1", wish | {"amount_minor": amount_minor})
    trade.hear()
    request = trade.machine.all("SELECT status, failure_code FROM bursar.refund_request WHERE key = %s", key)
    return found["code"], request[0] if request else None


@pytest.mark.requirement("DISPUTE-4", "REFUND-1", "REFUND-2", "RECON-7")
def test_what_a_won_dispute_gave_back_is_refunded_and_reconciles(trade: Trade) -> None:
    control = trade.control
    customer = control.api("POST", "/v1/customers", {"name": "Ann"})["id"]
    intent = control.paid(10_000, "eur", customer=customer)
    trade.hear()
    dispute = control.dispute(intent["latest_charge"], amount=6_000)
    trade.hear()
    assert ask(trade, intent["id"], "r1", 4_001) == ("over_refund", None)
    # What is left is ours to give by our rules; Stripe refuses any refund of a charge that is contested, and nothing is booked.
    assert ask(trade, intent["id"], "r2", 4_000) == (None, ("failed", "charge_disputed"))
    control.end_dispute(dispute["id"], "won")
    trade.hear()
    assert ask(trade, intent["id"], "r3", 10_001) == ("over_refund", None)
    assert ask(trade, intent["id"], "r4", 4_000) == (None, ("completed", None))
    assert ask(trade, intent["id"], "r5", 6_000) == (None, ("completed", None))
    assert ask(trade, intent["id"], "r6", 1) == ("nothing_left", None)
    assert control.count("refund") == {"refund": 2}
    assert trade.machine.all(_SUMS) == [("stripe:disputes_held", 0), ("stripe:refunds", 10_000), ("stripe:sales", -10_000)]
    trade.pull()
    assert trade.recon() == {}
    assert trade.open() == []
    assert trade.machine.failures() == []
