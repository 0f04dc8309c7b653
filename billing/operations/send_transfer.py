"""Asks the provider for a transfer that is due, less what the payer has got back meanwhile (PAYOUT-5)."""

from __future__ import annotations

from billing.operations.due_share import due_minor
from billing.operations.move_status import move_status
from billing.operations.owe import net_owed
from billing.operations.payee_of import payee_of
from billing.operations.recall_write_offs import recall_write_offs
from billing.operations.unit import UnitOfWork
from billing.rules.states_requests import TRANSFER_REQUEST
from models.account import Account
from models.payee import Payee
from models.payment import Payment
from models.transfer_request import TransferRequest


def may_be_given(account: Account, payee: Payee) -> bool:
    """Whether money may be passed on to the account now: it lets us act, can be given money, and no operator holds all of it.

    What the provider has not told yet does not count against it: the provider itself refuses what it cannot do.
    """
    held = any(hold["reason"] == "operator" and hold["currency"] is None for hold in (payee.holds or {}).values())
    able = (account.capabilities or {}).get("transfers") in (None, "active")
    return account.authorized is not False and able and not held


def send_transfer(unit: UnitOfWork, row: TransferRequest) -> None:
    """Submit the locked request's transfer, less what its account owes us. Of a payment that went back wholly nothing is passed on."""
    payment = unit.row(Payment, row.source, row.payment_ref) if row.payment_ref else None
    due, before = due_minor(unit, row, payment), row.status
    kept = row.netted_minor or 0
    left, fact = max(0, due - kept), f"{row.NAME}:{row.source}:{row.external_id}"
    payee = payee_of(unit, row.source, row.account_ref or "")
    if row.payment_minor is None and not kept:
        recall_write_offs(unit, payee, row, left)
    row.netted_minor = kept or net_owed(unit, payee, row.currency or "", left, fact=fact)
    amount = max(0, due - row.netted_minor)
    row.updated_at = max(row.updated_at, unit.now)
    row.failure_code = row.failure_message = None
    about = {"amount_minor": amount, "netted_minor": row.netted_minor, "currency": row.currency, "account": row.account_ref}
    if amount == 0:
        row.status, row.amount_minor, row.completed_at = "cancelled", 0, unit.now
        move_status(unit, row, TRANSFER_REQUEST, before, row.status, about)
        return
    row.status, row.amount_minor, row.requested_at = "requested", amount, unit.now
    move_status(unit, row, TRANSFER_REQUEST, before, row.status, about)
    unit.submit(
        "transfer.create",
        row,
        values={
            "amount_minor": amount,
            "currency": row.currency,
            "destination_ref": row.account_ref,
            "source_charge_ref": row.charge_ref,
            "transfer_group": row.payment_ref,
        },
        attempt=row.attempt or 1,
        queue="payouts",
        lane=f"{row.source}:{row.account_ref}",
    )
