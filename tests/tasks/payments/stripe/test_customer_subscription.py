"""Subscriptions and invoices as Stripe bills them: mirrored, each change of status legal and audited."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from billing.operations.move_status import IllegalMoveError, move_status
from billing.rules.states import SUBSCRIPTION
from models.customer import Customer
from models.invoice import Invoice
from models.payment_method import PaymentMethod
from models.subscription import Subscription
from models.tax_id import TaxId
from tests.tasks.mirror import KEYS, RECEIVED, Mirror
from tests.tasks.payments.stripe.ground import T0, body, only
from workers.unit import Unit


def subscription(event: str, status: str, at: int = 0, **more: Any) -> bytes:
    obj = {"id": "sub_1", "customer": "cus_1", "status": status, "current_period_end": T0 + 1000 * (at + 1)}
    return body(f"customer.subscription.{event}", obj | more, at=at)


@pytest.mark.requirement("SUB-2", "SUB-8", "AUDIT-1", "AUDIT-2", "INBOX-9")
def test_each_change_of_status_is_audited_with_before_and_after(mirror: Mirror) -> None:
    told = [
        subscription("created", "incomplete", 0),
        subscription("updated", "active", 1),
        subscription("updated", "active", 2, cancel_at_period_end=True),
        subscription("updated", "past_due", 3),
        subscription("deleted", "canceled", 4, cancellation_details={"reason": "payment_failed"}),
    ]
    audited = [(before, after) for action, before, after in mirror.audited(told) if action == "subscription.status"]
    assert [after["status"] for _, after in audited] == ["pending", "active", "past_due", "cancelled"]
    assert [before and before["status"] for before, _ in audited] == [None, "pending", "active", "past_due"]
    assert audited[-1][1]["reason"] == "payment_failed"
    with mirror.played(told) as session:
        rows = session.execute(text("SELECT actor, reason, at FROM bursar.audit WHERE action = 'subscription.status'"))
        assert {(row.actor, row.reason.split(".")[0]) for row in rows} == {("provider:stripe", "customer")}


@pytest.mark.requirement("SUB-2")
def test_a_move_that_is_not_declared_raises_and_names_the_row(mirror: Mirror) -> None:
    with mirror.played([subscription("deleted", "canceled")]) as session:
        unit = Unit(session.connection(), KEYS, now=RECEIVED)
        row = unit.row(Subscription, "stripe", "sub_1")
        with pytest.raises(IllegalMoveError, match="sub_1 of stripe would go from cancelled to active"):
            move_status(unit, row, SUBSCRIPTION, row.status, "active", {})


@pytest.mark.requirement("INBOX-17")
def test_a_cancelled_one_is_not_revived_by_what_comes_late(mirror: Mirror) -> None:
    told = [subscription("deleted", "canceled", 5), subscription("updated", "active", 9), subscription("created", "active", 0)]
    row = only(mirror.rows(told, Subscription), "subscription")
    assert (row["status"], row["provider_status"], row["customer_id"]) == ("cancelled", "canceled", True)


def test_a_status_of_tomorrow_is_unknown_and_kept_as_text(mirror: Mirror) -> None:
    row = only(mirror.rows([subscription("updated", "hibernating")], Subscription), "subscription")
    assert (row["status"], row["provider_status"]) == ("unknown", "hibernating")


@pytest.mark.requirement("INBOX-9")
def test_an_invoice_with_its_lines(mirror: Mirror) -> None:
    def invoice(event: str, status: str, at: int, *amounts: int) -> bytes:
        lines = [{"id": f"il_{number}", "amount": amount, "currency": "eur"} for number, amount in enumerate(amounts)]
        obj = {"id": "in_1", "status": status, "subscription": "sub_1", "currency": "eur", "total": sum(amounts)}
        return body(f"invoice.{event}", obj | {"lines": {"object": "list", "data": lines}}, at=at)

    told = [invoice("paid", "paid", 2, 700, 200), invoice("created", "draft", 0, 900), invoice("finalized", "open", 1, 900)]
    row = only(mirror.rows(told, Invoice), "invoice")
    assert (row["status"], row["total_minor"], row["subscription_id"]) == ("paid", 900, True)
    with mirror.played(told) as session:
        lines = session.execute(text("SELECT id, amount_minor, currency FROM bursar.invoice_line ORDER BY id")).all()
    assert [tuple(line) for line in lines] == [("il_0", 700, "EUR"), ("il_1", 200, "EUR")]


@pytest.mark.requirement("PAY-7", "AUDIT-1")
def test_ways_to_pay_come_and_go(mirror: Mirror) -> None:
    card = {"id": "pm_1", "type": "card", "card": {"brand": "visa", "last4": "4242"}, "customer": "cus_1"}
    told = [
        body("payment_method.attached", card, at=0),
        body("payment_method.updated", card | {"card": {"brand": "visa", "last4": "4242", "exp_year": 2031}}, at=1),
    ]
    row = only(mirror.rows(told, PaymentMethod), "payment_method")
    assert (row["last4"], row["exp_year"], row["customer_id"]) == ("4242", 2031, True)
    told.append(body("payment_method.detached", card | {"customer": None}, at=2))
    row = only(mirror.rows(told, PaymentMethod), "payment_method")
    assert (row["customer_ref"], row["customer_id"], row["detached_at"] is None) == (None, False, False)
    assert [action for action, _, _ in mirror.audited(told)] == ["payment_method.changed"] * 3


@pytest.mark.requirement("INBOX-8", "PAY-7")
def test_a_customers_default_way_to_pay_is_audited(mirror: Mirror) -> None:
    told = [
        body("customer.updated", {"id": "cus_1", "email": "a@x.test", "invoice_settings": {"default_payment_method": name}}, at=at)
        for at, name in enumerate(["pm_1", "pm_2"])
    ]
    assert only(mirror.rows(told, Customer), "customer")["default_payment_method_ref"] == "pm_2"
    [(action, before, after)] = mirror.audited(told)
    assert (action, before, after) == (
        "customer.changed",
        {"default_payment_method_ref": "pm_1"},
        {"default_payment_method_ref": "pm_2"},
    )


@pytest.mark.requirement("INBOX-10")
def test_tax_numbers_and_their_checks(mirror: Mirror) -> None:
    number = {"id": "txi_1", "customer": "cus_1", "type": "eu_vat", "value": "RO1"}
    told = [
        body("customer.tax_id.updated", number | {"verification": {"status": "verified"}}, at=1),
        body("customer.tax_id.created", number | {"verification": {"status": "pending"}}, at=0),
    ]
    row = only(mirror.rows(told, TaxId), "tax_id")
    assert (row["verification_status"], row["customer_id"]) == ("verified", True)
