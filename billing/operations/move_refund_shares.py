"""Moves what payee and platform bear of a refund, in exact amounts and once, and back again if it fails later (REFUND-3, REFUND-4).

Three moves, each a submission of its own: the platform's part of its fee to the payee, the payee's part of his share to the
platform, and, when the refund came to nothing, the difference to the payee again.
"""

from __future__ import annotations

from billing.operations.move_status import move_status
from billing.operations.netted_share import netted_left
from billing.operations.owe import owe
from billing.operations.own_balance import KEPT_HERE, credit
from billing.operations.own_row import own_row
from billing.operations.payee_of import payee_of
from billing.operations.post_share import post_share
from billing.operations.refund_shares import Division, divided
from billing.operations.reverse_transfer import reverse_transfer, reversible
from billing.operations.send_transfer import may_be_given, send_transfer
from billing.operations.submit_refund import lane_of
from billing.operations.take_back_share import take_back_share
from billing.operations.unit import UnitOfWork
from billing.rules.states_requests import TRANSFER_REQUEST
from models.account import Account
from models.payee import Payee
from models.payment import Payment
from models.refund_request import RefundRequest
from models.transfer_request import TransferRequest
from models.transfer_reversal_request import TransferReversalRequest

WHY = "refund"


def take_parts(unit: UnitOfWork, row: RefundRequest, payment: Payment) -> None:
    """The refund counts at the provider: move both parts. Called once per refund, by the payment's memory of it."""
    division = divided(unit, payment)
    fee_ref = division.charge.application_fee_ref if division.charge else None
    if row.fee_minor and fee_ref and row.fee_status is None:
        _keep_what_he_has(row, payment, division.shares.fee_minor)
    if row.fee_minor and fee_ref and row.fee_status is None:
        row.fee_status = "requested"
        values = {"fee_ref": fee_ref, "amount_minor": row.fee_minor}
        unit.submit("fee_refund.create", row, values=values, queue="payments", lane=lane_of(payment))
    if row.transfer_minor and row.share_status is None:
        _take_share(unit, row, division)


def _keep_what_he_has(row: RefundRequest, payment: Payment, fee_minor: int) -> None:
    """Lower both parts by what the fee cannot give any more: a provider gives each unit of a fee back once, and the payee has had it
    with a refund that failed since, where it stood for a part of his share."""
    known = dict(payment.refund_requests or {})
    wanted, left = row.fee_minor or 0, fee_minor - sum(one.get("fee_moved_minor", 0) for one in known.values())
    moved = min(wanted, max(0, left))
    row.fee_minor, row.transfer_minor = moved, max(0, (row.transfer_minor or 0) - (wanted - moved))
    payment.refund_requests = known | {row.external_id: known.get(row.external_id, {}) | {"fee_moved_minor": moved}}


def _take_share(unit: UnitOfWork, row: RefundRequest, division: Division) -> None:
    share, wanted = division.share, row.transfer_minor or 0
    if share is not None and share.status == "cancelled" and row.payee_ref:
        # All of it paid his debts, or went back to the payer before: what paid debts he owes again.
        payment = unit.row(Payment, row.source, row.payment_ref or "")
        wanted = min(wanted, netted_left(payee_of(unit, row.source, row.payee_ref), payment, share))
        if wanted == 0:
            return
        row.transfer_minor = wanted
    elif share is not None and share.status != "made":
        if share.status != "requested":
            return  # nothing was passed on yet: the share is lowered by what went back when it is
        row.share_status = "waiting"  # told to `resume_shares` once it is made
        return
    if row.source in KEPT_HERE:
        if share is not None:
            row.transfer_minor = take_back_share(unit, share, wanted, WHY, row)
            row.share_status = "made"
        return
    transfer = division.transfer
    amount = min(wanted, reversible(transfer)) if transfer else 0
    row.share_status = "requested" if amount else "failed"
    if transfer is not None and amount:
        row.share_step = (row.share_step or 0) + 1
        reverse_transfer(unit, transfer, amount, WHY, row, part=row.share_step)
    if wanted > amount and row.payee_ref:
        # Others took it back already, or it was netted from what the payee owed.
        currency = (transfer.currency if transfer else None) or row.currency or ""
        key = f"{row.NAME}:{row.source}:{row.external_id}"
        owe(unit, row.source, row.payee_ref, key=key, currency=currency, amount_minor=wanted - amount, why=WHY)


