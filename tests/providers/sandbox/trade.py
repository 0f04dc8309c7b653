"""A stretch of trade at the stand-in in which everything happens that it can do; for tests of shapes and of replay."""

from __future__ import annotations

from typing import Any

from providers.sandbox.control import Control
from tests.providers.sandbox.stripe_api import Json, Sdk

BEGAN_AT_S = 1_800_000_000


def trade(sdk: Sdk, control: Control) -> list[Json]:
    """All events of it, in order."""
    control.freeze(BEGAN_AT_S)
    customer = sdk.post("/v1/customers", email="payer@example.com", name="Payer")["id"]
    method = sdk.post("/v1/payment_methods/pm_card_visa/attach", customer=customer)["id"]
    sdk.post(f"/v1/customers/{customer}", invoice_settings={"default_payment_method": method})
    account = control.ready_account(settings={"payouts": {"schedule": {"interval": "daily"}}})
    _payments(sdk, control, customer, account)
    _disputes(sdk, control)
    control.advance(days=4)
    [payout, *_] = sdk.get("/v1/payouts", account=account)["data"]
    control.fail_payout(payout["id"])
    control.top_up(5000, "eur")
    sent = sdk.post("/v1/transfers", amount=2000, currency="eur", destination=account)
    sdk.post(f"/v1/transfers/{sent['id']}/reversals", amount=500)
    ended = sdk.post("/v1/payouts", amount=100, currency="eur")
    sdk.post(f"/v1/payouts/{ended['id']}/cancel")
    control.restrict(account)
    [bank] = sdk.get(f"/v1/accounts/{account}/external_accounts")["data"]
    sdk.call("delete", f"/v1/accounts/{account}/external_accounts/{bank['id']}")
    sdk.post(f"/v1/payment_methods/{method}/detach")
    return control.take_events()


def _payments(sdk: Sdk, control: Control, customer: str, account: str) -> None:
    shared: dict[str, Any] = {"transfer_data": {"destination": account}, "application_fee_amount": 500}
    big = sdk.charge(10_001, customer=customer, **shared)
    sdk.post("/v1/refunds", payment_intent=big["id"], amount=3333, reverse_transfer=True, refund_application_fee=True)
    plain = sdk.charge(4900, "jpy", customer=customer)
    sdk.post("/v1/refunds", payment_intent=plain["id"], reason="duplicate")
    sdk.post("/v1/refunds", payment_intent=sdk.charge(4900, method="pm_card_refundFail")["id"])
    sdk.refused("/v1/payment_intents", amount=999, currency="eur", payment_method="pm_card_chargeDeclined", confirm=True)
    control.authenticate(sdk.charge(1200, method="pm_card_authenticationRequired")["id"])
    for method in ("pm_sepa_debit", "pm_sepa_debit_fails"):
        sdk.charge(2500, method=method)
    held = sdk.charge(3000, capture_method="manual")
    sdk.post(f"/v1/payment_intents/{held['id']}/capture", amount_to_capture=2000)
    sdk.post(f"/v1/payment_intents/{sdk.post('/v1/payment_intents', amount=700, currency='eur')['id']}/cancel")
    line = {"price_data": {"currency": "eur", "unit_amount": 900}, "quantity": 1}
    for method in ("pm_card_visa", "pm_sepa_debit"):
        session = sdk.post("/v1/checkout/sessions", mode="payment", line_items=[line], customer=customer)
        control.complete_checkout(session["id"], method)
    sdk.post("/v1/checkout/sessions", mode="payment", line_items=[line])


def _disputes(sdk: Sdk, control: Control) -> None:
    won = control.dispute(sdk.charge(5000)["latest_charge"], amount=3000)
    sdk.post(f"/v1/disputes/{won['id']}", evidence={"customer_name": "A"}, submit=True)
    control.end_dispute(won["id"], "won")
    sdk.post(f"/v1/disputes/{control.dispute(sdk.charge(5100)['latest_charge'])['id']}/close")
    asked = sdk.charge(5200, method="pm_card_createDisputeInquiry")
    [inquiry] = sdk.get("/v1/disputes", charge=asked["latest_charge"])["data"]
    control.end_dispute(inquiry["id"], "warning_closed")
    control.fraud_warning(asked["latest_charge"])
