"""Brings a refund that we asked for up to date, whoever brings the news: the webhook, the answer, the dashboard (REFUND-2, 5, 6)."""

from __future__ import annotations

from billing.operations.move_refund import move_refund, note, stand
from billing.operations.move_refund_shares import give_back_parts, take_parts
from billing.operations.tell_refund_processed import tell_refund_processed
from billing.operations.unit import UnitOfWork
from billing.rules.facts.answer import AnswerFact
from billing.rules.request_tag import request_named
from billing.rules.states_money_out import REFUND_UNDONE
from billing.rules.states_refunds import FROM_REFUND, REFUND_REQUEST
from models.payment import Payment
from models.refund import Refund
from models.refund_request import RefundRequest


def follow_refund_request(unit: UnitOfWork, refund: Refund, *, new: bool) -> RefundRequest | None:
    """The request that a merged refund names, brought up to date; None for one that others made, which is audited when it is new.

    What only PayPal's weakly signed body told of has no effect here until the provider was asked.
    """
    named = request_named(refund.metadata_)
    if refund.confirmed is False or refund.status is None:
        return None
    row = unit.row(RefundRequest, refund.source, named.reference) if named and named.request_type == RefundRequest.NAME else None
    if row is None or row.incomplete:
        if new:
            after = {"refund": refund.external_id, "amount_minor": refund.amount_minor, "currency": refund.currency}
            unit.audit("refund.made_elsewhere", Refund.NAME, refund.id, before=None, after=after)
        return None
    payment = unit.row(Payment, row.source, row.payment_ref or "")
    row.refund_ref = refund.external_id
    if refund.status in REFUND_UNDONE:
        _undone(unit, row, payment, refund)
    elif stand(payment, row, "made"):
        take_parts(unit, row, payment)
    after_status = FROM_REFUND.get(refund.status)
    if after_status is None or not REFUND_REQUEST.legal(row.status, after_status):
        return row
    if move_refund(unit, row, after_status, refund=refund.external_id) and after_status == "completed":
        row.completed_at = unit.now
        tell_refund_processed(unit, row, payment)
    return row


def _undone(unit: UnitOfWork, row: RefundRequest, payment: Payment, refund: Refund) -> None:
    """The money is ours again, once: what payee and platform bore of it goes back to them."""
    if refund.failure_reason:
        row.failure_code = refund.failure_reason
    if not stand(payment, row, "undone"):
        return
    row.undone_at = unit.now
    note(unit, row, "gateway", f"{refund.status}: {refund.failure_reason or 'no reason given'}")
    give_back_parts(unit, row)


def settle_refund(unit: UnitOfWork, fact: AnswerFact) -> None:
    """The provider's answer to one of the request's calls; the refund itself, its own fact has told already."""
    row = unit.row(RefundRequest, fact.source, fact.external_id)
    if fact.operation == "fee_refund.create":
        row.fee_status = "made" if fact.accepted else "failed"
        row.updated_at = max(row.updated_at, unit.now)
        if not fact.accepted:
            note(unit, row, "gateway", f"the fee was not given back: {fact.error_code}: {fact.error_message}")
        return
    if fact.operation not in ("refund.create", "sale_refund.create"):
        if not fact.accepted:
            note(unit, row, "gateway", f"{fact.operation}: {fact.error_code}: {fact.error_message}")
        return
    if fact.accepted:
        row.refund_ref = row.refund_ref or fact.object_ref
        return
    if row.status != "processing":
        return
    row.failure_code, row.failure_message, row.completed_at = fact.error_code, fact.error_message, unit.now
    stand(unit.row(Payment, row.source, row.payment_ref or ""), row, "undone")
    note(unit, row, "gateway", f"refused: {fact.error_code}: {fact.error_message}")
    move_refund(unit, row, "failed", failure_code=fact.error_code)
