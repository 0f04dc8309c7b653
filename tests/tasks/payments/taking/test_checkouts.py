"""Checkouts and customers that are asked for: refused before any call, refused by the provider, closed, told by the payment alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.tasks.payments.taking.till import Json, Till, granted

CART: dict[str, Any] = {
    "source": "stripe", "reference": "cart:1", "purpose": "credit_package", "purpose_ref": "cp-9", "description": "900 credits",
    "amount_minor": 900, "currency": "EUR", "external_ref": "user-7", "success_url": "https://a.example/ok", "cancel_url": "https://a.example/no",
}  # fmt: skip
SESSION: Json = {
    "id": "cs_1", "object": "checkout.session", "status": "open", "payment_status": "unpaid", "mode": "payment", "url": "https://pay.example/cs_1",
    "amount_total": 900, "currency": "eur", "payment_intent": None,
}  # fmt: skip


def _session(desk: Till, **more: Any) -> Json:
    body = json.loads(desk.one("SELECT body FROM bursar.submission WHERE operation = 'checkout_session.create'"))
    return SESSION | {"metadata": body["metadata"]} | more


def _paying(desk: Till) -> Json:
    """The payment that Stripe makes for the session, as our own call told it to."""
    body = json.loads(desk.one("SELECT body FROM bursar.submission WHERE operation = 'checkout_session.create'"))
    return {
        "id": "pi_1", "object": "payment_intent", "status": "succeeded", "amount": 900, "amount_received": 900, "currency": "eur",
        "metadata": body["payment_intent_data"]["metadata"],
    }  # fmt: skip


@pytest.mark.requirement("PAY-18", "PAY-9")
def test_a_payment_completes_its_checkout_though_the_session_is_never_told(desk: Till) -> None:
    desk.do("checkout.start", **CART)
    desk.answered((200, _session(desk)))
    desk.told("payment_intent.succeeded", _paying(desk))

    row = desk.row("checkout_request", "cart:1")
    assert (row["status"], row["payment_ref"], row["url"]) == ("completed", "pi_1", None)
    assert granted(desk) == [("pi_1", "credit_package", "cp-9", "granted", "checkout_request:cart:1")]
    desk.told("checkout.session.completed", _session(desk, status="complete", payment_status="paid", payment_intent="pi_1"))
    assert len(granted(desk)) == 1
    assert desk.row("fulfilment", "pi_1")["external_ref"] == "user-7"


@pytest.mark.requirement("PAY-9")
def test_a_checkout_that_others_started_is_granted_by_its_declared_purpose(desk: Till) -> None:
    declared = {"bursar_purpose": "event_registration", "registration": "reg-4"}
    session = SESSION | {"status": "complete", "payment_status": "paid", "payment_intent": "pi_7", "metadata": declared}
    paid = {
        "id": "pi_7", "object": "payment_intent", "status": "succeeded", "amount": 900, "amount_received": 900, "currency": "eur",
        "metadata": {},
    }  # fmt: skip
    desk.told("payment_intent.succeeded", paid)
    assert granted(desk) == []
    desk.told("checkout.session.completed", session)
    desk.told("checkout.session.completed", session)
    assert granted(desk) == [("pi_7", "event_registration", "reg-4", "granted", None)]


@pytest.mark.requirement("PAY-18")
def test_a_page_that_ran_out_a_page_that_was_refused_and_a_debit_that_failed(desk: Till) -> None:
    desk.do("checkout.start", **CART)
    desk.answered((200, _session(desk)))
    desk.told("checkout.session.expired", _session(desk, status="expired"))
    assert (desk.row("checkout_request", "cart:1")["status"], desk.outcome("key-2")["settled"]) == ("expired", True)
    assert desk.do("checkout.expire", source="stripe", reference="cart:1", reason="late")["result"]["status"] == "expired"

    desk.do("checkout.start", **CART | {"reference": "cart:2"})
    desk.answered((400, {"error": {"type": "invalid_request_error", "code": "url_invalid", "message": "Not a valid URL"}}))
    assert desk.row("checkout_request", "cart:2")["status"] == "failed"
    assert desk.row("checkout_request", "cart:2")["failure_code"] == "url_invalid"

    declared = {"bursar_request": "checkout_request:cart:3"}
    desk.do("checkout.start", **CART | {"reference": "cart:3"})
    debit = SESSION | {"id": "cs_3", "metadata": declared, "status": "complete"}
    desk.answered((200, debit | {"status": "open"}))
    desk.told("checkout.session.completed", debit)
    assert desk.row("checkout_request", "cart:3")["status"] == "approved"
    desk.told("checkout.session.async_payment_failed", debit, after_s=60)
    assert desk.row("checkout_request", "cart:3")["status"] == "failed"
    assert granted(desk) == []


@pytest.mark.requirement("PAY-18", "PAY-12", "PAY-15", "PAY-17")
def test_what_is_refused_is_never_sent(desk: Till) -> None:
    for more, code in _REFUSED:
        found = desk.do("checkout.start", **CART | more)
        assert (found["state"], found["code"]) == ("rejected", code), more
    assert desk.count("submission") == 0
    assert desk.count("checkout_request", "versions <> '{}'") == 0


_REFUSED: tuple[tuple[dict[str, Any], str], ...] = (
    ({"amount_minor": 49}, "below_minimum"),
    ({"amount_minor": 100_000_000, "quantity": 2}, "amount_out_of_bounds"),
    ({"country": "PK"}, "method_not_offered"),
    ({"source": "paypal", "mode": "setup", "amount_minor": None, "currency": None}, "mode_not_offered"),
    ({"source": "paypal", "destination_ref": "acct_1"}, "mode_not_offered"),
    ({"mode": "subscription"}, "invalid_payload"),
    ({"price_ref": "price_1"}, "invalid_payload"),
    ({"purpose": "lottery"}, "invalid_payload"),
    ({"success_url": "ftp://a.example"}, "invalid_payload"),
)


def test_a_reference_is_one_checkout(desk: Till) -> None:
    first = desk.do("checkout.start", **CART)
    assert desk.do("checkout.start", **CART)["result"] == first["result"]
    assert desk.do("checkout.start", **CART | {"amount_minor": 901})["code"] == "reference_used"
    assert desk.do("checkout.expire", source="stripe", reference="cart:1", reason="x")["code"] == "not_open"
    assert desk.do("checkout.expire", source="stripe", reference="cart:8", reason="x")["code"] == "unknown_request"


def test_a_customer_is_made_once_and_asked_for_again_after_a_refusal(desk: Till) -> None:
    asked = {"source": "stripe", "external_ref": "user-8", "email": "nonsense", "full_name": "Ann Lee"}
    desk.do("customers.create", **asked)
    [sent] = desk.answered((400, {"error": {"type": "invalid_request_error", "code": "email_invalid", "message": "Invalid email"}}))
    assert (sent.body["name"], sent.body["metadata[external_ref]"]) == ("Ann Lee", "user-8")
    assert (desk.outcome()["status"], desk.outcome()["failure_code"]) == ("failed", "email_invalid")

    desk.do("customers.create", **asked | {"email": "ann@example.com"})
    made = {"id": "cus_8", "object": "customer", "email": "ann@example.com", "metadata": {}}
    desk.told("customer.created", made)
    [again] = desk.answered((200, made))
    assert again.key != sent.key
    assert desk.do("customers.create", **asked)["result"]["customer_ref"] == "cus_8"
    assert desk.row("customer", "cus_8")["external_ref"] == "user-8"
    assert desk.count("submission") == 2
