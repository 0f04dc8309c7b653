"""What a receipt shows: that a payment arrived, of what amount, for what (PAY-11). No tax document, and it says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from billing.rules.paper.document import Party
from emails.papers import figures
from emails.papers.parties import brand, foot, party
from emails.papers.words import WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptItem:
    """One thing that was paid for; `amount_minor` with its tax."""

    description: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A payment that succeeded. `number` is our own name for it (`pay_...`); dates are the seller's own days."""

    number: str
    paid_on: date
    currency: str
    amount_minor: int
    language: Literal["en", "ro"]
    seller: Party
    payer: Party
    items: Sequence[ReceiptItem]
    method: Literal["card", "bank_transfer", "paypal", "credit"]
    instrument: str | None = None
    """Which one, as the payer knows it: `Visa •••• 4242`."""
    invoice_number: str | None = None
    provider_ref: str | None = None
    """The provider's id of the payment, by which its support finds it."""


def sheet(receipt: Receipt) -> dict[str, Any]:
    """The data of `receipt.typ`."""
    words, language = WORDS[receipt.language], receipt.language
    return {
        "lang": language,
        "title": words["receipt"],
        "number": receipt.number,
        "dated": [receipt.paid_on.year, receipt.paid_on.month, receipt.paid_on.day],
        "brand": brand(receipt.seller, language),
        "amount": {"label": words["paid"], "value": figures.money(receipt.amount_minor, receipt.currency, language)},
        "party": party(words["payer"], receipt.payer, language),
        "facts": _facts(receipt),
        "table": _table(receipt),
        "notes": [{"label": "", "lines": [words["receipt_note"]]}],
        "foot": foot(receipt.seller),
        "page": {"before": words["page_before"], "between": words["page_between"]},
    }


def _facts(receipt: Receipt) -> list[list[str]]:
    words, language = WORDS[receipt.language], receipt.language
    how = words[f"by_{receipt.method}"]
    rows = [
        (words["paid_day"], figures.day(receipt.paid_on, language)),
        (words["method"], f"{how} ({receipt.instrument})" if receipt.instrument else how),
        (words["invoice_no"], receipt.invoice_number),
        (words["payment_id"], receipt.provider_ref),
    ]
    return [[name, value] for name, value in rows if value]


def _table(receipt: Receipt) -> dict[str, Any] | None:
    if not receipt.items:
        return None
    words, language = WORDS[receipt.language], receipt.language
    heads = ((words["item"], False, True), (f"{words['amount']} ({receipt.currency})", True, False))
    return {
        "columns": [{"head": head, "right": right, "wide": wide} for head, right, wide in heads],
        "rows": [
            [{"text": item.description}, {"text": figures.amount(item.amount_minor, receipt.currency, language)}]
            for item in receipt.items
        ],
    }
