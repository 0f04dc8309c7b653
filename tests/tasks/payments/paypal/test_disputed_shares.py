"""A dispute at PayPal of money of which a payee has a share: his balance is kept here, so it is held, taken and put back here."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tasks.payments.paypal.market import Market
from tests.tasks.payments.paypal.test_disputes import ACCEPT, EVIDENCE, answer

ORGANISER = "organiser@example.com"
_PAYABLE = """SELECT coalesce(sum(CASE WHEN credit = a.code THEN amount_minor ELSE -amount_minor END), 0)::bigint
              FROM (SELECT 'paypal:organiser@example.com:payable' AS code) a
              JOIN bursar.journal ON a.code IN (debit, credit)"""


def disputed(market: Market, **changes: Any) -> str:
    """A payment of 121.00, of which the organiser has 114.95 coming: 5 % are the platform's, and a dispute about it."""
    payment = market.bought(payee_ref=ORGANISER)
    assert balance(market) == 11_495
    dispute: str = market.control.tell("dispute", transaction=payment, **changes)["dispute_id"]
    market.settle(copies=2, shuffle=True)
    return dispute


def balance(market: Market) -> int:
    """What the organiser has here; the books say the same."""
    found: int = market.machine.one("SELECT (balances -> 'EUR' ->> 'available_minor')::bigint FROM bursar.payee")
    assert market.machine.one(_PAYABLE) == found
    return found


def payout(market: Market, reference: str) -> dict[str, Any]:
    """Asks for all that he has."""
    wish = {"source": "paypal", "account_ref": ORGANISER, "reference": reference, "currency": "EUR"}
    return market.machine.run("billing.payouts.request.v1", wish)


@pytest.mark.requirement("DISPUTE-1", "DISPUTE-3", "DISPUTE-4")
def test_a_won_dispute_puts_the_share_back(market: Market) -> None:
    dispute = disputed(market, amount_minor=6_050)
    assert balance(market) == 11_495 - 5_748, "half of it, half-up"
    assert market.row("dispute_case", dispute)["status"] == "open"
    request = answer(market, EVIDENCE, dispute, evidence={"uncategorized_text": "it was delivered"})
    assert (request["status"], request["kind"], request["completed_at"] is not None) == ("made", "evidence", True)
    assert market.row("dispute_case", dispute)["status"] == "answered"
    market.control.tell("resolve", dispute=dispute, outcome="RESOLVED_SELLER_FAVOUR")
    market.settle(copies=2, shuffle=True)
    case = market.row("dispute_case", dispute)
    assert (case["status"], case["taken_minor"], balance(market)) == ("closed", 0, 11_495)
    assert market.machine.failures() == []


@pytest.mark.requirement("DISPUTE-1", "DISPUTE-2", "PAYOUT-4")
def test_an_accepted_dispute_keeps_the_share_and_what_was_paid_out_is_owed(market: Market) -> None:
    payment = market.bought(payee_ref=ORGANISER)
    paid = payout(market, "P-1")
    assert paid["state"] == "succeeded", paid
    market.settle()
    before = balance(market)
    dispute: str = market.control.tell("dispute", transaction=payment)["dispute_id"]
    market.settle()
    assert balance(market) == before - 11_495
    assert market.machine.one("SELECT count(*) FROM bursar.payout_hold WHERE status = 'open'") == (1 if before < 11_495 else 0)
    assert answer(market, ACCEPT, dispute)["status"] == "made"
    assert market.row("dispute", dispute)["status"] == "lost"
    assert balance(market) == before - 11_495
    case, response = market.row("dispute_case", dispute), market.row("dispute_response", "A-1")
    assert (case["status"], case["response_ref"], response["kind"]) == ("closed", "A-1", "accept")
    assert market.row("fulfilment", payment)["status"] == "revoked"
    assert market.machine.failures() == []
