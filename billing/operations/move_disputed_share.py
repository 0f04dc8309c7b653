"""Takes a payee's part of withdrawn money back, and gives it back when the money is reinstated (DISPUTE-1, DISPUTE-4).

A dispute on a destination charge, or on one whose share was transferred, debits the platform alone (Stripe's page on disputes
with Connect); so the share is reversed here, for what was withdrawn and not for what is merely contested.
"""

from __future__ import annotations

from billing.operations.ask_balance import waits
from billing.operations.disputed_share import DisputedShare
from billing.operations.move_status import move_status
from billing.operations.netted_share import netted_left
from billing.operations.owe import owe
from billing.operations.own_balance import credit
from billing.operations.own_row import own_row
from billing.operations.payee_of import payee_of
from billing.operations.post_share import post_share
from billing.operations.reverse_transfer import reverse_transfer, reversible
from billing.operations.send_transfer import may_be_given, send_transfer
from billing.operations.unit import UnitOfWork
from billing.rules.disputed import payees_part
from billing.rules.states_requests import TRANSFER_REQUEST
from models.account import Account
from models.dispute import Dispute
from models.dispute_case import DisputeCase
from models.payee import Payee
from models.transfer_request import TransferRequest
from models.transfer_reversal_request import TransferReversalRequest

WHY = "dispute"
_LEGS_APART = 1_000
"""More than a share has refunds, and a dispute has steps."""


def move_disputed_share(unit: UnitOfWork, dispute: Dispute, case: DisputeCase, share: DisputedShare) -> None:
    """Bring what was taken from the payee, or what he came to owe instead, to his part of what is withdrawn now. A share that is
    not passed on yet is not taken back either; once it is, this is called again."""
    made = share.made
    if share.direct or made is None:
        return
    amount, case.taken_currency = made
    out = max(0, (dispute.funds_withdrawn_minor or 0) - (dispute.funds_reinstated_minor or 0))
    target = payees_part(amount, out, share.charge_minor) if out else 0
    change = target - (case.taken_minor or 0)
    if change > 0:
        _take(unit, dispute, case, share, change)
    elif change < 0:
        _give_back(unit, dispute, case, share, -change)


def _take(unit: UnitOfWork, dispute: Dispute, case: DisputeCase, share: DisputedShare, amount_minor: int) -> None:
    if share.kept is not None:
        left = (share.kept.made_minor or 0) - sum((share.kept.taken_back or {}).values())
        _keep_back(unit, case, share, min(amount_minor, max(0, left)))
        return
    # What refunds took back before is gone already: a dispute comes on top of them. What paid his debts, or what this dispute itself
    # had given back by a transfer of its own, is no part of the share's transfer: that much is owed.
    amount = min(amount_minor, reversible(share.transfer)) if share.transfer else 0
    payee = payee_of(unit, dispute.source, share.account_ref)
    kept = netted_left(payee, share.payment, share.netted) if share.payment is not None and share.netted is not None else 0
    owed = min(amount_minor - amount, kept + _given_back(dispute, case, share, payee))
    if amount + owed <= 0:
        return
    case.steps = (case.steps or 0) + 1
    case.taken_minor = (case.taken_minor or 0) + amount + owed
    if share.transfer is not None and amount > 0:
        reverse_transfer(unit, share.transfer, amount, WHY, dispute, part=case.steps)
    if owed > 0:
        key, currency = f"{_debts(dispute)}{case.steps}", case.taken_currency or ""
        owe(unit, dispute.source, share.account_ref, key=key, currency=currency, amount_minor=owed, why=WHY)


def _given_back(dispute: Dispute, case: DisputeCase, share: DisputedShare, payee: Payee) -> int:
    """What the payee got back by transfers of this dispute: all that it ever took, or had him owe, less what it counts as taken."""
    mine = f"{dispute.NAME}:{dispute.external_id}:"
    known = (share.transfer.reversals if share.transfer else None) or {}
    reversed_: int = sum(one["amount_minor"] for name, one in known.items() if name.startswith(mine))
    owed: int = sum(one["amount_minor"] for name, one in (payee.owed or {}).items() if name.startswith(_debts(dispute)))
    return max(0, reversed_ + owed - (case.taken_minor or 0))


