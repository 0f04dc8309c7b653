"""Refunds that a person made at the provider are shown to finance, until somebody says why (RECON-7, REFUND-6)."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from billing.operations.accept_finding import accept_finding
from tests.tasks.maintenance.recon.trade import BY_HAND, Trade

_FOUND = "SELECT external_id, status, severity, theirs_minor, currency FROM bursar.finding WHERE kind = %s"


def found(trade: Trade) -> list[tuple[Any, ...]]:
    return trade.machine.all(_FOUND, BY_HAND)


@pytest.mark.requirement("RECON-7", "REFUND-6", "REFUND-9")
def test_only_what_nobody_asked_for_is_found_and_accepted_with_a_reason(trade: Trade) -> None:
    control, machine = trade.control, trade.machine
    customer = control.api("POST", "/v1/customers", {"name": "Ann"})["id"]
    one, other = (control.paid(1_000, "eur", customer=customer) for _ in range(2))
    trade.hear()
    wish = {"source": "stripe", "payment_ref": one["id"], "key": "r1", "acting_for": "platform", "reason": "customer_request"}
    assert machine.run("billing.refunds.request.v1", wish | {"amount_minor": 300})["state"] == "succeeded"
    by_hand = control.api("POST", "/v1/refunds", {"payment_intent": other["id"], "amount": 400})["id"]
    trade.hear()
    made = machine.all("SELECT object_type, actor FROM bursar.audit WHERE action = 'refund.made_elsewhere'")
    assert [row[0] for row in made] == ["refund"]
    trade.pull()
    assert trade.recon() == {}
    name = f"refund_not_asked:refund:{by_hand}"
    assert found(trade) == [(name, "open", "medium", 400, "EUR")]
    trade.change(partial(accept_finding, source="stripe", reference=name, reason="goodwill, ticket 12"))
    trade.recon()
    assert [row[:2] for row in found(trade)] == [(name, "accepted")]
