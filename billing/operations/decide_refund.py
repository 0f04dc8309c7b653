"""What a person decides about a refund: agree, decline, give up, note (REFUND-2). Agreeing takes another person than asking."""

from __future__ import annotations

from datetime import timedelta

from billing.operations.move_refund import move_refund, note, stand
from billing.operations.request_refund import amount_of
from billing.operations.submit_refund import lane_of, submit_refund
from billing.operations.unit import UnitOfWork
from billing.rules.commands.bank_transfer import SOURCE
from billing.rules.commands.base import Rejected
from models.payment import Payment
from models.refund_request import RefundRequest

_FOREVER = timedelta(days=36_500)
"""It was asked for in time; how long a person thought about it is not the payer's fault."""


def refund_known(unit: UnitOfWork, source: str, reference: str) -> RefundRequest:
    """The request, locked.

    Raises:
        Rejected: `unknown_refund`.
    """
    row = unit.row(RefundRequest, source, reference)
    if row.incomplete:
        raise Rejected("unknown_refund", f"no refund has the reference {reference} at {source}", {"field": "reference"})
    return row


def approve_refund(unit: UnitOfWork, source: str, reference: str, *, reason: str, by: str | None = None) -> RefundRequest:
    """Agree, and ask the provider; the rules are asked once more, for the payment may have changed.

    Args:
        unit: the transaction.
        source: the provider.
        reference: the refund's.
        reason: why, for the notes.
        by: who agrees; by default the unit's actor.

    Raises:
        Rejected: `unknown_refund`, `not_pending`, `same_person`, or as `eligible` says.
    """
    row, who = refund_known(unit, source, reference), by or unit.actor
    if row.decided_by == who and row.status not in ("pending", "rejected"):
        return row
    _pending(row)
    if person(who) == person(row.actor or ""):
        raise Rejected("same_person", f"{who} asked for {reference}: somebody else has to agree", {"current": who})
    payment = unit.row(Payment, source, row.payment_ref or "")
    amount_of(payment, row.amount_minor, unit, _FOREVER, own_minor=row.amount_minor or 0)
    row.decided_by = who
    note(unit, row, "internal", f"agreed: {reason}")
    submit_refund(unit, row, payment, because=reason)
    return row


def reject_refund(unit: UnitOfWork, source: str, reference: str, *, reason: str, by: str | None = None) -> RefundRequest:
    """Decline; nothing was asked of the provider.

    Raises:
        Rejected: `unknown_refund`, `not_pending`.
    """
    row, who = refund_known(unit, source, reference), by or unit.actor
    if row.status == "rejected":
        return row
    _pending(row)
    row.decided_by = who
    _end(unit, row, "rejected", f"declined: {reason}", reason)
    return row


def cancel_refund(unit: UnitOfWork, source: str, reference: str, *, reason: str) -> RefundRequest:
    """Give up: at once where nothing was asked of the provider, else it decides, and its answer moves the request.

    Raises:
        Rejected: `unknown_refund`, `not_cancellable`.
    """
    row = refund_known(unit, source, reference)
    if row.status == "cancelled":
        return row
    if row.status == "pending" or (row.status == "processing" and row.source == SOURCE):
        _end(unit, row, "cancelled", f"given up: {reason}", reason)
        return row
    if row.status != "approved" or row.source != "stripe" or row.refund_ref is None:
        raise Rejected("not_cancellable", f"{reference} is {row.status}", {"current": row.status})
    payment = unit.row(Payment, source, row.payment_ref or "")
    note(unit, row, "internal", f"to be given up: {reason}")
    values = {"refund_ref": row.refund_ref}
    unit.submit("refund.cancel", row, values=values, queue="payments", lane=lane_of(payment), account=row.account_ref)
    return row


def note_refund(unit: UnitOfWork, source: str, reference: str, *, kind: str, text: str) -> RefundRequest:
    """Add a note, once.

    Raises:
        Rejected: `unknown_refund`.
    """
    row = refund_known(unit, source, reference)
    if not any((one["kind"], one["text"]) == (kind, text) for one in row.notes or []):
        note(unit, row, kind, text)
        # The text stays with the refund alone: it may be about a person, and audit rows are kept for ever.
        unit.audit("refund_request.noted", RefundRequest.NAME, row.id, before=None, after={"kind": kind, "notes": len(row.notes or [])})
    return row


def person(actor: str) -> str:
    """Whom an actor's name means, however he came in: `app:user:anna` and `person:anna (finance)` at the terminal are one.

    Names differ where the app knows people by numbers: then the terminal cannot tell, and the operator's names must be kept apart.
    """
    name = actor.rpartition(" (")[0] if actor.endswith(")") else actor
    return name.rpartition(":")[2].strip().casefold()


def _pending(row: RefundRequest) -> None:
    if row.status != "pending":
        raise Rejected("not_pending", f"{row.external_id} is {row.status}", {"current": row.status})


def _end(unit: UnitOfWork, row: RefundRequest, status: str, text: str, because: str) -> None:
    stand(unit.row(Payment, row.source, row.payment_ref or ""), row, "undone")
    note(unit, row, "internal", text)
    row.completed_at = unit.now
    move_refund(unit, row, status, because=because)
