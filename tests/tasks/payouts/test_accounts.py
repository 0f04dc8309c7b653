"""Accounts are created by command and mirrored; their owners get a link, their app a read model (PAYOUT-11, PAYOUT-13)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.tasks.payouts.till import CREATED_S, Till, account, payout

CONNECT = "billing.accounts.connect.v1"
WISH = {
    "source": "stripe", "external_ref": "org-7", "email": " Org@Example.com", "country": "RO",
    "return_url": "https://app.example/back", "refresh_url": "https://app.example/again",
}  # fmt: skip


def read(till: Till, sql: str, *values: Any) -> Any:
    """What the app's own login reads."""
    row = till.app.execute(sql, values).fetchone()
    return None if row is None else row[0]


@pytest.mark.requirement("PAYOUT-11", "PAYOUT-13", "PAY-2")
@pytest.mark.parametrize("webhook_first", [False, True])
def test_an_account_is_made_once_and_its_owner_is_sent_where_he_has_to_go(till: Till, webhook_first: bool) -> None:
    first = till.command(CONNECT, WISH, "k-connect")
    assert (first["result"]["status"], first["result"]["account_ref"]) == ("requested", None)
    assert till.command(CONNECT, WISH)["result"]["status"] == "requested"
    [asked] = till.asked()
    assert asked["sent"]["email"] == "org@example.com"
    assert asked["sent"]["settings"]["payouts"]["schedule"] == {"interval": "manual"}
    made = {
        "id": "acct_9", "object": "account", "type": "express", "country": "RO", "default_currency": "ron", "created": CREATED_S,
        "charges_enabled": False, "payouts_enabled": False, "requirements": {"disabled_reason": "requirements.past_due"},
        "metadata": asked["sent"]["metadata"],
    }  # fmt: skip
    for step in (1, 0) if webhook_first else (0, 1):
        if step == 0:
            till.answer(asked, made)
        else:
            till.tell("account.updated", made, after_s=1)
        till.work()
    [link] = till.asked()
    assert (link["operation"], link["sent"]["account"], link["sent"]["type"]) == ("account_link.create", "acct_9", "account_onboarding")
    till.answer(link, {"object": "account_link", "url": "https://connect.example/1", "created": CREATED_S})
    till.work()
    seen = read(till, "SELECT bursar_api.payee('stripe', external_ref => 'org-7')")
    assert (seen["account"], seen["status"], seen["onboarding_url"]) == ("acct_9", "disabled", "https://connect.example/1")
    assert seen["disabled_reason"] == "requirements.past_due"
    outcome = read(till, "SELECT bursar_api.outcome('k-connect')")
    assert (outcome["status"], outcome["object_ref"], outcome["url"]) == ("created", "acct_9", "https://connect.example/1")
    assert till.command(CONNECT, WISH)["result"]["status"] == "created"
    [again] = till.asked()
    assert again["key"].endswith(":2")
    other = till.command(CONNECT, {**WISH, "country": "DE"})
    assert (other["state"], other["code"]) == ("rejected", "country_of_another")
    till.tell("account.updated", {**made, "payouts_enabled": True, "requirements": {"disabled_reason": None}}, after_s=9)
    till.work()
    assert read(till, "SELECT bursar_api.payee('stripe', 'acct_9')")["status"] == "enabled"
    assert read(till, "SELECT bursar_api.payee('stripe', 'acct_unknown')") is None


@pytest.mark.requirement("PAYOUT-13")
def test_an_account_that_was_refused_can_be_asked_for_again(till: Till) -> None:
    till.command(CONNECT, WISH)
    [asked] = till.asked()
    till.refuse(asked, "country_unsupported")
    till.work()
    assert till.one("SELECT status, failure_code FROM bursar.account_request") == ("failed", "country_unsupported")
    assert till.command(CONNECT, {**WISH, "country": "DE"})["result"]["status"] == "requested"
    [again] = till.asked()
    assert (again["sent"]["country"], again["key"][-2:]) == ("DE", ":2")


@pytest.mark.requirement("PAYOUT-10", "PAYOUT-11")
def test_the_app_reads_balances_payouts_and_statements(till: Till) -> None:
    account(till)
    for number, (amount, back) in enumerate([(9_500, 0), (4_750, 1_000)]):
        till.tell("transfer.created", {
            "id": f"tr_{number}", "object": "transfer", "amount": amount, "amount_reversed": back, "currency": "eur",
            "destination": "acct_1", "created": CREATED_S, "metadata": {},
        })  # fmt: skip
    hold = {"source": "stripe", "account_ref": "acct_1", "reference": "H", "reason": "x", "currency": "EUR", "amount_minor": 250}
    till.command("billing.payout_holds.open.v1", hold)
    wish = {"source": "stripe", "account_ref": "acct_1", "reference": "P-1", "currency": "EUR", "amount_minor": 5_000}
    till.command("billing.payouts.request.v1", wish)
    till.balance("acct_1", EUR=(13_250, 400))
    [asked] = till.asked()
    till.answer(asked, payout(asked, "in_transit"))
    till.work()
    till.tell("payout.failed", payout(asked, "failed", failure_code="no_account"), account="acct_1", after_s=5)
    till.tell("payout.paid", payout(asked, "paid", "po_auto", metadata={}), account="acct_1")
    till.work()
    seen = read(till, "SELECT bursar_api.payee('stripe', 'acct_1')")
    euros = {name: seen["balances"]["EUR"][name] for name in ("available_minor", "pending_minor", "held_minor", "payable_minor")}
    assert euros == {"available_minor": 13_250, "pending_minor": 400, "held_minor": 250, "payable_minor": 13_000}
    assert seen["holds"] == [{"reason": "operator", "currency": "EUR", "amount_minor": 250}]
    listed = [row[0] for row in till.app.execute("SELECT bursar_api.payouts('stripe', 'acct_1')").fetchall()]
    assert [(one["reference"], one["payout_ref"], one["status"], one["amount_minor"]) for one in listed] == [
        ("P-1", "po_1", "failed", 5_000), (None, "po_auto", "paid", 5_000),
    ]  # fmt: skip
    month = read(till, "SELECT bursar_api.payout_statement('stripe', 'acct_1', '2026-03-01', '2026-04-01')")
    assert month["currencies"] == {"EUR": {
        "transfers": 2, "earned_minor": 14_250, "taken_back_minor": 1_000, "fees_minor": 0, "payouts": 2, "paid_out_minor": 10_000,
        "came_back_minor": 0,
    }}  # fmt: skip
    told = till.command("billing.payouts.statement.v1", {"source": "stripe", "account_ref": "acct_1", "month": "2026-03"})
    assert told["result"]["currencies"] == month["currencies"]
    assert (told["result"]["from_at"], told["result"]["until_at"]) == ("2026-03-01T00:00:00+00:00", "2026-04-01T00:00:00+00:00")
    wrong = till.command("billing.payouts.statement.v1", {"source": "stripe", "account_ref": "acct_1", "month": "2026-13"})
    assert wrong["code"] == "invalid_payload"
    now = till.clock.now()
    later = "SELECT bursar_api.payout_statement('stripe', 'acct_1', %s, %s)"
    assert read(till, later, now - timedelta(days=1), now + timedelta(days=1))["currencies"]["EUR"]["came_back_minor"] == 5_000
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        till.app.execute("SELECT * FROM bursar.payee_balance")
