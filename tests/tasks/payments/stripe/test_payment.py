"""A payment's outcome is decided once, in one place, whoever tells of it (PAY-1), and says why it failed (INBOX-13)."""

from __future__ import annotations

from typing import Any

import pytest

from models.charge import Charge
from models.checkout import Checkout
from models.customer import Customer
from models.invoice import Invoice
from models.payment import Payment
from tests.tasks.mirror import Mirror
from tests.tasks.payments.stripe.ground import body, only

DECLINED = {"code": "card_declined", "decline_code": "insufficient_funds", "message": "No."}


def intent(event: str, status: str, at: int = 0, **more: Any) -> bytes:
    obj = {"id": "pi_1", "status": status, "amount": 900, "currency": "eur", "customer": "cus_1", "last_payment_error": None}
    return body(f"payment_intent.{event}", obj | more, at=at)


def charge(event: str, status: str, at: int = 0, **more: Any) -> bytes:
    obj = {"id": "ch_1", "status": status, "amount": 900, "captured": status == "succeeded", "payment_intent": "pi_1"}
    return body(f"charge.{event}", obj | {"amount_refunded": 0, "currency": "eur"} | more, at=at)


def moves(mirror: Mirror, *told: bytes) -> list[tuple[Any, str]]:
    """The audited moves of the payment's status."""
    return [
        (before and before["status"], after["status"])
        for action, before, after in mirror.audited(told)
        if action == "payment.status"
    ]


@pytest.mark.requirement("PAY-1", "INBOX-9")
@pytest.mark.parametrize("first", ["intent", "charge"])
def test_one_success_told_twice_happens_once(mirror: Mirror, first: str) -> None:
    told = [intent("succeeded", "succeeded", amount_received=900), charge("succeeded", "succeeded")]
    told = told if first == "intent" else told[::-1]
    payment = only(mirror.rows(told + told, Payment), "payment")
    assert (payment["status"], payment["received_minor"], payment["currency"]) == ("succeeded", 900, "EUR")
    assert moves(mirror, *told, *told) == [(None, "succeeded")]


@pytest.mark.requirement("PAY-1")
def test_a_success_is_not_lost_to_what_comes_late(mirror: Mirror) -> None:
    late = intent("payment_failed", "requires_payment_method", 60, last_payment_error=DECLINED)
    told = [intent("succeeded", "succeeded", 5), late, charge("failed", "failed", 99, id="ch_0"), intent("canceled", "canceled", 100)]
    assert only(mirror.rows(told, Payment), "payment")["status"] == "succeeded"
    assert moves(mirror, *told) == [(None, "succeeded")]


@pytest.mark.requirement("INBOX-13")
@pytest.mark.parametrize("who", ["intent", "charge"])
def test_why_it_failed_is_on_the_payment(mirror: Mirror, who: str) -> None:
    told = (
        intent("payment_failed", "requires_payment_method", last_payment_error=DECLINED)
        if who == "intent"
        else charge("failed", "failed", failure_code="card_declined", failure_message="No.", outcome={"reason": "insufficient_funds"})
    )
    payment = only(mirror.rows([told], Payment), "payment")
    assert (payment["status"], payment["failure_code"], payment["failure_message"]) == ("failed", "card_declined", "No.")
    assert payment["decline_code"] == "insufficient_funds"


@pytest.mark.requirement("PAY-1")
def test_a_failed_try_is_followed_by_another_that_needs_the_payer(mirror: Mirror) -> None:
    told = [
        charge("failed", "failed", 1, failure_code="card_declined"),
        intent("payment_failed", "requires_payment_method", 1, last_payment_error=DECLINED),
        intent("requires_action", "requires_action", 2),
        intent("processing", "processing", 3),
        intent("payment_failed", "requires_payment_method", 4, last_payment_error=DECLINED),
        intent("succeeded", "succeeded", 5),
    ]
    steps = moves(mirror, *told)
    assert [after for _, after in steps] == ["failed", "requires_action", "processing", "failed", "succeeded"]
    assert only(mirror.rows(told, Payment), "payment")["failure_code"] is None


@pytest.mark.requirement("INBOX-18")
def test_an_event_before_its_parents_makes_stubs(mirror: Mirror) -> None:
    told = [charge("succeeded", "succeeded", customer="cus_1", invoice="in_1")]
    rows = mirror.rows(told, Customer, Invoice, Payment, Charge)
    assert only(rows, "customer")["versions"] == only(rows, "invoice")["versions"] == {}
    assert (only(rows, "payment")["status"], only(rows, "charge")["customer_id"]) == ("succeeded", True)
    told.append(body("customer.created", {"id": "cus_1", "email": "a@x.test"}))
    assert only(mirror.rows(told, Customer), "customer")["email"] == "a@x.test"


@pytest.mark.requirement("INBOX-9")
def test_an_invoice_payment_ties_payment_and_invoice(mirror: Mirror) -> None:
    link = {"id": "inpay_1", "invoice": "in_1", "payment": {"type": "payment_intent", "payment_intent": "pi_1"}}
    told = [body("invoice_payment.paid", link), intent("succeeded", "succeeded")]
    payment = only(mirror.rows(told, Payment), "payment")
    assert (payment["invoice_ref"], payment["invoice_id"], payment["status"]) == ("in_1", True, "succeeded")


def checkout(event: str, at: int = 0, **more: Any) -> bytes:
    obj = {"id": "cs_1", "status": "complete", "mode": "payment", "payment_intent": "pi_1", "metadata": {}}
    return body(f"checkout.session.{event}", obj | more, at=at)


@pytest.mark.requirement("PAY-9")
def test_a_checkout_is_delivered_when_it_is_paid_and_not_before(mirror: Mirror) -> None:
    meant = {"metadata": {"bursar_purpose": "course_enrolment", "enrolment": "enr_7"}}
    told = [checkout("completed", 0, payment_status="unpaid", **meant)]
    row = only(mirror.rows(told, Checkout), "checkout")
    assert (row["purchase_status"], row["purpose"], row["purpose_ref"]) == ("pending", "course_enrolment", "enr_7")
    told += [checkout("async_payment_succeeded", 60, payment_status="paid", **meant)]
    told += [checkout("completed", 90, payment_status="unpaid", **meant)]
    assert only(mirror.rows(told, Checkout), "checkout")["purchase_status"] == "paid"
    steps = [after["purchase_status"] for action, _, after in mirror.audited(told) if action == "checkout.purchase"]
    assert steps == ["pending", "paid"]


@pytest.mark.requirement("PAY-9")
@pytest.mark.parametrize(
    ("event", "said", "outcome"),
    [
        ("async_payment_failed", {"payment_status": "unpaid"}, "failed"),
        ("expired", {"status": "expired", "payment_status": "unpaid"}, "expired"),
        ("completed", {"payment_status": "no_payment_required"}, "paid"),
    ],
)
def test_how_a_checkout_may_end(mirror: Mirror, event: str, said: dict[str, Any], outcome: str) -> None:
    rows = mirror.rows([checkout("completed", 0, payment_status="unpaid"), checkout(event, 9, **said)], Checkout)
    assert only(rows, "checkout")["purchase_status"] == outcome