def resume_shares(unit: UnitOfWork, share: TransferRequest) -> None:
    """A share is made whose payment was refunded while it was on its way: take the refunds' parts back now."""
    if not share.payment_ref or share.external_id != share.payment_ref or share.status != "made":
        return
    payment = unit.row(Payment, share.source, share.payment_ref)
    for reference, one in (payment.refund_requests or {}).items():
        if one["state"] != "made":
            continue
        row = unit.row(RefundRequest, share.source, reference)
        if row.share_status == "waiting":
            row.share_status = None
            _take_share(unit, row, divided(unit, payment))


def after_refund_reversal(unit: UnitOfWork, reversal: TransferReversalRequest) -> None:
    """What came of the payee's part. One that failed is owed by him now, and netted from his next share."""
    row = unit.row(RefundRequest, reversal.source, reversal.for_ref or "")
    if row.share_status != "requested":
        return
    row.share_status = reversal.status
    row.updated_at = max(row.updated_at, unit.now)
    if reversal.status == "failed" and reversal.account_ref and reversal.currency:
        key = f"{reversal.NAME}:{reversal.source}:{reversal.external_id}"
        amount = reversal.amount_minor or 0
        owe(unit, row.source, reversal.account_ref, key=key, currency=reversal.currency, amount_minor=amount, why=WHY)
    if row.undone_at is not None:
        give_back_parts(unit, row)


def give_back_parts(unit: UnitOfWork, row: RefundRequest) -> None:
    """The refund came to nothing: what the payee gave, or came to owe, less the fee that he got, is his again. Once."""
    if row.share_status not in ("made", "failed") or row.payee_ref is None:
        return  # nothing taken; or under way, and told here again
    amount = (row.transfer_minor or 0) - ((row.fee_minor or 0) if row.fee_status in ("requested", "made") else 0)
    row.share_status = "given_back"
    payee = payee_of(unit, row.source, row.payee_ref)
    if amount <= 0:
        return
    if row.source in KEPT_HERE:
        _credit_again(unit, payee, row)
        return
    back, new = own_row(unit, TransferRequest, row.source, f"{WHY}:{row.external_id}")
    if not new:
        return
    transfer = divided(unit, unit.row(Payment, row.source, row.payment_ref or "")).transfer
    back.status, back.attempt, back.amount_minor = "waiting", 1, amount
    back.currency = (transfer.currency if transfer else None) or row.currency
    back.account_ref, back.actor, back.reason, back.requested_at = row.payee_ref, unit.actor, "refund failed", unit.now
    about = {"amount_minor": amount, "currency": back.currency, "account": row.payee_ref, "refund": row.external_id}
    move_status(unit, back, TRANSFER_REQUEST, None, "waiting", about)
    # What he came to owe instead is netted from this very transfer.
    if may_be_given(unit.row(Account, row.source, row.payee_ref), payee):
        send_transfer(unit, back)
    else:
        payee.waiting = [*(payee.waiting or []), [TransferRequest.NAME, back.external_id]]


def _credit_again(unit: UnitOfWork, payee: Payee, row: RefundRequest) -> None:
    """Where the payee's balance is kept here, what was taken stands in his share, and goes back into it."""
    share = unit.row(TransferRequest, row.source, row.payment_ref or "")
    name, taken = f"{row.NAME}:{row.external_id}", dict(share.taken_back or {})
    amount = taken.get(name, 0)
    if amount <= 0:
        return
    share.taken_back = {**taken, name: 0}
    share.updated_at = max(share.updated_at, unit.now)
    credit(unit, payee, row.currency or "", amount)
    # Legs count what was given back so far: the database keeps no order of names.
    before = sum(1 for one, minor in taken.items() if minor == 0 and one.startswith(f"{row.NAME}:"))
    post_share(unit, share, "share", amount, number=1 + before)
    about = {"amount_minor": amount, "currency": row.currency, "for": name, "why": "refund failed"}
    unit.audit("transfer_request.given_back", TransferRequest.NAME, share.id, before=None, after=about)
