"""Passes a payee's share of a payment on that the platform took itself (separate charges and transfers, PAYOUT-5)."""

from __future__ import annotations

from billing.operations.ask_balance import waits
from billing.operations.follow_dispute import follow_disputes
from billing.operations.move_status import move_status
from billing.operations.own_balance import KEPT_HERE, credit
from billing.operations.own_row import own_row
from billing.operations.payee_of import payee_of
from billing.operations.post_share import post_share
from billing.operations.send_transfer import may_be_given, send_transfer
from billing.operations.unit import UnitOfWork
from billing.rules.states_requests import TRANSFER_REQUEST
from models.account import Account
from models.payee import Payee
from models.payment import Payment
from models.transfer_request import TransferRequest


def transfer_share(unit: UnitOfWork, payment: Payment, *, payee_ref: str, fee_minor: int) -> TransferRequest | None:
    """Ask for the transfer of a succeeded payment's share, once per payment; called where its success is decided.

    The share is what was received less the platform's fee. It names its charge, so it can never take money that the
    charge has not brought (Stripe's `source_transaction`). While the account may not be given money, it waits.

    Args:
        unit: the transaction.
        payment: locked, succeeded.
        payee_ref: the account at the payment's provider.
        fee_minor: the platform's fee of this payment, in its minor units (PAY-4).

    Returns:
        The request; None for a destination charge, which carries its own transfer, and where nothing is left to pass on.
    """
    received = payment.received_minor or 0
    if payment.transfer_destination_ref or received - fee_minor <= 0:
        return None
    payee = payee_of(unit, payment.source, payee_ref)
    row, new = own_row(unit, TransferRequest, payment.source, payment.external_id)
    if not new:
        return row
    row.status, row.attempt, row.currency = "waiting", 1, payment.currency
    row.payment_minor, row.fee_minor, row.amount_minor = received, fee_minor, received - fee_minor
    row.payment_ref, row.payment_id, row.account_ref = payment.external_id, payment.id, payee_ref
    row.charge_ref = _charge(payment)
    row.actor, row.reason, row.requested_at = unit.actor, "share of a payment", unit.now
    about = {"amount_minor": row.amount_minor, "fee_minor": fee_minor, "currency": row.currency, "account": payee_ref}
    move_status(unit, row, TRANSFER_REQUEST, None, "waiting", about)
    if payment.source in KEPT_HERE:
        _credit(unit, payee, row)
        follow_disputes(unit, payment.source, payment.disputes)  # one that was told before the share was made
    elif may_be_given(unit.row(Account, payment.source, payee_ref), payee):
        send_transfer(unit, row)
    else:
        payee.waiting = waits(payee.waiting, TransferRequest.NAME, row.external_id)
    return row


def _credit(unit: UnitOfWork, payee: Payee, row: TransferRequest) -> None:
    """Where accounts have no balance at the provider, the share is credited here, at once."""
    row.status, row.made_minor, row.completed_at = "made", row.amount_minor, unit.now
    move_status(unit, row, TRANSFER_REQUEST, "waiting", "made", {"amount_minor": row.amount_minor, "currency": row.currency})
    credit(unit, payee, row.currency or "", row.amount_minor or 0)
    post_share(unit, row, "share", row.amount_minor or 0)


def _charge(payment: Payment) -> str | None:
    """The charge that brought the money: of several tries, the one that succeeded."""
    succeeded = sorted(ref for ref, told in (payment.charge_outcomes or {}).items() if told.get("status") == "succeeded")
    if payment.latest_charge_ref in succeeded or not succeeded:
        return payment.latest_charge_ref
    return succeeded[0]