def _debts(dispute: Dispute) -> str:
    return f"{dispute.NAME}:{dispute.source}:{dispute.external_id}:"


def _give_back(unit: UnitOfWork, dispute: Dispute, case: DisputeCase, share: DisputedShare, amount_minor: int) -> None:
    if share.kept is not None:
        _keep_back(unit, case, share, -amount_minor)
        return
    case.steps = (case.steps or 0) + 1
    case.taken_minor = (case.taken_minor or 0) - amount_minor
    if case.short_minor:
        case.short_minor = min(case.short_minor, case.taken_minor)
    payee = payee_of(unit, dispute.source, share.account_ref)
    row, new = own_row(unit, TransferRequest, dispute.source, f"{WHY}:{dispute.external_id}:{case.steps}")
    if not new:
        return
    row.status, row.attempt, row.amount_minor, row.currency = "waiting", 1, amount_minor, case.taken_currency
    row.payment_ref = share.payment.external_id if share.payment else None
    row.payment_id = share.payment.id if share.payment else None
    row.account_ref, row.actor, row.reason, row.requested_at = share.account_ref, unit.actor, "dispute reinstated", unit.now
    about = {"amount_minor": amount_minor, "currency": row.currency, "account": row.account_ref, "dispute": dispute.external_id}
    move_status(unit, row, TRANSFER_REQUEST, None, "waiting", about)
    # What he came to owe by this dispute is netted from this very transfer.
    if may_be_given(unit.row(Account, row.source, share.account_ref), payee):
        send_transfer(unit, row)
    else:
        payee.waiting = waits(payee.waiting, TransferRequest.NAME, row.external_id)


def _keep_back(unit: UnitOfWork, case: DisputeCase, share: DisputedShare, change_minor: int) -> None:
    """Where the payee's balance is kept here: lower or raise it at once, below zero if need be (PAYOUT-4)."""
    row = share.kept
    if row is None or row.currency is None or change_minor == 0:
        return
    name = f"{case.NAME}:{case.external_id}"
    before = case.taken_minor or 0
    total = before + change_minor
    # Refunds number their legs from 0 on; each dispute has a range of its own behind them, by the disputes that were there before it.
    others = [one for one in row.taken_back or {} if one.startswith(f"{case.NAME}:") and one != name]
    case.taken_minor, case.steps = total, (case.steps or _LEGS_APART * len(others)) + 1
    row.taken_back = {**(row.taken_back or {}), name: total}
    row.updated_at = max(row.updated_at, unit.now)
    credit(unit, payee_of(unit, row.source, share.account_ref), row.currency, -change_minor)
    number = _LEGS_APART + case.steps
    post_share(unit, row, "share_taken_back" if change_minor > 0 else "share", abs(change_minor), number=number)
    about = {"amount_minor": abs(change_minor), "currency": row.currency, "for": name, "why": WHY, "taken_minor": total}
    action = "taken_back" if change_minor > 0 else "given_back"
    unit.audit(f"transfer_request.{action}", TransferRequest.NAME, row.id, before={"taken_minor": before}, after=about)


def reversal_failed(unit: UnitOfWork, case: DisputeCase, reversal: TransferReversalRequest) -> None:
    """The account had too little: he owes it, which keeps it from his payouts and is netted from his next share. It counts as
    taken, so that it is neither asked for nor held as well, and is given back like what was taken."""
    amount = reversal.amount_minor or 0
    case.short_minor = min((case.short_minor or 0) + amount, case.taken_minor or 0)
    if amount and reversal.account_ref and reversal.currency:
        key = f"{reversal.NAME}:{reversal.source}:{reversal.external_id}"
        owe(unit, case.source, reversal.account_ref, key=key, currency=reversal.currency, amount_minor=amount, why=WHY)
