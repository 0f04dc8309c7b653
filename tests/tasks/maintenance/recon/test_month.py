"""A month of trade in three currencies, with connected accounts: each payout is explained to the last unit (RECON-9)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tasks.maintenance.recon.trade import Trade

_CURRENCIES = {"eur": "DE", "usd": "US", "jpy": "JP"}


def month(trade: Trade, days: int = 30) -> None:
    """Charges with and without a payee, refunds, disputes won and lost, transfers and their reversals, payouts each day."""
    control = trade.control
    control.configure(payouts="daily", accounts_ready=True)
    customer = control.api("POST", "/v1/customers", {"email": "payer@example.com"})["id"]
    payees = {currency: control.ready_account(country, currency=currency) for currency, country in _CURRENCIES.items()}
    for currency in _CURRENCIES:
        control.top_up(50_000, currency)
    for day in range(days):
        for number, currency in enumerate(_CURRENCIES):
            _day(control, day, number, currency, payees[currency], customer)
        control.advance(days=1)
        if day % 10 == 9:
            trade.hear()
    control.configure(payouts="manual")
    control.advance(days=8)
    trade.hear()


def _day(control: Any, day: int, number: int, currency: str, payee: str, customer: str) -> None:
    own = control.paid(2_000 + 131 * day + number, currency, customer=customer)
    shared = control.paid(
        3_000 + 17 * day, currency, customer=customer, application_fee_amount=(3_000 + 17 * day + 10) // 20,
        transfer_data={"destination": payee},
    )  # fmt: skip
    if day % 5 == number:
        control.api("POST", "/v1/refunds", {"payment_intent": own["id"], "amount": 501 + day})
    if day % 7 == number:
        control.api(
            "POST", "/v1/refunds",
            {"payment_intent": shared["id"], "amount": 1_001, "reverse_transfer": True, "refund_application_fee": True},
        )  # fmt: skip
    if day % 11 == number:
        dispute = control.do("dispute", charge=own["latest_charge"])
        control.do("end_dispute", dispute=dispute["id"], status="won" if day % 2 else "lost")
    if day % 6 == number:
        sent = control.api(
            "POST", "/v1/transfers",
            {"amount": 700 + day, "currency": currency, "destination": payee, "source_transaction": own["latest_charge"]},
        )  # fmt: skip
        if day % 12 == number:
            control.api("POST", f"/v1/transfers/{sent['id']}/reversals", {"amount": 100})


@pytest.mark.requirement("RECON-3", "RECON-7", "RECON-9", "PAYOUT-10")
def test_a_month_reconciles_and_each_payout_is_explained(trade: Trade) -> None:
    month(trade)
    trade.pull()

    assert trade.machine.failures() == []
    counts = trade.recon()
    assert (counts, trade.open()[:20]) == ({}, [])
    assert len([payout for payout in trade.control.objects("payout") if payout["automatic"]]) > 60
