"""Refunds, reversals and disputes at the stand-in: limits as Stripe's, shares that add up, money that comes back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.sandbox.control import SandboxRefused
from tests.harness.sandbox import Sandbox
from tests.providers.sandbox.stripe_api import Direct, Json, Sdk


def _types(sandbox: Sandbox) -> list[str]:
    return [event["type"] for event in sandbox.control.take_events()]


def test_refunds_go_up_to_what_was_charged(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    intent = sdk.charge(4900)
    stripe_sandbox.control.take_events()
    asked = {"payment_intent": intent["id"], "amount": 4000, "reason": "requested_by_customer"}
    first = sdk.post("/v1/refunds", **asked, metadata={"bursar_request": "refund_request:R"})
    assert (first["status"], first["charge"], first["amount"]) == ("succeeded", intent["latest_charge"], 4000)
    [_, refunded] = stripe_sandbox.control.take_events()
    assert (refunded["type"], refunded["data"]["previous_attributes"]["amount_refunded"]) == ("charge.refunded", 0)
    more = sdk.refused("/v1/refunds", charge=intent["latest_charge"], amount=901)
    assert (more.http_status, more.code, more.param) == (400, None, "amount")
    assert "greater than unrefunded amount" in str(more)
    sdk.post("/v1/refunds", charge=intent["latest_charge"])
    assert sdk.refused("/v1/refunds", charge=intent["latest_charge"]).code == "charge_already_refunded"
    charge = sdk.get(f"/v1/charges/{intent['latest_charge']}")
    assert (charge["amount_refunded"], charge["refunded"]) == (4900, True)
    listed = sdk.get("/v1/refunds", charge=charge["id"])["data"]
    assert [row["amount"] for row in listed] == [900, 4000]
    assert sdk.get("/v1/refunds", payment_intent=intent["id"])["data"] == listed
    assert stripe_sandbox.control.count("refund", "request") == {"refund_request:R": 1, "None": 1}
    # The fee stays with Stripe.
    assert stripe_sandbox.control.balances() == {(None, "eur"): (0, -99)}


@pytest.mark.parametrize(("method", "ends"), [("pm_card_refundFail", "failed"), ("pm_card_pendingRefund", "succeeded")])
def test_a_refund_may_end_otherwise_later(sdk: Sdk, stripe_sandbox: Sandbox, method: str, ends: str) -> None:
    intent = sdk.charge(4900, method=method)
    refund = sdk.post("/v1/refunds", payment_intent=intent["id"])
    assert refund["status"] == ("succeeded" if ends == "failed" else "pending")
    stripe_sandbox.control.take_events()
    stripe_sandbox.control.advance(days=1)
    after = sdk.get(f"/v1/refunds/{refund['id']}")
    assert after["status"] == ends
    assert ("refund.failed" in _types(stripe_sandbox)) == (ends == "failed")
    charge = sdk.get(f"/v1/charges/{intent['latest_charge']}")
    assert charge["amount_refunded"] == (0 if ends == "failed" else 4900)
    [(now, later)] = stripe_sandbox.control.balances().values()
    assert now + later == (4801 if ends == "failed" else -99)


def test_only_a_pending_refund_can_be_cancelled(sdk: Sdk) -> None:
    done = sdk.post("/v1/refunds", payment_intent=sdk.charge()["id"])
    assert sdk.refused(f"/v1/refunds/{done['id']}/cancel").http_status == 400
    waiting = sdk.post("/v1/refunds", payment_intent=sdk.charge(method="pm_card_pendingRefund")["id"])
    assert sdk.post(f"/v1/refunds/{waiting['id']}/cancel")["status"] == "canceled"


@settings(max_examples=40)
@given(
    st.integers(1000, 99_999), st.integers(0, 1000), st.lists(st.integers(1, 60_000), max_size=6),
    st.sampled_from(["eur", "jpy", "kwd"]),
)  # fmt: skip
def test_the_shares_of_all_refunds_add_up(amount: int, fee_permille: int, parts: list[int], currency: str) -> None:
    direct = Direct(accounts_ready=True)
    _, account = direct.post("/v1/accounts", {"capabilities": {"transfers": {"requested": True}}})
    fee = amount * fee_permille // 1000
    _, intent = direct.post("/v1/payment_intents", {
        "amount": amount, "currency": currency, "payment_method": "pm_card_visa", "confirm": True,
        "transfer_data": {"destination": account["id"]}, "application_fee_amount": fee,
    })  # fmt: skip
    asked: Json = {"payment_intent": intent["id"], "reverse_transfer": True, "refund_application_fee": fee > 0}
    for part in parts:
        left = amount - sum(row["amount"] for row in direct.world.table("refund").rows)
        status, _ = direct.post("/v1/refunds", asked | {"amount": part})
        assert (status == 200) == (part <= left)
    direct.post("/v1/refunds", asked)
    [charge, payment] = direct.world.table("charge").rows
    assert charge["amount_refunded"] == payment["amount_refunded"] == amount
    [transfer] = direct.world.table("transfer").rows
    assert (transfer["amount_reversed"], transfer["reversed"]) == (amount, True)
    assert sum(row["amount"] for row in direct.world.table("transfer_reversal").rows) == amount
    assert [row["amount_refunded"] for row in direct.world.table("application_fee").rows] == ([fee] if fee else [])
    assert sum(direct.world.balances[account["id"], currency]) == 0


def test_a_transfer_is_reversed_by_parts(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    account = stripe_sandbox.control.ready_account()
    assert sdk.refused("/v1/transfers", amount=1000, currency="eur", destination=account).code == "balance_insufficient"
    stripe_sandbox.control.top_up(1000, "eur")
    transfer = sdk.post("/v1/transfers", amount=1000, currency="eur", destination=account, transfer_group="g")
    first = sdk.post(f"/v1/transfers/{transfer['id']}/reversals", amount=300, metadata={"a": "1"})
    assert sdk.refused(f"/v1/transfers/{transfer['id']}/reversals", amount=701).param == "amount"
    sdk.post(f"/v1/transfers/{transfer['id']}/reversals")
    assert sdk.refused(f"/v1/transfers/{transfer['id']}/reversals").code == "transfer_already_reversed"
    after = sdk.get(f"/v1/transfers/{transfer['id']}")
    assert (after["amount_reversed"], after["reversed"]) == (1000, True)
    assert [row["amount"] for row in sdk.get(f"/v1/transfers/{transfer['id']}/reversals")["data"]] == [700, 300]
    assert sdk.get(f"/v1/transfers/{transfer['id']}/reversals/{first['id']}")["metadata"] == {"a": "1"}
    assert stripe_sandbox.control.balances() == {(None, "eur"): (1000, 0), (account, "eur"): (0, 0)}


def test_an_account_without_money_lets_nothing_be_reversed(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    stripe_sandbox.control.configure(allow_negative=False)
    account = stripe_sandbox.control.ready_account()
    stripe_sandbox.control.top_up(1000, "eur")
    transfer = sdk.post("/v1/transfers", amount=1000, currency="eur", destination=account)
    sdk.post("/v1/payouts", amount=600, currency="eur", account=account)
    assert sdk.refused(f"/v1/transfers/{transfer['id']}/reversals", amount=500).code == "balance_insufficient"


def test_a_lost_and_a_won_dispute(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    control = stripe_sandbox.control
    charge = sdk.charge(10_000)["latest_charge"]
    control.take_events()
    dispute = control.dispute(charge, amount=6000)
    assert _types(stripe_sandbox) == ["charge.dispute.created", "charge.updated", "charge.dispute.funds_withdrawn"]
    assert control.balances() == {(None, "eur"): (-7500, 9825)}
    assert sdk.refused("/v1/refunds", charge=charge).code == "charge_disputed"
    draft = sdk.post(f"/v1/disputes/{dispute['id']}", evidence={"product_description": "Seat"}, submit=False)
    assert (draft["status"], draft["evidence_details"]["has_evidence"]) == ("needs_response", True)
    sent = sdk.post(f"/v1/disputes/{dispute['id']}", evidence={"customer_name": "A"}, submit=True)
    assert (sent["status"], sent["evidence"]["product_description"]) == ("under_review", "Seat")
    assert sent["evidence_details"]["submission_count"] == 1
    assert sdk.refused(f"/v1/disputes/{dispute['id']}", evidence={"customer_name": "B"}).http_status == 400
    control.take_events()
    control.end_dispute(dispute["id"], "won")
    assert _types(stripe_sandbox) == ["charge.dispute.funds_reinstated", "charge.dispute.updated", "charge.dispute.closed"]
    assert control.balances() == {(None, "eur"): (-1500, 9825)}
    assert sdk.post("/v1/refunds", charge=charge, amount=100)["status"] == "succeeded", "what was won may be refunded again"
    with pytest.raises(SandboxRefused, match="already closed"):
        control.end_dispute(dispute["id"], "lost")

    accepted = control.dispute(sdk.charge(5000)["latest_charge"])
    assert sdk.post(f"/v1/disputes/{accepted['id']}/close")["status"] == "lost"
    assert sdk.refused(f"/v1/disputes/{accepted['id']}/close").http_status == 400
    assert [row["status"] for row in sdk.get("/v1/disputes")["data"]] == ["lost", "won"]


def test_a_warning_takes_no_money_and_silence_loses(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    control = stripe_sandbox.control
    warning = sdk.charge(1000, method="pm_card_createDisputeInquiry")
    disputed = sdk.charge(2000, method="pm_card_createDispute")
    by_charge = {row["charge"]: row for row in sdk.get("/v1/disputes")["data"]}
    assert by_charge[warning["latest_charge"]]["status"] == "warning_needs_response"
    assert by_charge[warning["latest_charge"]]["balance_transactions"] == []
    [taken] = by_charge[disputed["latest_charge"]]["balance_transactions"]
    assert (taken["amount"], taken["fee"], taken["type"], taken["reporting_category"]) == (-2000, 1500, "adjustment", "dispute")
    control.advance(days=8)
    after = {row["charge"]: row["status"] for row in sdk.get("/v1/disputes")["data"]}
    assert after == {warning["latest_charge"]: "warning_closed", disputed["latest_charge"]: "lost"}


def test_a_prevented_dispute_and_a_fraud_warning_move_nothing(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    control = stripe_sandbox.control
    charge = sdk.charge(1000)["latest_charge"]
    control.take_events()
    assert control.dispute(charge, status="prevented")["balance_transactions"] == []
    assert _types(stripe_sandbox) == ["charge.dispute.created", "charge.updated", "charge.dispute.closed"]
    assert control.fraud_warning(charge)["charge"] == charge
    assert _types(stripe_sandbox) == ["radar.early_fraud_warning.created"]
    control.advance(days=10)
    assert [row["status"] for row in sdk.get("/v1/disputes")["data"]] == ["prevented"]
    assert control.balances() == {(None, "eur"): (960, 0)}


@pytest.mark.parametrize(("text", "status"), [("winning_evidence", "won"), ("losing_evidence", "lost")])
def test_stripes_test_evidence_decides(sdk: Sdk, stripe_sandbox: Sandbox, text: str, status: str) -> None:
    dispute = stripe_sandbox.control.dispute(sdk.charge(5000)["latest_charge"])
    sdk.post(f"/v1/disputes/{dispute['id']}", evidence={"uncategorized_text": text}, submit=True)
    assert sdk.get(f"/v1/disputes/{dispute['id']}")["status"] == status
