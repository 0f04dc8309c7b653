"""Passes on a payee's share of a payment that succeeded, if the request that wanted it names one (PAYOUT-5).

Part of the one convergence: webhook, synchronous confirmation and reconciliation all come here, and the second finds it done.
"""

from __future__ import annotations

from billing.operations.transfer_share import transfer_share
from billing.operations.unit import UnitOfWork
from models.checkout_request import CheckoutRequest
from models.payment import Payment
from models.payment_request import PaymentRequest


def share_payment(unit: UnitOfWork, payment: Payment, request: PaymentRequest | CheckoutRequest | None) -> None:
    """Money that only a weakly signed body told of is passed on when the provider has been asked, and a second payment never."""
    if request is None or request.payee_ref is None or payment.status != "succeeded" or payment.confirmed is False:
        return
    if request.payment_ref not in (None, payment.external_id):
        return
    transfer_share(unit, payment, payee_ref=request.payee_ref, fee_minor=request.application_fee_minor or 0)
