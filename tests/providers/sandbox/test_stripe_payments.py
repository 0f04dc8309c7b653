"""The stand-in takes payments as Stripe does: the real SDK calls it, and reads what it answers."""

from __future__ import annotations

import pytest
import stripe

from tests.harness.sandbox import Sandbox
from tests.providers.sandbox.stripe_api import Json, Sdk


def test_the_sdk_takes_a_payment(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    made = sdk.client.v1.payment_intents.create(
        {"amount": 4900, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True, "metadata": {"order": "7"}}
    )
    assert (made.status, made.amount_received, made.metadata["order"]) == ("succeeded", 4900, "7")
    charge = sdk.client.v1.charges.retrieve(str(made.latest_charge))
    row = sdk.client.v1.balance_transactions.retrieve(str(charge.balance_transaction))
    assert (row.amount, row.fee, row.net, row.type, row.status) == (4900, 99, 4801, "charge", "pending")
    assert [part.type for part in row.fee_details] == ["stripe_fee"]
    assert [event["type"] for event in stripe_sandbox.control.take_events()] == [
        "payment_intent.created", "charge.succeeded", "payment_intent.succeeded",
    ]  # fmt: skip
    assert stripe_sandbox.control.count("capture") == {"capture": 1}


@pytest.mark.parametrize(
    ("amount", "currency", "fee"), [(10_001, "eur", 175), (333, "jpy", 30), (1_234_500, "kwd", 18_543), (50, "eur", 26)]
)
def test_the_fee_is_a_share_and_a_fixed_part_half_up(sdk: Sdk, amount: int, currency: str, fee: int) -> None:
    intent = sdk.charge(amount, currency)
    [row] = sdk.get("/v1/balance_transactions", source=intent["latest_charge"])["data"]
    assert (row["fee"], row["net"], row["currency"]) == (fee, amount - fee, currency)


def test_a_declined_card_is_402_and_leaves_the_intent_waiting(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    error = sdk.refused(
        "/v1/payment_intents", amount=4900, currency="eur", payment_method="pm_card_chargeDeclinedInsufficientFunds", confirm=True
    )
    assert isinstance(error.error, stripe.CardError)
    assert (error.http_status, error.code, error.told["decline_code"]) == (402, "card_declined", "insufficient_funds")
    intent = sdk.get(f"/v1/payment_intents/{error.told['payment_intent']['id']}")
    assert (intent["status"], intent["last_payment_error"]["decline_code"]) == ("requires_payment_method", "insufficient_funds")
    assert [event["type"] for event in stripe_sandbox.control.take_events()] == [
        "payment_intent.created", "charge.failed", "payment_intent.payment_failed",
    ]  # fmt: skip
    again = sdk.post(f"/v1/payment_intents/{intent['id']}/confirm", payment_method="pm_card_visa")
    assert (again["status"], again["last_payment_error"]) == ("succeeded", None)
    assert stripe_sandbox.control.balances() == {(None, "eur"): (0, 4801)}


def test_authentication_is_asked_of_a_payer_who_is_there_and_refused_off_session(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    asked = sdk.charge(method="pm_card_authenticationRequired")
    assert (asked["status"], asked["next_action"]["type"]) == ("requires_action", "redirect_to_url")
    stripe_sandbox.control.authenticate(asked["id"])
    assert sdk.get(f"/v1/payment_intents/{asked['id']}")["status"] == "succeeded"
    error = sdk.refused(
        "/v1/payment_intents", amount=4900, currency="eur", payment_method="pm_card_authenticationRequired", confirm=True, off_session=True
    )
    assert error.code == "authentication_required"
    failed = sdk.charge(method="pm_card_authenticationRequired")
    stripe_sandbox.control.authenticate(failed["id"], succeeds=False)
    assert sdk.get(f"/v1/payment_intents/{failed['id']}")["status"] == "requires_payment_method"


def test_a_bank_debit_takes_its_time(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    good, bad = sdk.charge(method="pm_sepa_debit"), sdk.charge(method="pm_sepa_debit_fails")
    assert (good["status"], bad["status"]) == ("processing", "processing")
    assert stripe_sandbox.control.balances() == {}
    stripe_sandbox.control.advance(days=1)
    assert sdk.get(f"/v1/payment_intents/{good['id']}")["status"] == "succeeded"
    assert sdk.get(f"/v1/payment_intents/{bad['id']}")["status"] == "requires_payment_method"
    [(_, pending)] = stripe_sandbox.control.balances().values()
    assert pending == 4801


def test_what_is_captured_later_may_be_less(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    held = sdk.charge(capture_method="manual")
    assert (held["status"], held["amount_capturable"]) == ("requires_capture", 4900)
    assert stripe_sandbox.control.effects() == []
    done = sdk.post(f"/v1/payment_intents/{held['id']}/capture", amount_to_capture=4000)
    assert (done["status"], done["amount_received"], done["amount_capturable"]) == ("succeeded", 4000, 0)
    error = sdk.refused(f"/v1/payment_intents/{held['id']}/cancel")
    assert (error.code, error.told["payment_intent"]["status"]) == ("payment_intent_unexpected_state", "succeeded")


def test_a_destination_charge_shares_and_pays_our_fee(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    account = stripe_sandbox.control.ready_account()
    intent = sdk.charge(10_000, transfer_data={"destination": account}, application_fee_amount=500)
    charge = sdk.get(f"/v1/charges/{intent['latest_charge']}")
    transfer, fee = sdk.get(f"/v1/transfers/{charge['transfer']}"), sdk.get(f"/v1/application_fees/{charge['application_fee']}")
    assert (transfer["amount"], transfer["source_transaction"], fee["amount"]) == (10_000, charge["id"], 500)
    assert (fee["charge"], fee["originating_transaction"]) == (transfer["destination_payment"], charge["id"])
    # Ours: 10,000 in, 175 to Stripe, 10,000 on, 500 back. Theirs: 10,000 less 500.
    assert stripe_sandbox.control.balances() == {(None, "eur"): (0, 325), (account, "eur"): (0, 9500)}
    theirs = sdk.get("/v1/balance_transactions", account=account)["data"]
    assert [(row["type"], row["fee_details"][0]["type"], row["net"]) for row in theirs] == [("payment", "application_fee", 9500)]


def test_a_direct_charge_is_the_accounts_own(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    account = stripe_sandbox.control.ready_account()
    stripe_sandbox.control.take_events()
    sdk.charge(10_000, account=account, application_fee_amount=500)
    assert stripe_sandbox.control.balances() == {(account, "eur"): (0, 9325), (None, "eur"): (0, 500)}
    owners = {event["type"]: event.get("account") for event in stripe_sandbox.control.take_events()}
    assert (owners["charge.succeeded"], owners["application_fee.created"]) == (account, None)
    assert sdk.get("/v1/charges")["data"] == []


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"amount": 49}, "amount_too_small", "amount"),
        ({"amount": 49, "currency": "jpy"}, "amount_too_small", "amount"),
        ({"amount": 100_000_000}, "amount_too_large", "amount"),
        ({"amount": "4.9"}, "parameter_invalid_integer", "amount"),
        ({"amount": 0}, "parameter_invalid_integer", "amount"),
        ({"currency": "euro"}, None, "currency"),
        ({"customer": "cus_nobody"}, "resource_missing", "customer"),
        ({"payment_method": "pm_nobody"}, "resource_missing", "payment_method"),
        ({"application_fee_amount": 10}, None, "application_fee_amount"),
        ({"transfer_data": {"destination": "acct_nobody"}}, "resource_missing", "transfer_data[destination]"),
        ({"nonsense": 1}, "parameter_unknown", "nonsense"),
    ],
)
def test_what_cannot_be_is_refused_as_stripe_refuses_it(
    sdk: Sdk, stripe_sandbox: Sandbox, changes: Json, code: str | None, param: str
) -> None:
    good: Json = {"amount": 4900, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True}
    error = sdk.refused("/v1/payment_intents", **(good | changes))
    assert isinstance(error.error, stripe.InvalidRequestError)
    assert (error.http_status, error.code, error.param) == (400, code, param)
    assert stripe_sandbox.control.effects() == []


def test_a_checkout_is_paid_declined_and_expires(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    line = {"price_data": {"currency": "eur", "unit_amount": 2450, "product_data": {"name": "Seat"}}, "quantity": 2}
    asked: Json = {"mode": "payment", "line_items": [line], "success_url": "https://example.com/ok", "client_reference_id": "order-1"}
    session = sdk.post("/v1/checkout/sessions", **asked, payment_intent_data={"metadata": {"order": "1"}})
    assert (session["amount_total"], session["status"], session["payment_status"]) == (4900, "open", "unpaid")
    with pytest.raises(Exception, match="declined"):
        stripe_sandbox.control.complete_checkout(session["id"], "pm_card_chargeDeclined")
    done = stripe_sandbox.control.complete_checkout(session["id"])
    assert (done["status"], done["payment_status"]) == ("complete", "paid")
    assert sdk.get(f"/v1/payment_intents/{done['payment_intent']}")["metadata"] == {"order": "1"}
    assert "checkout.session.completed" in [event["type"] for event in stripe_sandbox.control.take_events()]

    later = sdk.post("/v1/checkout/sessions", **asked)
    assert stripe_sandbox.control.complete_checkout(later["id"], "pm_sepa_debit")["payment_status"] == "unpaid"
    left = sdk.post("/v1/checkout/sessions", **asked)
    stripe_sandbox.control.advance(days=2)
    told = {event["type"]: event["data"]["object"]["id"] for event in stripe_sandbox.control.take_events()}
    assert (told["checkout.session.async_payment_succeeded"], told["checkout.session.expired"]) == (later["id"], left["id"])
    assert sdk.refused(f"/v1/checkout/sessions/{left['id']}/expire").http_status == 400


def test_a_subscription_is_sold_by_checkout(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    product = sdk.post("/v1/products", name="Pro")
    price = sdk.post("/v1/prices", product=product["id"], currency="eur", unit_amount=900, recurring={"interval": "month"})
    session = sdk.post("/v1/checkout/sessions", mode="subscription", line_items=[{"price": price["id"], "quantity": 3}])
    done = stripe_sandbox.control.complete_checkout(session["id"])
    sub = sdk.get(f"/v1/subscriptions/{done['subscription']}")
    assert (sub["status"], sub["items"]["data"][0]["quantity"], sub["latest_invoice"]) == ("active", 3, done["invoice"])
    assert sdk.get(f"/v1/invoices/{done['invoice']}")["amount_paid"] == 2700
