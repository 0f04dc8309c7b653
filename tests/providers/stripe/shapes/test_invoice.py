"""Invoices of every API version say the same fact; old ones had no status, and nearly all references moved in 2025."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from billing.rules.facts.invoice import InvoiceFact
from providers.stripe.shapes.invoice import invoice, invoice_payment
from tests.factories.stripe_money_out import T0, stripe_event

pytestmark = pytest.mark.requirement("INBOX-9")

AT = 1_772_366_400
ISO = "2026-03-01T12:00:00.000000+00:00"
COMMON = {"id": "in_1", "object": "invoice", "customer": "cus_1", "currency": "eur", "subtotal": 1000, "total": 1190}


def of_2017(**more: Any) -> dict[str, Any]:
    line = {
        "id": "sli_1",
        "object": "line_item",
        "type": "subscription",
        "amount": 1000,
        "currency": "eur",
        "quantity": 1,
        "proration": True,
        "period": {"start": AT, "end": AT},
        "plan": {"id": "gold", "product": "prod_1"},
        "subscription": "sub_1",
    }
    return {
        **COMMON,
        "subscription": "sub_1",
        "charge": "ch_1",
        "paid": True,
        "closed": True,
        "forgiven": False,
        "tax": 190,
        "date": AT,
        "lines": {"object": "list", "data": [line]},
        **more,
    }


def of_2020(**more: Any) -> dict[str, Any]:
    line = {
        "id": "sli_1",
        "amount": 1000,
        "currency": "eur",
        "quantity": 1,
        "proration": True,
        "period": {"start": AT, "end": AT},
        "price": {"id": "gold", "product": "prod_1"},
        "subscription": "sub_1",
    }
    return {
        **COMMON,
        "status": "paid",
        "subscription": {"id": "sub_1", "object": "subscription"},
        "payment_intent": "pi_1",
        "charge": "ch_1",
        "tax": 190,
        "created": AT,
        "lines": {"object": "list", "data": [line]},
        **more,
    }


def of_today(**more: Any) -> dict[str, Any]:
    line = {
        "id": "sli_1",
        "amount": 1000,
        "currency": "eur",
        "quantity": 1,
        "period": {"start": AT, "end": AT},
        "pricing": {"type": "price_details", "price_details": {"price": "gold", "product": "prod_1"}},
        "parent": {
            "type": "subscription_item_details",
            "subscription_item_details": {"subscription": "sub_1", "subscription_item": "si_1", "proration": True},
        },
    }
    payment = {"is_default": True, "status": "paid", "payment": {"type": "payment_intent", "payment_intent": "pi_1"}}
    return {
        **COMMON,
        "status": "paid",
        "parent": {"type": "subscription_details", "subscription_details": {"subscription": "sub_1"}},
        "payments": {"object": "list", "data": [payment]},
        "total_taxes": [{"amount": 100}, {"amount": 90}],
        "created": AT,
        "lines": {"object": "list", "data": [line]},
        **more,
    }


def told(obj: dict[str, Any], event: str = "updated", **more: Any) -> InvoiceFact:
    return invoice(stripe_event(f"invoice.{event}", obj, **more))


@pytest.mark.parametrize("shape", [of_2017, of_2020, of_today])
def test_every_version_says_the_same(shape: Any) -> None:
    fact = told(shape())
    assert (fact.external_id, fact.customer_ref, fact.subscription_ref) == ("in_1", "cus_1", "sub_1")
    assert (fact.status, fact.currency, fact.total_minor, fact.tax_minor) == ("paid", "EUR", 1190, 190)
    assert fact.provider_created_at == datetime.fromtimestamp(AT, UTC)
    assert isinstance(fact.lines, list)
    [line] = fact.lines
    assert line == {
        "id": "sli_1",
        "amount_minor": 1000,
        "currency": "EUR",
        "quantity": 1,
        "description": None,
        "proration": True,
        "price_ref": "gold",
        "product_ref": "prod_1",
        "subscription_ref": "sub_1",
        "period_start": ISO,
        "period_end": ISO,
    }


def test_the_payment_behind_it() -> None:
    assert told(of_2017()).payment_ref == "ch_1"
    assert told(of_2020()).payment_ref == "pi_1"
    assert told(of_today()).payment_ref == "pi_1"


@pytest.mark.parametrize(
    ("said", "event", "status"),
    [
        ({"paid": True}, "updated", "paid"),
        ({"paid": False, "closed": False}, "updated", "pending"),
        ({"paid": False, "closed": True}, "updated", "pending"),
        ({"paid": False, "closed": True, "forgiven": True}, "updated", "uncollectible"),
        ({"paid": False}, "payment_succeeded", "paid"),
        ({"status": "draft"}, "created", "draft"),
        ({"status": "open"}, "finalized", "pending"),
        ({"status": "void"}, "voided", "void"),
        ({"status": "uncollectible"}, "marked_uncollectible", "uncollectible"),
        ({"status": "draft"}, "deleted", "void"),
        ({"deleted": True}, "deleted", "void"),
        ({"status": "on_the_moon"}, "updated", "unknown"),
    ],
)
def test_statuses_of_all_times(said: dict[str, Any], event: str, status: str) -> None:
    assert told(COMMON | said, event).status == status


def test_a_deleted_draft_says_when() -> None:
    assert told({"id": "in_1", "deleted": True}, "deleted", after_s=5).deleted_at == T0.replace(second=5)


@pytest.mark.requirement("INBOX-17")
def test_in_one_second_more_attempts_are_newer() -> None:
    finalized = told(COMMON | {"status": "open", "attempt_count": 0}, "finalized", event_id="evt_z")
    failed = told(COMMON | {"status": "open", "attempt_count": 1}, "payment_failed", event_id="evt_a")
    assert finalized.version < failed.version


def paid_by(payment: dict[str, Any]) -> list[tuple[str, Any]]:
    obj = {"id": "inpay_1", "object": "invoice_payment", "invoice": "in_1", "payment": payment, "status": "paid"}
    return [(fact.external_id, fact.invoice_ref) for fact in invoice_payment(stripe_event("invoice_payment.paid", obj))]


def test_an_invoice_payment_links_both() -> None:
    assert paid_by({"type": "payment_intent", "payment_intent": "pi_1"}) == [("pi_1", "in_1")]
    assert paid_by({"type": "charge", "charge": {"id": "ch_1"}}) == [("ch_1", "in_1")]
    assert paid_by({"type": "payment_record", "payment_record": "prec_1"}) == []
