"""Payment intents, charges and checkouts of every API version say the same facts, failure codes included."""

from __future__ import annotations

from typing import Any

import pytest

from billing.rules.facts.base import UNSET
from billing.rules.facts.checkout import CheckoutFact
from billing.rules.facts.payment import ChargeFact, PaymentFact
from providers.stripe.shapes.payment import charge, charges_of_intent, checkout, payment_intent
from tests.factories.stripe_money_out import stripe_event

pytestmark = pytest.mark.requirement("INBOX-9")

DECLINED = {"code": "card_declined", "decline_code": "insufficient_funds", "message": "Your card was declined."}


def intent(status: str, event: str = "succeeded", **more: Any) -> PaymentFact:
    obj = {"id": "pi_1", "object": "payment_intent", "status": status, "amount": 900, "currency": "eur"}
    return payment_intent(stripe_event(f"payment_intent.{event}", obj | more))


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("requires_payment_method", "pending"),
        ("requires_confirmation", "pending"),
        ("requires_action", "requires_action"),
        ("processing", "processing"),
        ("requires_capture", "authorised"),
        ("succeeded", "succeeded"),
        ("canceled", "cancelled"),
        ("quantum", "unknown"),
    ],
)
def test_statuses_in_our_words(theirs: str, ours: str) -> None:
    fact = intent(theirs)
    assert (fact.intent_status, fact.provider_status) == (ours, theirs)


@pytest.mark.requirement("INBOX-13")
def test_the_last_error_is_the_failure() -> None:
    fact = intent("requires_payment_method", "payment_failed", last_payment_error=DECLINED)
    assert fact.intent_status == "failed"
    assert (fact.intent_failure_code, fact.intent_decline_code) == ("card_declined", "insufficient_funds")
    assert fact.intent_failure_message == "Your card was declined."
    assert intent("processing", last_payment_error=None).intent_failure_code is None


@pytest.mark.requirement("INBOX-17")
def test_what_follows_a_failed_try_is_newer_than_it() -> None:
    failed = payment_intent(
        stripe_event("payment_intent.payment_failed", {"id": "pi_1", "status": "requires_payment_method", "last_payment_error": DECLINED})
    )
    again = payment_intent(stripe_event("payment_intent.requires_action", {"id": "pi_1", "status": "requires_action"}, after_s=1))
    done = payment_intent(stripe_event("payment_intent.succeeded", {"id": "pi_1", "status": "succeeded"}, after_s=-60))
    assert failed.version < again.version < done.version


@pytest.mark.parametrize(
    "said",
    [
        {"latest_charge": "ch_1"},
        {"latest_charge": {"id": "ch_1", "object": "charge"}},
        {"charges": {"object": "list", "data": [{"id": "ch_1", "object": "charge", "status": "succeeded"}]}},
    ],
)
def test_the_charge_of_an_intent_moved(said: dict[str, Any]) -> None:
    assert intent("succeeded", **said).latest_charge_ref == "ch_1"


def test_charges_that_an_old_intent_lists_are_its_own() -> None:
    held = [{"id": "ch_1", "object": "charge", "status": "failed", "failure_code": "expired_card"}, "ch_2"]
    obj = {"id": "pi_1", "status": "requires_payment_method", "charges": {"object": "list", "data": held}}
    [fact] = charges_of_intent(stripe_event("payment_intent.payment_failed", obj))
    assert (fact.external_id, fact.payment_ref, fact.status) == ("ch_1", "pi_1", "failed")
    assert fact.failure_code == "expired_card"


def charged(event: str = "succeeded", **obj: Any) -> list[ChargeFact | PaymentFact]:
    base = {"id": "ch_1", "object": "charge", "amount": 900, "currency": "eur", "status": "succeeded"}
    return charge(stripe_event(f"charge.{event}", base | obj))


def test_a_charge_of_an_intent_is_one_fact_and_a_lone_one_is_a_payment_too() -> None:
    [fact] = charged(payment_intent={"id": "pi_1", "object": "payment_intent"})
    assert isinstance(fact, ChargeFact)
    assert fact.payment_ref == "pi_1"
    no_intents: list[dict[str, Any]] = [{}, {"payment_intent": None}]
    for lone in no_intents:
        own, payment = charged(**lone)
        assert isinstance(payment, PaymentFact)
        assert (payment.external_id, payment.kind, payment.amount_minor) == ("ch_1", "charge", 900)
        assert isinstance(own, ChargeFact)
        assert own.payment_ref == "ch_1"


