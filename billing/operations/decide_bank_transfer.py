"""Approves, rejects or lets expire a bank transfer. Whoever has the row's lock first decides; money that came wins later (PAY-8).

An approval does not book by itself: it enters the inbox as a confirmation of the internal source, as one typed in at the terminal
does (INBOX-14), so that dedup, audit, replay and the one convergence (PAY-1) hold for both.
"""

from __future__ import annotations

from datetime import timedelta

from billing.operations.hold_expiry import resume_expiry
from billing.operations.move_request import move_request
from billing.operations.own_row import own_row
from billing.operations.record_payment import record_payment
from billing.operations.submit_bank_transfer import OPEN, about, payment_fact
from billing.operations.unit import UnitOfWork
from billing.rules.commands.bank_transfer import SOURCE
from billing.rules.commands.bank_transfers import ApproveBankTransfer, RejectBankTransfer
from billing.rules.commands.base import Rejected
from billing.rules.facts.base import Version
from billing.rules.facts.payment import PaymentFact
from billing.rules.states_requests import BANK_TRANSFER
from models.bank_transfer import BankTransfer
from models.fulfilment import Fulfilment

EXPIRED = "nobody answered in time"


def approve_bank_transfer(unit: UnitOfWork, command: ApproveBankTransfer) -> BankTransfer:
    """Approve it, and have the confirmation enter the inbox, once. Approved before: the same again.

    Raises:
        Rejected: `unknown_transfer`, `approved_otherwise`.
    """
    row = _known(unit, command.reference)
    arrived = command.amount_minor or row.amount_minor or 0
    if row.status == "approved":
        if row.arrived_minor != arrived:
            raise Rejected("approved_otherwise", f"{row.external_id} is approved with another amount", {"current": row.arrived_minor})
        return row
    row.arrived_minor = arrived
    _decide(unit, row, "approved", command.reason)
    payload = {
        "reference": row.external_id, "amount_minor": arrived, "currency": row.currency, "pays": row.pays,
        "received_on": command.received_on or unit.now.date().isoformat(),
    }  # fmt: skip
    unit.send("manual.confirm", row.external_id, payload, queue="payments", lane=f"{SOURCE}:{row.external_id}")
    return row


def reject_bank_transfer(unit: UnitOfWork, command: RejectBankTransfer) -> BankTransfer:
    """Reject it. Rejected or expired before: nothing changes.

    Raises:
        Rejected: `unknown_transfer`, `already_approved`.
    """
    row = _known(unit, command.reference)
    if row.status == "approved":
        raise Rejected("already_approved", f"{row.external_id} is approved: give the money back by a refund", {"current": row.status})
    if row.status in OPEN:
        _decide(unit, row, "rejected", command.reason)
        resume_expiry(unit, row)
        record_payment(unit, payment_fact(unit, row, Version(1, unit.now, 0, "rejected"), "cancelled"))
    return row


def expire_bank_transfer(unit: UnitOfWork, reference: str, after: timedelta) -> bool:
    """Let it expire if nobody has decided for so long; whether it did."""
    row = unit.row(BankTransfer, SOURCE, reference)
    if row.status not in OPEN or row.submitted_at is None or row.submitted_at + after > unit.now:
        return False
    _decide(unit, row, "expired", EXPIRED)
    resume_expiry(unit, row)
    record_payment(unit, payment_fact(unit, row, Version(1, unit.now, 0, "expired"), "cancelled"))
    return True


def confirm_bank_transfer(unit: UnitOfWork, fact: PaymentFact) -> BankTransfer:
    """A confirmation from the inbox: the payment succeeds, and what it is for is granted. A transfer that nobody reported is known
    from now on."""
    row, new = own_row(unit, BankTransfer, fact.source, fact.external_id)
    row.arrived_minor = fact.amount_minor if isinstance(fact.amount_minor, int) else row.arrived_minor
    if new:
        row.amount_minor, row.submitted_at = row.arrived_minor, unit.now
        row.currency = fact.currency if isinstance(fact.currency, str) else None
        row.pays = (fact.metadata_ or {}).get("pays") if isinstance(fact.metadata_, dict) else None
    if row.status != "approved":
        _decide(unit, row, "approved", "confirmed at the terminal")
    record_payment(unit, payment_fact(unit, row, fact.version))
    resume_expiry(unit, row)  # an invoice of which it paid a part only waits for money again, not for a person
    if row.external_ref:
        granted = unit.row(Fulfilment, fact.source, fact.external_id)
        if not granted.incomplete and granted.external_ref is None:
            granted.external_ref = row.external_ref
    return row


def _known(unit: UnitOfWork, reference: str) -> BankTransfer:
    row = unit.row(BankTransfer, SOURCE, reference)
    if row.incomplete:
        raise Rejected("unknown_transfer", f"no bank transfer {reference} was handed in", {"field": "reference"})
    return row


def _decide(unit: UnitOfWork, row: BankTransfer, status: str, reason: str) -> None:
    row.decided_at, row.decided_by, row.reason = unit.now, unit.actor, reason
    move_request(unit, row, BANK_TRANSFER, status, **about(row))
