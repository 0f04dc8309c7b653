"""Disputes at PayPal from the app's command to the decision: answered once, and their money followed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tasks.payments.paypal.market import Market

EVIDENCE, ACCEPT = "billing.disputes.submit_evidence.v1", "billing.disputes.accept.v1"


def disputed(market: Market, **changes: Any) -> str:
    """A dispute about a payment, told and looked up."""
    dispute: str = market.control.tell("dispute", transaction=market.bought(), **changes)["dispute_id"]
    market.settle()
    return dispute


def answer(market: Market, name: str, dispute: str, **more: Any) -> dict[str, Any]:
    """An answer of ours; its request."""
    told = market.machine.run(name, {"source": "paypal", "dispute_ref": dispute, "reference": "A-1", "reason": "as agreed", **more})
    assert told["state"] == "succeeded", told
    market.settle()
    return market.row("dispute_response", "A-1")


@pytest.mark.requirement("DISPUTE-3", "DISPUTE-4", "PAY-2")
@pytest.mark.parametrize("kind", [None, "lost_reply", "error_after", "error_before"])
def test_evidence_is_given_once_and_a_won_dispute_gives_the_money_back(market: Market, kind: str | None) -> None:
    dispute = disputed(market, amount_minor=5000)
    row = market.row("dispute", dispute)
    assert (row["status"], row["funds_withdrawn_minor"], row["confirmed"]) == ("needs_response", 5000, True)
    if kind:
        market.control.fault(kind, method="POST", path="/provide-evidence$")
    request = answer(market, EVIDENCE, dispute, evidence={"uncategorized_text": "it was delivered"})
    assert request["status"] == "made"
    assert market.effects("evidence") == [(5000, "EUR")]
    assert market.row("dispute", dispute)["status"] == "under_review"
    market.control.tell("resolve", dispute=dispute, outcome="RESOLVED_SELLER_FAVOUR")
    market.settle(copies=2)
    row = market.row("dispute", dispute)
    assert (row["status"], row["funds_reinstated_minor"]) == ("won", 5000)
    assert market.machine.failures() == []


@pytest.mark.requirement("DISPUTE-3", "PAY-2", "PAY-16")
@pytest.mark.parametrize("kind", [None, "lost_reply"])
def test_a_dispute_is_accepted_once(market: Market, kind: str | None) -> None:
    dispute = disputed(market)
    if kind:
        market.control.fault(kind, method="POST", path="/accept-claim$")
    assert answer(market, ACCEPT, dispute)["status"] == "made"
    assert market.effects("dispute_accepted") == [(12100, "EUR")]
    assert market.row("dispute", dispute)["status"] == "lost"
    assert market.machine.failures() == []


@pytest.mark.requirement("DISPUTE-3")
def test_what_paypal_does_not_take_is_a_failed_answer(market: Market) -> None:
    dispute = disputed(market)
    market.control.tell("resolve", dispute=dispute, outcome="RESOLVED_BUYER_FAVOUR")
    told = market.machine.run(ACCEPT, {"source": "paypal", "dispute_ref": dispute, "reference": "A-1", "reason": "as agreed"})
    assert told["state"] == "succeeded", "PayPal's decision is on its way to us"
    request = market.row("dispute_response", "A-1")
    assert (request["status"], request["failure_code"]) == ("failed", "ACTION_NOT_ALLOWED_IN_CURRENT_DISPUTE_STATE")
    market.settle()
    assert market.row("dispute", dispute)["status"] == "lost"


_FEES = "SELECT debit, credit, amount_minor, currency FROM bursar.journal WHERE kind = 'dispute_fee' ORDER BY id"


@pytest.mark.requirement("DISPUTE-4", "RECON-3")
@pytest.mark.parametrize(("currency", "fee"), [("EUR", 1_500), ("USD", 2_000)])
def test_what_paypal_charges_for_a_lost_dispute_is_a_fee_and_no_part_of_what_was_contested(
    market: Market, currency: str, fee: int
) -> None:
    dispute = disputed(market, amount_minor=5_000)
    assert market.machine.all(_FEES) == []
    with market.paypal.standin.world.lock:
        market.paypal.standin.world.config.dispute_fee = fee if currency == "EUR" else 0
    market.control.tell("resolve", dispute=dispute, outcome="RESOLVED_BUYER_FAVOUR")
    world = market.paypal.standin.world
    taken = {"party": "SELLER", "reason": "CHARGEBACK_FEE", "initiated_time": world.stamp()}
    if currency != "EUR":  # the balance in the dispute's currency was empty
        with world.lock:
            world.find("dispute", dispute)["fund_movements"].append(
                taken | {"type": "DEBIT", "amount": {"currency_code": currency, "value": "20.00"}}
            )
    market.settle(copies=2)
    row = market.row("dispute", dispute)
    assert (row["status"], row["funds_withdrawn_minor"], row["funds_reinstated_minor"]) == ("lost", 5_000, 0)
    assert market.machine.all(_FEES) == [("paypal:dispute_fees", "paypal:balance", fee, currency)]

    with world.lock:
        back = taken | {"type": "CREDIT", "amount": {"currency_code": currency, "value": f"{fee // 100}.00"}}
        world.find("dispute", dispute)["fund_movements"].append(back)
    told = market.machine.run("billing.object.refresh.v1", {"source": "paypal", "kind": "dispute", "object_ref": dispute})
    assert told["state"] == "succeeded", told
    market.settle()
    assert market.machine.all(_FEES)[1:] == [("paypal:balance", "paypal:dispute_fees", fee, currency)]
    assert market.machine.failures() == []