@pytest.mark.parametrize(
    ("event", "said", "status"),
    [
        ("succeeded", {}, "succeeded"),
        ("succeeded", {"captured": False}, "authorised"),
        ("captured", {"captured": True}, "succeeded"),
        ("expired", {"captured": False}, "cancelled"),
        ("refunded", {"captured": False, "refunded": True}, "cancelled"),
        ("refunded", {"captured": True, "refunded": True}, "succeeded"),
        ("pending", {"status": "pending"}, "pending"),
        ("failed", {"status": "failed"}, "failed"),
        ("updated", {"status": "tunnelled"}, "unknown"),
        ("succeeded", {"status": None, "paid": True}, "succeeded"),
        ("succeeded", {"status": "paid", "paid": True}, "succeeded"),
    ],
)
def test_statuses_of_charges(event: str, said: dict[str, Any], status: str) -> None:
    fact = charged(event, **said)[0]
    assert isinstance(fact, ChargeFact)
    assert fact.status == status


@pytest.mark.requirement("INBOX-13")
def test_a_declined_charge_says_why() -> None:
    outcome = {"reason": "generic_decline", "risk_level": "normal"}
    fact = charged("failed", status="failed", failure_code="card_declined", failure_message="No.", outcome=outcome)[0]
    assert isinstance(fact, ChargeFact)
    assert (fact.failure_code, fact.failure_message, fact.decline_code) == ("card_declined", "No.", "generic_decline")
    assert fact.amount_captured_minor == 0


def session(event: str, **obj: Any) -> CheckoutFact:
    return checkout(stripe_event(f"checkout.session.{event}", {"id": "cs_1", "object": "checkout.session"} | obj))


@pytest.mark.requirement("PAY-9")
@pytest.mark.parametrize(
    ("said", "purpose", "reference"),
    [
        ({"mode": "subscription"}, "subscription", None),
        ({"subscription": "sub_1"}, "subscription", None),
        ({"metadata": {"bursar_purpose": "course_enrolment", "enrolment": "e1"}}, "course_enrolment", "e1"),
        ({"metadata": {"bursar_purpose": "credit_package", "package": "p1"}}, "credit_package", "p1"),
        ({"metadata": {"bursar_purpose": "event_registration", "registration": 7}}, "event_registration", "7"),
        ({"metadata": {"bursar_purpose": "world_domination"}}, "undeclared", None),
        ({"metadata": {}, "mode": "payment"}, "undeclared", None),
    ],
)
def test_the_declared_purpose(said: dict[str, Any], purpose: str, reference: str | None) -> None:
    fact = session("completed", status="complete", payment_status="paid", **said)
    assert (fact.purpose, fact.purpose_ref) == (purpose, reference)


@pytest.mark.requirement("PAY-9")
@pytest.mark.parametrize(
    ("event", "said", "paid"),
    [
        ("completed", {"payment_status": "paid"}, "paid"),
        ("completed", {"payment_status": "unpaid"}, "unpaid"),
        ("completed", {"payment_status": "no_payment_required"}, "no_payment_required"),
        ("completed", {}, "paid"),
        ("completed", {"mode": "setup"}, "no_payment_required"),
        ("completed", {"payment_status": "in_shells"}, "unknown"),
        ("async_payment_succeeded", {"payment_status": "paid"}, "paid"),
        ("async_payment_failed", {"payment_status": "unpaid"}, "failed"),
        ("expired", {"payment_status": "unpaid", "status": "expired"}, "unpaid"),
        ("expired", {}, UNSET),
    ],
)
def test_whether_a_checkout_is_paid(event: str, said: dict[str, Any], paid: Any) -> None:
    assert session(event, **said).payment_status == paid


@pytest.mark.requirement("PAY-9", "INBOX-17")
def test_paid_is_the_last_word() -> None:
    later = session("completed", status="complete", payment_status="unpaid")
    assert later.version < session("async_payment_succeeded", status="complete").version
    assert later.version < session("async_payment_failed", status="complete", payment_status="unpaid").version
