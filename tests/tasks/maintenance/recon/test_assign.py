"""Adopted money gets its purpose later: said once by a person, granted as for any payment, and earned from then on (RECON-8, PAY-9)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories.subscribers import do, subscriber
from tests.tasks.maintenance.recon.test_choices import _asked, _credit
from tests.tasks.maintenance.recon.trade import Trade

_GRANTED = "SELECT purpose, purpose_ref, status, customer_ref, amount_minor FROM bursar.fulfilment"


def _assign(trade: Trade, payment: str, **wish: Any) -> dict[str, Any]:
    told = {"source": "stripe", "payment_ref": payment, "purpose": "course_enrolment", "purpose_ref": "enr-1", "reason": "he called"}
    return trade.machine.run("billing.payments.assign.v1", told | wish, actor="shop:anna")


def _adopted(trade: Trade, minor: int, **choice: Any) -> str:
    """Money that nobody asked for, kept without a purpose."""
    intent = trade.control.paid(minor, "eur")
    trade.hear()
    trade.recon()
    assert _asked(trade, f"unknown_charge:charge:{intent['latest_charge']}", how="adopt", **choice)["code"] is None
    return str(intent["id"])


@pytest.mark.requirement("RECON-8", "PAY-9", "PAY-1", "AUDIT-2")
def test_adopted_money_gets_its_purpose_once_and_is_granted_and_earned(trade: Trade) -> None:
    customer = trade.control.api("POST", "/v1/customers", {"email": "a@example.com"})["id"]
    payment = _adopted(trade, 2_000)
    assert (_credit(trade, "stripe:unapplied"), trade.machine.all(_GRANTED)) == (2_000, [])

    assert _assign(trade, "pi_none")["code"] == "unknown_payment"
    assert _assign(trade, payment)["code"] == "unknown_customer"
    assert _assign(trade, payment, customer_ref="cus_none")["code"] == "unknown_customer"
    assert _assign(trade, payment, purpose="invoice", purpose_ref="none")["code"] == "unknown_invoice"
    assert trade.machine.all(_GRANTED) == []

    told = _assign(trade, payment, customer_ref=customer)
    assert (told["result"]["status"], told["result"]["purpose"]) == ("granted", "course_enrolment")
    assert trade.machine.all(_GRANTED) == [("course_enrolment", "enr-1", "granted", customer, 2_000)]
    assert _credit(trade, "stripe:unapplied") == 0
    assert _assign(trade, payment, customer_ref=customer)["result"] == told["result"]
    assert _assign(trade, payment, customer_ref=customer, purpose_ref="enr-2")["code"] == "has_purpose"
    [(who, why)] = trade.machine.all(
        "SELECT actor, after -> 'adopted' -> 'assigned' ->> 'reason' FROM bursar.audit WHERE action = 'payment.assigned'"
    )
    assert (who, why) == ("app:shop:anna", "he called")

    trade.control.api("POST", "/v1/refunds", {"payment_intent": payment})
    trade.hear()
    assert trade.machine.all("SELECT status FROM bursar.fulfilment") == [("revoked",)]
    assert _credit(trade, "stripe:unapplied") == 0
    assert trade.machine.failures() == []


@pytest.mark.requirement("RECON-8", "PAY-9", "INV-13")
def test_adopted_money_pays_an_invoice_of_ours_and_what_is_with_the_payer_again_pays_for_nothing(trade: Trade) -> None:
    do(trade.machine.context, lambda unit: subscriber(unit, "ann"))
    lines = [{"description": "a day", "amount_minor": 1_500}]
    made = trade.machine.run("billing.invoices.create_custom.v1", {
        "reference": "c-1", "subscriber_ref": "ann", "currency": "EUR", "lines": lines, "reason": "agreed"
    })  # fmt: skip
    assert made["code"] is None, made
    payment, back = _adopted(trade, 2_000), _adopted(trade, 700)
    assert _assign(trade, payment, purpose="invoice", purpose_ref="c-1")["result"]["status"] == "granted"
    assert trade.machine.all("SELECT status, amount_paid_minor FROM bursar.invoice WHERE external_id = 'c-1'") == [("paid", 1_500)]
    assert trade.machine.one("SELECT sum(balance_minor)::bigint FROM bursar.money_credit") == 500
    trade.control.api("POST", "/v1/refunds", {"payment_intent": back})
    trade.hear()
    assert _assign(trade, back, purpose="invoice", purpose_ref="c-1")["code"] == "money_went_back"
    assert _credit(trade, "stripe:unapplied") == 0
    assert trade.machine.failures() == []
