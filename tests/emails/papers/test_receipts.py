"""Receipts and payout statements as PDF: every figure of theirs is on the paper (PAY-11, PAYOUT-11)."""

from __future__ import annotations

import pytest

from emails.papers.render import receipt_pdf, statement_pdf
from tests.factories.receipts import a_receipt, a_statement
from tests.harness import pdf


@pytest.mark.requirement("PAY-11")
def test_a_receipt_says_what_was_paid_for_what_and_by_whom() -> None:
    made = receipt_pdf(a_receipt())
    read = pdf.words(made)
    for part in (
        "CONFIRMARE DE PLATĂ",
        "300,00 RON",
        "Ioana Brândușă Țîrlea",
        "Visa •••• 4242",
        "BRS-2026-000123",
        "280,00",
        "200 de credite",
    ):
        assert part in read
    assert "nu este factură" in read
    assert made == receipt_pdf(a_receipt())


def test_a_receipt_needs_neither_items_nor_an_instrument() -> None:
    read = pdf.words(
        receipt_pdf(
            a_receipt(items=[], instrument=None, invoice_number=None, provider_ref=None, language="en", method="paypal")
        )
    )
    assert "By PayPal" in read
    assert "INVOICE" not in read.upper().replace("NOT AN INVOICE", "")


def test_a_statement_has_each_currency_with_its_sums() -> None:
    made = statement_pdf(a_statement())
    read = pdf.words(made)
    for part in (
        "October 2026",
        "12,345.00",
        "−123.00",
        "Earned 12,222.00 RON",
        "Paid out 10,000.00 RON",
        "Paid out 0.00 EUR",
        "acct_1QExample",
    ):
        assert part in read
    assert made == statement_pdf(a_statement())


def test_a_month_without_movement_says_so() -> None:
    assert "Nicio mișcare în această perioadă." in pdf.words(statement_pdf(a_statement(currencies={}, language="ro")))
