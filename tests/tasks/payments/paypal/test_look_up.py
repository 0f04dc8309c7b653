"""What a submission has made, asked of PayPal itself: found by what it carries, and never taken for another's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from core.clock import SystemClock
from core.settings import Settings
from providers.errors import Retryable, Unknown
from providers.paypal.operations import render
from providers.submission import Flight
from tasks.payments.paypal import calls
from tests.harness.paypal import PayPal

NOW = SystemClock().now()
LATER = NOW + timedelta(days=50)


def settings(paypal: PayPal) -> Settings:
    return Settings(**paypal.settings())


def flight(operation: str, values: Mapping[str, Any], *, request: str = "refund_request:REF-1", number: int = 1) -> Flight:
    """A submission that was sent once."""
    key = f"{operation}:{number:032x}:1"
    call = render(operation, values, request=request, key=key)
    kind, _, reference = request.partition(":")
    return Flight(
        submission=key, operation=operation, request_type=kind, request_ref=reference, kind=call.kind, path=call.path, account=None,
        body=call.body, key=key, generation=1, sent_before=True, sent_at=NOW, lane="paypal:1",
    )  # fmt: skip


def bought(paypal: PayPal) -> str:
    """A captured order; the capture."""
    made = flight("order.create", {"amount_minor": 12100, "currency": "EUR"}, request="checkout_request:C-1")
    order = json.loads(calls.submit(made, settings=settings(paypal), at=NOW).body)["resource"]["id"]
    paypal.control.tell("approve", order=order)
    calls.submit(flight("order.capture", {"order_ref": order}), settings=settings(paypal), at=NOW)
    [capture] = paypal.control.tell("objects", kind="capture")
    return str(capture["id"])


def refund(paypal: PayPal, charge: str, **changes: Any) -> Flight:
    return flight("refund.create", {"charge_ref": charge, "amount_minor": 100, "currency": "EUR"} | changes)


@pytest.mark.requirement("PAY-16")
def test_a_refund_is_found_by_the_request_that_it_names(paypal_sandbox: PayPal) -> None:
    mine = settings(paypal_sandbox)
    sent = refund(paypal_sandbox, bought(paypal_sandbox))
    assert calls.look_up(sent, settings=mine, at=LATER) is None
    same = {"charge_ref": sent.path.split("/")[-2], "amount_minor": 100, "currency": "EUR"}
    other = flight("refund.create", same, request="refund_request:REF-10", number=2)
    calls.submit(other, settings=mine, at=NOW)
    assert calls.look_up(sent, settings=mine, at=LATER) is None, "another refund of the same amount is not ours"
    answer = calls.submit(sent, settings=mine, at=NOW)
    found = calls.look_up(sent, settings=mine, at=LATER)
    assert found is not None
    assert (found.object_id, found.event_id, found.event_type) == (answer.object_id, answer.event_id, "answer.refund")


@pytest.mark.requirement("PAY-16")
def test_a_refund_of_a_sale_is_found_in_the_reports_once_they_can_show_it(paypal_sandbox: PayPal) -> None:
    mine = settings(paypal_sandbox)
    sale = paypal_sandbox.control.tell("sale", amount_minor=900, currency="EUR")["id"]
    sent = refund(paypal_sandbox, sale, charge_kind="sale")
    answer = calls.submit(sent, settings=mine, at=NOW)
    with pytest.raises(Retryable, match="may not show"):
        calls.look_up(sent, settings=mine, at=NOW + timedelta(hours=2))
    found = calls.look_up(sent, settings=mine, at=NOW + timedelta(days=31))
    assert found is not None
    assert found.object_id == answer.object_id
    same = {"charge_ref": sale, "charge_kind": "sale", "amount_minor": 100, "currency": "EUR"}
    other = flight("refund.create", same, request="refund_request:REF-2")
    assert calls.look_up(other, settings=mine, at=NOW + timedelta(days=31)) is None


@pytest.mark.requirement("PAY-16", "DISPUTE-3")
@pytest.mark.parametrize("operation", ["dispute.accept", "dispute.provide_evidence"])
def test_a_dispute_has_no_key_so_it_is_looked_at_before_anything_is_sent_again(paypal_sandbox: PayPal, operation: str) -> None:
    mine, control = settings(paypal_sandbox), paypal_sandbox.control
    dispute = control.tell("dispute", transaction=bought(paypal_sandbox))["dispute_id"]
    values = {"dispute_ref": dispute} | ({"note": "ours"} if operation == "dispute.accept" else {"evidence": {"a": "b"}})
    sent = flight(operation, values, request="dispute_response:R-1")
    assert calls.key_ended(sent, NOW), "from the first moment"
    assert calls.look_up(sent, settings=mine, at=NOW) is None
    control.fault("lost_reply", method="POST", path=sent.path)
    with pytest.raises(Unknown):
        calls.submit(sent, settings=mine, at=NOW)
    found = calls.look_up(sent, settings=mine, at=NOW)
    assert found is not None
    assert (found.object_id, found.event_type, found.outcome) == (dispute, "answer.dispute", "accepted")


@pytest.mark.requirement("PAY-16")
def test_a_payout_of_a_month_ago_is_never_sent_again_blindly(paypal_sandbox: PayPal) -> None:
    sent = flight("payout.create", {"destination_ref": "a@example.com", "amount_minor": 1, "currency": "EUR"}, request="payout_request:P-1")
    assert not calls.key_ended(sent, NOW + timedelta(days=28))
    assert calls.key_ended(sent, NOW + timedelta(days=30))
    with pytest.raises(Retryable, match="by hand"):
        calls.look_up(sent, settings=settings(paypal_sandbox), at=NOW + timedelta(days=31))


@pytest.mark.requirement("PAY-16")
def test_a_list_that_cannot_be_read_says_nothing_about_what_is_in_it(paypal_sandbox: PayPal) -> None:
    sent = refund(paypal_sandbox, bought(paypal_sandbox))
    paypal_sandbox.control.fault("error_before", method="GET", path="/captures/", status=404)
    with pytest.raises(Retryable):
        calls.look_up(sent, settings=settings(paypal_sandbox), at=LATER)


@pytest.mark.requirement("PAY-3")
def test_an_answer_that_is_not_paypals_leaves_the_outcome_open(paypal_sandbox: PayPal) -> None:
    """A proxy that answers in HTML with 200 has made nothing certain."""
    sent = flight("order.capture", {"order_ref": "X"})
    paypal_sandbox.control.fault("error_before", method="POST", path="/capture$", status=302)
    with pytest.raises(Unknown, match="302"):
        calls.submit(sent, settings=settings(paypal_sandbox), at=NOW)


@pytest.mark.requirement("PAY-3")
def test_what_never_left_may_be_sent_again_at_once(paypal_sandbox: PayPal) -> None:
    """No connection is no call; a token that cannot be had is none either."""
    mine = settings(paypal_sandbox)
    sent = refund(paypal_sandbox, bought(paypal_sandbox))
    paypal_sandbox.control.tell("expire_tokens")
    paypal_sandbox.control.fault("error_before", method="POST", path="/oauth2/token$", status=503)
    with pytest.raises(Retryable, match="503"):
        calls.submit(sent, settings=mine, at=NOW)
    paypal_sandbox.stop()
    with pytest.raises(Retryable, match="cannot be reached"):
        calls.submit(sent, settings=mine, at=NOW)


@pytest.mark.parametrize(
    ("operation", "values", "error"),
    [
        ("order.create", {"amount_minor": 1, "currency": "EUR", "colour": "red"}, KeyError),
        ("refund.create", {"charge_ref": "C", "amount_minor": 1, "currency": "EUR", "metadata": {"a": "x" * 200}}, ValueError),
        ("refund.create", {"charge_ref": "C", "amount_minor": 1, "currency": "EUR", "metadata": {"a": "b&c=d"}}, ValueError),
        ("transfer.create", {"amount_minor": 1, "currency": "EUR"}, KeyError),
    ],
)
def test_what_paypal_cannot_hold_is_a_bug_that_is_seen_before_any_call(operation: str, values: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        render(operation, values, request="refund_request:R", key="k")


@pytest.mark.parametrize(
    ("operation", "name", "most"),
    [
        ("order.create", "description", 127), ("refund.create", "note", 255), ("sale_refund.create", "note", 255),
        ("dispute.accept", "note", 2000),
    ],
)  # fmt: skip
def test_texts_for_people_are_cut_to_what_paypal_takes(operation: str, name: str, most: int) -> None:
    place = {"charge_ref": "C"} if "refund" in operation else {"dispute_ref": "D"} if "dispute" in operation else {}
    money = {} if "dispute" in operation else {"amount_minor": 1, "currency": "EUR"}
    call = render(operation, {**place, **money, name: "long " * 1000}, request="refund_request:R", key="k")
    texts = [text for text in call.body.split('"') if text.startswith("long")]
    assert [(len(text), text[-1]) for text in texts] == [(most, "…")]


def test_ids_are_escaped_in_paths_and_amounts_are_in_paypals_unit() -> None:
    call = render("refund.create", {"charge_ref": "../a b", "amount_minor": 1234, "currency": "HUF"}, request="refund_request:R", key="k")
    assert call.path == "/v2/payments/captures/..%2Fa%20b/refund"
    assert json.loads(call.body)["amount"] == {"currency_code": "HUF", "value": "1234"}
