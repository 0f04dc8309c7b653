"""Receipts and payout statements as data, for tests of what prints them."""

from __future__ import annotations

from datetime import date
from typing import Any

from emails.papers.receipt import Receipt, ReceiptItem
from emails.papers.statement import PayoutStatement
from tests.factories.paper import CONSUMER_RO, SELLER


def a_receipt(**changes: Any) -> Receipt:
    """A card payment of two things."""
    values: dict[str, Any] = {
        "number": "pay_01K9Z3T8Q2W4E6R8T0Y2U4I6O8", "paid_on": date(2026, 11, 21), "currency": "RON", "amount_minor": 30_000,
        "language": "ro", "seller": SELLER, "payer": CONSUMER_RO, "method": "card", "instrument": "Visa •••• 4242",
        "items": [
            ReceiptItem(description="Plan Profesional, 5 locuri", amount_minor=28_000),
            ReceiptItem(description="200 de credite", amount_minor=2_000),
        ],
        "invoice_number": "BRS-2026-000123", "provider_ref": "pi_3QExample0000000000000000",
    }  # fmt: skip
    return Receipt(**(values | changes))


def a_statement(**changes: Any) -> PayoutStatement:
    """A month with two currencies, as the command of statements answers them."""
    ron = {
        "transfers": 12, "earned_minor": 1_234_500, "taken_back_minor": 12_300, "fees_minor": 61_725,
        "payouts": 2, "paid_out_minor": 1_000_000, "came_back_minor": 0,
    }  # fmt: skip
    eur = {
        "transfers": 3, "earned_minor": 45_000, "taken_back_minor": 0, "fees_minor": 2_250,
        "payouts": 1, "paid_out_minor": 45_000, "came_back_minor": 45_000,
    }  # fmt: skip
    values: dict[str, Any] = {
        "issuer": SELLER, "account_ref": "acct_1QExample", "account_name": "Școala de Rețele Măgura", "source": "stripe",
        "from_on": date(2026, 10, 1), "last_on": date(2026, 10, 31), "zone": "Europe/Bucharest", "made_on": date(2026, 11, 1),
        "language": "en", "currencies": {"RON": ron, "EUR": eur},
    }  # fmt: skip
    return PayoutStatement(**(values | changes))
