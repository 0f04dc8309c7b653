"""Payouts through PayPal from the app's command to the payee: paid once, whatever the replies do; what comes back is owed again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tasks.payments.paypal.market import Market

PAYEE = "organiser@example.com"
REQUEST = "billing.payouts.request.v1"


def owed(market: Market) -> Any:
    """The payee's balance with us, in euro cents."""
    return market.machine.one("SELECT balances -> 'EUR' ->> 'available_minor' FROM bursar.payee WHERE external_id = %s", PAYEE)


def pay_out(market: Market, reference: str = "P-1", amount_minor: int = 10_000) -> dict[str, Any]:
    """A payout of a share that was earned; its request."""
    market.bought(payee_ref=PAYEE)
    wish = {"source": "paypal", "account_ref": PAYEE, "reference": reference, "currency": "EUR", "amount_minor": amount_minor}
    told = market.machine.run(REQUEST, wish)
    assert told["state"] == "succeeded", told
    market.settle()
    return market.row("payout_request", reference)


@pytest.mark.requirement("PAYOUT-1", "PAYOUT-6", "PAY-2")
@pytest.mark.parametrize("reference", ["P-1", "P-" + "x" * 110])
def test_a_payout_is_paid_and_its_item_finds_its_request(market: Market, reference: str) -> None:
    request = pay_out(market, reference)
    assert request["status"] == "paid"
    assert market.effects("payout") == [(10_000, "EUR")]
    payout = market.row("payout", request["payout_ref"])
    assert (payout["status"], payout["amount_minor"], payout["confirmed"], payout["fee_minor"]) == ("paid", 10_000, True, 25)
    assert market.machine.failures() == []


@pytest.mark.requirement("PAY-3", "PAY-16", "PAYOUT-1")
@pytest.mark.parametrize(("kind", "known"), [("lost_reply", True), ("lost_reply", False), ("error_after", False), ("error_before", False)])
def test_a_lost_reply_pays_once_also_where_only_the_batch_id_guards_it(market: Market, kind: str, known: bool) -> None:
    market.control.tell("config", payouts_know_request_ids=known)
    market.control.fault(kind, method="POST", path="/v1/payments/payouts$", times=2)
    assert pay_out(market)["status"] == "paid"
    assert market.effects("payout") == [(10_000, "EUR")]
    assert market.submissions()[-1] == ("payout.create", "settled", "accepted", 1)


@pytest.mark.requirement("PAY-16", "PAYOUT-1")
def test_a_header_that_paypal_calls_used_is_no_refusal(market: Market) -> None:
    market.control.fault("error_after", method="POST", path="/v1/payments/payouts$", status=400, code="DUPLICATE_REQUEST_ID")
    assert pay_out(market)["status"] == "paid"
    assert market.effects("payout") == [(10_000, "EUR")]


@pytest.mark.requirement("PAYOUT-6")
def test_what_nobody_claims_comes_back_and_is_owed_again(market: Market) -> None:
    market.control.tell("config", payout_outcomes={PAYEE: "UNCLAIMED"})
    request = pay_out(market)
    left = owed(market)
    assert request["status"] == "in_transit"
    [item] = market.control.tell("objects", kind="item")
    market.control.tell("payout_item", item=item["payout_item_id"], status="RETURNED")
    market.settle(copies=2)
    assert market.row("payout_request", "P-1")["status"] == "returned"
    assert int(owed(market)) == int(left) + 10_000


@pytest.mark.requirement("PAYOUT-6", "PAY-3")
def test_a_refused_payout_says_why_and_is_owed_again(market: Market) -> None:
    market.control.tell("config", funds={"EUR": -1_000_000})
    request = pay_out(market)
    assert (request["status"], request["failure_code"]) == ("failed", "INSUFFICIENT_FUNDS")
    assert market.effects("payout") == []
    before = int(owed(market))
    market.control.tell("config", funds=None)
    wish = {"source": "paypal", "account_ref": PAYEE, "reference": "P-2", "currency": "EUR"}
    assert market.machine.run(REQUEST, wish)["state"] == "succeeded"
    market.settle()
    assert market.row("payout_request", "P-2")["status"] == "paid"
    assert market.effects("payout") == [(before, "EUR")]


@pytest.mark.requirement("INBOX-11", "PAYOUT-6")
def test_what_only_a_weakly_signed_body_says_of_a_payout_gives_nothing_back(market: Market) -> None:
    request = pay_out(market)
    left = owed(market)
    [told] = [one for one in market.told if one["event_type"] == "PAYMENT.PAYOUTS-ITEM.SUCCEEDED"]
    forged = told | {
        "id": "WH-forged", "event_type": "PAYMENT.PAYOUTS-ITEM.FAILED", "resource": told["resource"] | {"transaction_status": "FAILED"},
    }  # fmt: skip
    market.machine.deliver(forged, "paypal")
    market.settle()
    assert market.row("payout", request["payout_ref"])["confirmed"] is False
    assert market.row("payout_request", "P-1")["status"] == "paid"
    assert owed(market) == left, "PayPal was asked, and paid it"
