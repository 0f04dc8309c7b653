"""Stripe's credit notes, application fees and fraud warnings become facts."""

from __future__ import annotations

from providers.stripe.shapes.application_fee import application_fee
from providers.stripe.shapes.credit_note import credit_note
from providers.stripe.shapes.fraud_warning import fraud_warning
from tests.factories.stripe_money_out import stripe_event


def test_a_credit_note_of_today_and_of_before() -> None:
    new = credit_note(
        stripe_event(
            "credit_note.created",
            {
                "id": "cn_1",
                "status": "issued",
                "total": 119,
                "amount": 100,
                "subtotal": 100,
                "currency": "eur",
                "invoice": "in_1",
                "customer": "cus_1",
                "total_taxes": [{"amount": 19}],
                "refunds": [{"refund": "re_1", "amount_refunded": 119}],
            },
        )
    )
    assert (new.amount_minor, new.tax_minor, new.refund_refs, new.invoice_ref) == (119, 19, ["re_1"], "in_1")
    old = credit_note(
        stripe_event(
            "credit_note.voided",
            {
                "id": "cn_1",
                "status": "void",
                "amount": 100,
                "tax_amounts": [{"amount": 7}],
                "refund": None,
            },
        )
    )
    assert (old.amount_minor, old.tax_minor, old.refund_refs, old.version.phase) == (100, 7, [], 2)


def test_an_application_fee_and_an_early_fraud_warning() -> None:
    fee = application_fee(
        stripe_event(
            "application_fee.refunded",
            {
                "id": "fee_1",
                "amount": 100,
                "amount_refunded": 40,
                "currency": "usd",
                "account": "acct_1",
                "charge": "ch_1",
            },
        )
    )
    assert (fee.refunded_minor, fee.account_ref, fee.charge_ref) == (40, "acct_1", "ch_1")
    warning = fraud_warning(
        stripe_event(
            "radar.early_fraud_warning.created",
            {
                "id": "issfr_1",
                "actionable": True,
                "charge": "ch_1",
                "fraud_type": "made_with_stolen_card",
            },
        )
    )
    assert (warning.actionable, warning.kind) == (True, "made_with_stolen_card")
