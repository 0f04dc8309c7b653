"""How a payment's money was divided, as a refund has to divide it again (REFUND-3, REFUND-4)."""

from __future__ import annotations

from dataclasses import dataclass

from billing.operations.unit import UnitOfWork
from billing.rules.refund import Shares
from billing.rules.request_tag import request_named
from models.charge import Charge
from models.checkout_request import CheckoutRequest
from models.payment import Payment
from models.payment_request import PaymentRequest
from models.transfer import Transfer
from models.transfer_request import TransferRequest


@dataclass(frozen=True, slots=True)
class Division:
    """`payee_ref`: who has a share; `share`: our own transfer of it; `known`: whether the provider told all that is needed."""

    shares: Shares
    charge: Charge | None
    payee_ref: str | None = None
    transfer: Transfer | None = None
    share: TransferRequest | None = None
    known: bool = True


def request_of(unit: UnitOfWork, payment: Payment) -> PaymentRequest | CheckoutRequest | None:
    """The request of ours by which the payment was taken."""
    named = request_named(payment.metadata_)
    if named is None:
        return None
    if named.request_type == PaymentRequest.NAME:
        return unit.row(PaymentRequest, payment.source, named.reference)
    return unit.row(CheckoutRequest, payment.source, named.reference) if named.request_type == CheckoutRequest.NAME else None


def charge_ref(payment: Payment) -> str | None:
    """The charge that brought the money: of several tries, the one that succeeded."""
    succeeded = sorted(ref for ref, told in (payment.charge_outcomes or {}).items() if told.get("status") == "succeeded")
    if payment.latest_charge_ref in succeeded or not succeeded:
        return payment.latest_charge_ref
    return succeeded[0]


def divided(unit: UnitOfWork, payment: Payment) -> Division:
    """The division of a locked payment; its other rows are locked, too."""
    ref = charge_ref(payment)
    charge = unit.row(Charge, payment.source, ref) if ref else None
    whole = payment.received_minor or 0
    fee = payment.application_fee_minor or (charge.application_fee_minor if charge else 0) or 0
    if payment.transfer_destination_ref:
        transfer = unit.row(Transfer, payment.source, charge.transfer_ref) if charge and charge.transfer_ref else None
        # What Stripe passes on is the whole, unless the transfer itself says less; the fee is taken out of it.
        passed = whole if transfer is None or transfer.amount_minor is None else transfer.amount_minor
        known = transfer is not None and not (fee and charge and charge.application_fee_ref is None)
        shares = Shares(whole_minor=whole, fee_minor=fee, transfer_minor=passed)
        return Division(shares, charge, payment.transfer_destination_ref, transfer, known=known)
    request = request_of(unit, payment)
    if request is not None and request.payee_ref:
        share = unit.row(TransferRequest, payment.source, payment.external_id)
        fee = request.application_fee_minor or 0
        shares = Shares(whole_minor=whole, fee_minor=fee, transfer_minor=max(0, whole - fee), gross=False)
        transfer = unit.row(Transfer, payment.source, share.transfer_ref) if share.transfer_ref else None
        return Division(shares, charge, request.payee_ref, transfer, share)
    known = not (fee and payment.account_ref and (charge is None or charge.application_fee_ref is None))
    return Division(Shares(whole_minor=whole, fee_minor=fee), charge, known=known)
