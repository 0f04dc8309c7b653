"""Refunds of bank transfers: nobody can be called, so a person sends the money and says so, and when the bank returned it (REFUND-2).

As with approvals, what is said enters the inbox as an event of the internal source (INBOX-14): dedup, audit, replay and the one
convergence of refunds (`record_refund`) hold for it as for any provider's.
"""

from __future__ import annotations

from billing.operations.decide_refund import refund_known
from billing.operations.record_refund import record_refund
from billing.operations.unit import UnitOfWork
from billing.rules.commands.bank_refunds import ReturnBankRefund, SendBankRefund
from billing.rules.commands.bank_transfer import SOURCE
from billing.rules.commands.base import Rejected
from billing.rules.facts.base import UNSET, Unset, Version
from billing.rules.facts.refund import RefundFact
from billing.rules.request_tag import REQUEST
from billing.rules.states_money_out import REFUND_UNDONE
from models.payment import Payment
from models.refund import Refund
from models.refund_request import RefundRequest


def send_bank_refund(unit: UnitOfWork, command: SendBankRefund) -> RefundRequest:
    """A person sent it: it counts from now on, and is complete once the inbox has it. The same booking again changes nothing.

    Raises:
        Rejected: see the command's REFUSALS; nothing was changed.
    """
    row = refund_known(unit, SOURCE, command.reference)
    if row.refund_ref is not None:
        if row.refund_ref != command.bank_reference:
            about = {"current": row.refund_ref, "field": "bank_reference"}
            raise Rejected("sent_otherwise", f"{command.reference} was sent by another booking, {row.refund_ref}", about)
        return row
    if row.status != "processing":
        raise Rejected("not_processing", f"{command.reference} is {row.status}", {"current": row.status})
    unit.row(Payment, SOURCE, row.payment_ref or "")
    if not unit.row(Refund, SOURCE, command.bank_reference).incomplete:
        about = {"current": command.bank_reference, "field": "bank_reference"}
        raise Rejected("bank_reference_used", f"{command.bank_reference} is the booking of another refund", about)
    row.decided_by = unit.actor
    record_refund(unit, _fact(row, command.bank_reference, "pending", Version(0, unit.now, 0, f"{row.external_id}:asked")))
    _enter(unit, row, "refund_sent", command.sent_on, command.reason)
    return row


def return_bank_refund(unit: UnitOfWork, command: ReturnBankRefund) -> RefundRequest:
    """The bank returned it: all that the refund did is undone, once.

    Raises:
        Rejected: `unknown_refund`, `not_sent`.
    """
    row = refund_known(unit, SOURCE, command.reference)
    if row.refund_ref is None or row.status not in ("approved", "completed", "failed"):
        raise Rejected("not_sent", f"{command.reference} is {row.status}: nothing was sent", {"current": row.status})
    if unit.row(Refund, SOURCE, row.refund_ref).status not in REFUND_UNDONE:
        _enter(unit, row, "refund_returned", command.returned_on, command.reason)
    return row


def refund_fact(
    bank_reference: str, status: str, version: Version, *, request: str, payment: str, amount_minor: int | Unset | None, currency: str,
    failure: str | None = None,
) -> RefundFact:  # fmt: skip
    """What a person said of a refund, as any provider's refund: it names its request."""
    return RefundFact(
        source=SOURCE, external_id=bank_reference, version=version, amount_minor=amount_minor, currency=currency, status=status,
        provider_status=status, payment_ref=payment, metadata_={REQUEST: f"{RefundRequest.NAME}:{request}"}, confirmed=True,
        failure_reason=UNSET if failure is None else failure, failed_at=UNSET if failure is None else version.at,
        provider_created_at=version.at if status == "succeeded" else UNSET,
    )  # fmt: skip


def _fact(row: RefundRequest, bank_reference: str, status: str, version: Version) -> RefundFact:
    return refund_fact(
        bank_reference, status, version, request=row.external_id, payment=row.payment_ref or "", amount_minor=row.amount_minor,
        currency=row.currency or "",
    )  # fmt: skip


def _enter(unit: UnitOfWork, row: RefundRequest, step: str, day: str | None, reason: str) -> None:
    payload = {
        "event_type": f"bank_transfer.{step}", "reference": row.refund_ref, "request": row.external_id, "payment": row.payment_ref,
        "amount_minor": row.amount_minor, "currency": row.currency, "booked_on": day or unit.now.date().isoformat(), "reason": reason,
    }  # fmt: skip
    unit.send("manual.refund", f"{row.external_id}:{step}", payload, queue="payments", lane=f"{SOURCE}:{row.payment_ref}")
