"""Customers, their ways to pay, tax numbers and portal visits, of every API version."""

from __future__ import annotations

from typing import Any

import pytest

from billing.rules.facts.base import UNSET
from billing.rules.facts.customer import CustomerFact
from billing.rules.facts.payment_method import PaymentMethodFact
from providers.stripe.shapes.customer import customer, payment_method, portal_session, tax_id
from tests.factories.stripe_money_out import T0, stripe_event


def told(event: str = "updated", **obj: Any) -> CustomerFact:
    return customer(stripe_event(f"customer.{event}", {"id": "cus_1", "object": "customer"} | obj))


@pytest.mark.requirement("INBOX-8", "PAY-7")
def test_a_customer_of_today_and_of_old() -> None:
    new = told(email=" Ann@X.test ", balance=-500, currency="eur", invoice_settings={"default_payment_method": "pm_1"})
    old = told(email="ann@x.test", account_balance=-500, currency="EUR", default_source={"id": "card_1", "object": "card"})
    assert (new.email, new.balance_minor, new.currency) == (old.email, old.balance_minor, old.currency) == ("ann@x.test", -500, "EUR")
    assert (new.default_payment_method_ref, old.default_payment_method_ref) == ("pm_1", "card_1")


def test_what_no_customer_can_be_is_no_error() -> None:
    assert told(tax_exempt="royal").tax_exempt is None
    assert told(tax_exempt="reverse").tax_exempt == "reverse"
    assert told().email is UNSET
    assert told(email="  ").email is None


@pytest.mark.requirement("INBOX-17")
@pytest.mark.parametrize("obj", [{"deleted": True}, {"email": "ann@x.test"}])
def test_a_deleted_customer_is_final(obj: dict[str, Any]) -> None:
    fact = told("deleted", **obj)
    assert (fact.deleted_at, fact.version.phase) == (T0, 2)
    late = customer(stripe_event("customer.updated", {"id": "cus_1"}, after_s=3600))
    assert late.version < fact.version


def method(event: str, **obj: Any) -> PaymentMethodFact:
    return payment_method(stripe_event(f"payment_method.{event}", {"id": "pm_1", "object": "payment_method"} | obj))


@pytest.mark.requirement("PAY-7")
def test_a_card_and_a_bank_debit() -> None:
    details = {"brand": "visa", "last4": "4242", "exp_month": 4, "exp_year": 2030, "country": "RO", "funding": "debit"}
    card = method("attached", type="card", customer="cus_1", card=details)
    assert (card.kind, card.brand, card.last4, card.exp_month, card.exp_year) == ("card", "visa", "4242", 4, 2030)
    assert (card.customer_ref, card.country, card.funding) == ("cus_1", "RO", "debit")
    debit = method("attached", type="us_bank_account", us_bank_account={"bank_name": "Big", "last4": "6789"})
    assert (debit.brand, debit.last4, debit.exp_month) == ("Big", "6789", UNSET)
    assert method("updated", type="telepathy").kind == "telepathy"


@pytest.mark.requirement("PAY-7", "INBOX-17")
def test_a_detached_method_is_nobodys_for_good() -> None:
    gone = method("detached", type="card", customer="cus_1")
    assert (gone.customer_ref, gone.detached_at, gone.version.phase) == (None, T0, 2)


@pytest.mark.requirement("INBOX-10")
def test_a_tax_number_and_its_check() -> None:
    obj = {"id": "txi_1", "customer": "cus_1", "type": "eu_vat", "value": "RO123", "verification": {"status": "verified"}}
    fact = tax_id(stripe_event("customer.tax_id.updated", obj))
    assert (fact.customer_ref, fact.kind, fact.value, fact.verification_status) == ("cus_1", "eu_vat", "RO123", "verified")
    gone = tax_id(stripe_event("customer.tax_id.deleted", {"id": "txi_1", "deleted": True}))
    assert (gone.deleted_at, gone.value, gone.version.phase) == (T0, UNSET, 2)


@pytest.mark.requirement("INBOX-10")
def test_a_portal_visit() -> None:
    obj = {"id": "bps_1", "customer": "cus_1", "flow": {"type": "subscription_cancel"}}
    fact = portal_session(stripe_event("billing_portal.session.created", obj))
    assert (fact.external_id, fact.customer_ref, fact.flow) == ("bps_1", "cus_1", "subscription_cancel")
