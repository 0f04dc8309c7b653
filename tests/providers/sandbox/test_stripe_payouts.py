"""Balances and payouts at the stand-in: what is available, on request or by itself, explained, failed, failed after paid."""

from __future__ import annotations

from tests.harness.sandbox import Sandbox
from tests.providers.sandbox.stripe_api import Sdk


def test_money_becomes_available_and_is_paid_out_to_the_last_unit(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    control = stripe_sandbox.control
    intents = [sdk.charge(amount) for amount in (4900, 10_001)]
    sdk.charge(50_000, "jpy")
    sdk.post("/v1/refunds", payment_intent=intents[0]["id"], amount=900)
    assert sdk.get("/v1/balance")["available"] == [
        {"amount": 0, "currency": "eur", "source_types": {"card": 0}}, {"amount": 0, "currency": "jpy", "source_types": {"card": 0}},
    ]  # fmt: skip
    assert control.automatic_payouts() == []
    control.advance(days=2)
    payouts = control.automatic_payouts()
    assert [(row["currency"], row["amount"]) for row in payouts] == [("eur", 4801 - 900 + 9826), ("jpy", 49_225)]
    assert all(row["automatic"] for row in payouts)
    control.take_events()
    control.advance(days=2)
    for payout in payouts:
        rows = sdk.get("/v1/balance_transactions", payout=payout["id"], limit=100)["data"]
        assert sum(row["net"] for row in rows) == 0
        assert sum(row["net"] for row in rows if row["type"] != "payout") == payout["amount"]
        after = sdk.get(f"/v1/payouts/{payout['id']}")
        assert (after["status"], after["reconciliation_status"]) == ("paid", "completed")
    told = [event["type"] for event in control.take_events()]
    assert told == ["payout.updated", "payout.paid", "payout.reconciliation_completed"] * 2
    assert set(control.balances().values()) == {(0, 0)}


def test_automatic_payouts_by_schedule(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    control = stripe_sandbox.control
    control.configure(payouts="daily")
    account = control.ready_account(settings={"payouts": {"schedule": {"interval": "daily"}}})
    sdk.charge(10_000, transfer_data={"destination": account}, application_fee_amount=500)
    control.advance(days=5)
    assert {(row["amount"], row["status"]) for row in sdk.get("/v1/payouts", account=account)["data"]} == {(9500, "paid")}
    assert [row["amount"] for row in sdk.get("/v1/payouts")["data"]] == [325]


def test_a_payout_on_request_of_a_connected_account(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    control = stripe_sandbox.control
    account = control.ready_account()
    control.top_up(2000, "eur", account=account)
    assert sdk.refused("/v1/payouts", amount=2001, currency="eur", account=account).code == "balance_insufficient"
    assert sdk.refused("/v1/payouts", amount=100, currency="usd", account=account).code == "balance_insufficient"
    payout = sdk.post("/v1/payouts", amount=1500, currency="eur", account=account, metadata={"bursar_request": "payout_request:P"})
    assert (payout["status"], payout["automatic"], payout["reconciliation_status"]) == ("pending", False, "not_applicable")
    assert control.balances()[account, "eur"] == (500, 0)
    assert control.count("payout", "request") == {"payout_request:P": 1}
    refused = sdk.call_refused("get", "/v1/balance_transactions", payout=payout["id"], account=account)
    assert "automatic" in str(refused)
    assert sdk.call_refused("get", f"/v1/payouts/{payout['id']}").http_status == 404
    control.take_events()
    control.pay_payout(payout["id"])
    control.fail_payout(payout["id"], "account_closed")
    told = control.take_events()
    assert [(event["type"], event["account"]) for event in told] == [
        ("payout.updated", account), ("payout.paid", account), ("payout.failed", account),
    ]  # fmt: skip
    after = sdk.get(f"/v1/payouts/{payout['id']}", account=account)
    assert (after["status"], after["failure_code"]) == ("failed", "account_closed")
    back = sdk.get(f"/v1/balance_transactions/{after['failure_balance_transaction']}", account=account)
    assert (back["type"], back["amount"]) == ("payout_failure", 1500)
    assert control.balances()[account, "eur"] == (2000, 0)


def test_a_payout_to_a_closed_bank_account_fails_and_one_is_cancelled(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    control = stripe_sandbox.control
    account = sdk.post("/v1/accounts", type="express", country="DE", capabilities={"transfers": {"requested": True}})["id"]
    bank = {"object": "bank_account", "country": "DE", "currency": "eur", "account_number": "000111111113"}
    sdk.post(f"/v1/accounts/{account}/external_accounts", external_account=bank)
    control.onboard(account)
    control.top_up(2000, "eur", account=account)
    failing = sdk.post("/v1/payouts", amount=500, currency="eur", account=account)
    ending = sdk.post("/v1/payouts", amount=700, currency="eur", account=account)
    assert sdk.post(f"/v1/payouts/{ending['id']}/cancel", account=account)["status"] == "canceled"
    control.advance(days=3)
    assert sdk.get(f"/v1/payouts/{failing['id']}", account=account)["failure_code"] == "account_closed"
    assert sdk.refused(f"/v1/payouts/{failing['id']}/cancel", account=account).code == "payout_not_cancelable"
    assert control.balances()[account, "eur"] == (2000, 0)


def test_an_account_is_made_onboarded_restricted_and_loses_its_bank(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    control = stripe_sandbox.control
    account = sdk.post("/v1/accounts", type="express", email="a@example.com", capabilities={"transfers": {"requested": True}})
    assert (account["payouts_enabled"], account["requirements"]["disabled_reason"]) == (False, "requirements.past_due")
    link = sdk.client.v1.account_links.create({
        "account": account["id"], "type": "account_onboarding", "refresh_url": "https://example.com", "return_url": "https://example.com",
    })  # fmt: skip
    assert link.url.startswith("https://")
    control.top_up(500, "eur")
    early = sdk.refused("/v1/transfers", amount=1, currency="eur", destination=account["id"])
    assert early.code == "insufficient_capabilities_for_transfer"
    assert control.onboard(account["id"])["payouts_enabled"] is True
    control.restrict(account["id"])
    assert sdk.refused("/v1/payouts", amount=1, currency="eur", account=account["id"]).code == "payouts_not_allowed"
    [bank] = sdk.get(f"/v1/accounts/{account['id']}/external_accounts")["data"]
    sdk.call("delete", f"/v1/accounts/{account['id']}/external_accounts/{bank['id']}")
    told = {event["type"]: event.get("account") for event in control.take_events()}
    assert told["account.external_account.deleted"] == told["account.updated"] == account["id"]
    assert sdk.refused("/v1/payouts", amount=1, currency="eur", account="acct_nobody").http_status == 403
