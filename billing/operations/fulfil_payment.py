"""Grants what a payer paid for, once per payment, whoever brings the news first (PAY-1, PAY-9, EVENT-4).

One row per payment; what delivers (subscription, enrolment, credits, registration) works from that row. Webhook, return
page, manual approval and reconciliation all end here, and all but the first find it granted.
"""

from __future__ import annotations

from dataclasses import dataclass

from billing.operations.claw_back_part import claw_back_part
from billing.operations.consume_promo import consume_promo
from billing.operations.deliver import deliver
from billing.operations.grant_package import lot_of_fulfilment
from billing.operations.invoice_refunded import invoice_refunded
from billing.operations.move_status import move_status
from billing.operations.own_row import own_row
from billing.operations.release_promo import release_of_request
from billing.operations.revoke_fulfilment import restore_fulfilment, revoke_fulfilment
from billing.operations.tell_receipt import tell_receipt
from billing.operations.unit import UnitOfWork
from billing.rules.purpose import PURPOSES, declared_purpose
from billing.rules.states_charges import FULFILMENT
from models.checkout import Checkout
from models.checkout_request import CheckoutRequest
from models.customer import Customer
from models.fulfilment import Fulfilment
from models.payment import Payment
from models.payment_request import PaymentRequest

REFUND = "refund"
"""Why a fulfilment is revoked when all of its money went back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What was bought. `key` is the payment's external id, or the checkout's where no payment was needed."""

    source: str
    key: str
    purpose: str | None
    purpose_ref: str | None = None
    customer_ref: str | None = None
    external_ref: str | None = None
    payment_ref: str | None = None
    checkout_ref: str | None = None
    request: str | None = None
    promo_ref: str | None = None
    amount_minor: int | None = None
    currency: str | None = None


_TOLD = (
    "purpose", "purpose_ref", "customer_ref", "external_ref", "payment_ref", "checkout_ref", "request", "promo_ref", "amount_minor",
    "currency",
)  # fmt: skip


def fulfil_payment(unit: UnitOfWork, purchase: Purchase) -> Fulfilment | None:
    """The fulfilment, granted now or before; None where nobody declared what the money is for."""
    if purchase.purpose not in PURPOSES:
        return None
    row, _ = own_row(unit, Fulfilment, purchase.source, purchase.key)
    for name in _TOLD:
        said = getattr(purchase, name)
        if getattr(row, name) is None and said is not None:
            setattr(row, name, said)
    if row.external_ref is None and row.customer_ref:
        row.external_ref = unit.row(Customer, row.source, row.customer_ref).external_ref
    if row.granted_at is None:
        row.granted_at = unit.now
        before = row.status
        row.status = "revoked" if row.revocations else "granted"
        row.revoked_at = row.revoked_at if row.revocations else None
        about = {"purpose": row.purpose, "purpose_ref": row.purpose_ref, "amount_minor": row.amount_minor, "currency": row.currency}
        move_status(unit, row, FULFILMENT, before, row.status, about)
        if row.status == "granted":
            deliver(unit, row)
            consume_promo(unit, row)
        elif row.promo_ref is not None:
            release_of_request(unit, row.promo_ref, row.source, row.request, REFUND)
    return row


def follow_payment(unit: UnitOfWork, payment: Payment, request: PaymentRequest | CheckoutRequest | None = None) -> None:
    """Grant what a payment that succeeded is for, and revoke it while all of the money is back with the payer.

    Money that only a weakly signed body told of (`confirmed` is False) grants nothing until the provider was asked.

    Args:
        unit: the transaction.
        payment: converged.
        request: of ours, which says what it is for; else the payer's checkout has declared it in the payment's metadata.
    """
    if payment.status != "succeeded" or payment.confirmed is False:
        return
    if request is not None and request.payment_ref not in (None, payment.external_id):
        return  # paid for a second time: money that nobody is owed anything for
    row = fulfil_payment(unit, _purchase(payment, request))
    if row is None:
        return
    tell_receipt(unit, row, payment)
    if row.refund_status != payment.refund_status:
        row.refund_status = payment.refund_status
    if payment.received_minor and (payment.refunded_minor or 0) >= payment.received_minor:
        revoke_fulfilment(unit, payment, REFUND)
    elif REFUND in (row.revocations or {}):
        restore_fulfilment(unit, payment, REFUND)
    if row.purpose == "invoice" and row.purpose_ref:
        invoice_refunded(unit, row, payment)
    elif row.purpose == "credit_package":
        claw_back_part(unit, row, lot_of_fulfilment(row), payment.refunded_minor or 0, payment.received_minor or 0)


def _purchase(payment: Payment, request: PaymentRequest | CheckoutRequest | None) -> Purchase:
    said, reference = declared_purpose(payment.metadata_)
    purpose = payment.purpose if payment.purpose in PURPOSES else said
    if request is not None:
        purpose, reference = request.purpose, request.purpose_ref
    adopted = payment.adopted or {}
    if adopted.get("purpose"):
        purpose, reference = adopted["purpose"], adopted["purpose_ref"]
    return Purchase(
        source=payment.source,
        key=payment.external_id,
        purpose=purpose,
        purpose_ref=reference,
        customer_ref=payment.customer_ref or (request.customer_ref if request else None) or adopted.get("customer_ref"),
        external_ref=request.external_ref if isinstance(request, CheckoutRequest) else None,
        payment_ref=payment.external_id,
        request=f"{request.NAME}:{request.external_id}" if request else None,
        promo_ref=request.promo_ref if request else None,
        amount_minor=payment.received_minor,
        currency=payment.currency,
    )


def follow_checkout(unit: UnitOfWork, checkout: Checkout, request: CheckoutRequest | None) -> None:
    """Grant what a paid checkout is for; under its payment's id if it has one, so that both tell of one purchase."""
    if checkout.purchase_status != "paid":
        return
    fulfil_payment(unit, Purchase(
        source=checkout.source,
        key=checkout.payment_ref or checkout.external_id,
        purpose=request.purpose if request else checkout.purpose,
        purpose_ref=request.purpose_ref if request else checkout.purpose_ref,
        customer_ref=checkout.customer_ref,
        external_ref=(request.external_ref if request else None) or checkout.client_reference,
        payment_ref=checkout.payment_ref,
        checkout_ref=checkout.external_id,
        request=f"{request.NAME}:{request.external_id}" if request else None,
        promo_ref=request.promo_ref if request else None,
        amount_minor=checkout.amount_total_minor,
        currency=checkout.currency,
    ))  # fmt: skip
    if checkout.payment_ref:
        follow_payment(unit, unit.row(Payment, checkout.source, checkout.payment_ref), request)
