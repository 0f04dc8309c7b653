"""Asks the provider for a refund whose row is written (REFUND-2)."""

from __future__ import annotations

from typing import Any

from billing.operations.move_refund import move_refund
from billing.operations.unit import UnitOfWork
from billing.rules.commands.bank_transfer import SOURCE
from billing.rules.refund_reasons import AT_STRIPE
from models.payment import Payment
from models.refund_request import RefundRequest


def submit_refund(unit: UnitOfWork, row: RefundRequest, payment: Payment, **about: Any) -> None:
    """Submit it for exactly its amount; `about` is for the audit. Payee and fee are not named in it: their parts are moved by
    calls of their own, once the payer's money is surely on its way, because the provider would round them by its own rule
    (docs/decisions/0097)."""
    move_refund(unit, row, "processing", **about)
    if row.source == SOURCE:
        return  # nobody to call: a person sends it and says so (`send_bank_refund`)
    values: dict[str, Any] = {"amount_minor": row.amount_minor, "charge_ref": row.charge_ref or row.payment_ref}
    operation = "refund.create"
    if row.source == "stripe":
        values["reason"] = AT_STRIPE.get(row.reason or "")
    else:
        values["currency"] = row.currency
        values["note"] = next((one["text"] for one in row.notes or [] if one["kind"] == "customer"), None)
        operation = "sale_refund.create" if payment.kind == "sale" else operation
    unit.submit(operation, row, values=values, queue="payments", lane=lane_of(payment), account=row.account_ref)


def lane_of(payment: Payment) -> str:
    """The payer's lane at the provider, else the payment's own."""
    return f"{payment.source}:{payment.customer_ref or payment.external_id}"
