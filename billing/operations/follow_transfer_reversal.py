"""What came of a reversal that we asked for: told by the answer and by the transfer's own events, in any order."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from billing.operations.follow_dispute import after_dispute_reversal
from billing.operations.move_refund_shares import after_refund_reversal
from billing.operations.move_status import move_status
from billing.operations.owe import owe
from billing.operations.settle_transfer import after_stray_reversal
from billing.operations.unit import UnitOfWork
from billing.rules.facts.answer import AnswerFact
from billing.rules.facts.transfer_reversal import TransferReversalFact
from billing.rules.reversible import reversed_minor
from billing.rules.states_money_out import TRANSFER, transfer_status
from billing.rules.states_requests import TRANSFER_REVERSAL_REQUEST
from models.transfer import Transfer
from models.transfer_reversal_request import TransferReversalRequest

AFTER: Mapping[str, Callable[[UnitOfWork, TransferReversalRequest], None]] = {
    "dispute": after_dispute_reversal,
    "finding": after_stray_reversal,
    "refund_request": after_refund_reversal,
}
"""Kind of the row that wanted it -> its verb, called once, when the reversal is `made` or `failed`; without one, what
failed is owed by the account (`owe`)."""


def settle_transfer_reversal(unit: UnitOfWork, fact: AnswerFact) -> None:
    """The provider's answer."""
    row = unit.row(TransferReversalRequest, fact.source, fact.external_id)
    if fact.accepted:
        _finish(unit, row, "made", reversal_ref=fact.object_ref)
    else:
        _finish(unit, row, "failed", code=fact.error_code, message=fact.error_message)


def follow_transfer_reversal(unit: UnitOfWork, fact: TransferReversalFact) -> None:
    """A reversal that an event of the transfer shows, and that names our request."""
    row = unit.row(TransferReversalRequest, fact.source, fact.external_id)
    _finish(unit, row, "made", reversal_ref=fact.reversal_ref)


def _finish(
    unit: UnitOfWork,
    row: TransferReversalRequest,
    status: str,
    *,
    reversal_ref: str | None = None,
    code: str | None = None,
    message: str | None = None,
) -> None:
    if row.status != "requested":
        return  # told before, or no request of this database's
    row.status, row.reversal_ref, row.failure_code, row.failure_message = status, reversal_ref, code, message
    row.completed_at = unit.now
    row.updated_at = max(row.updated_at, unit.now)
    about = {"amount_minor": row.amount_minor, "currency": row.currency, "transfer": row.transfer_ref, "failure_code": code}
    move_status(unit, row, TRANSFER_REVERSAL_REQUEST, "requested", status, about)
    transfer = unit.row(Transfer, row.source, row.transfer_ref or "")
    ours = {**(transfer.reversals or {}), row.external_id: {"amount_minor": row.amount_minor, "status": status}}
    transfer.reversals = ours
    _raise_reversed(unit, transfer)
    verb = AFTER.get(row.for_type or "")
    if verb is not None:
        verb(unit, row)
    elif status == "failed" and row.account_ref and row.currency:
        key = f"{row.NAME}:{row.source}:{row.external_id}"
        owe(unit, row.source, row.account_ref, key=key, currency=row.currency, amount_minor=row.amount_minor or 0, why=code or "refused")


def _raise_reversed(unit: UnitOfWork, transfer: Transfer) -> None:
    """The cumulative amount only grows, so what we know was done counts before the provider's event says it."""
    back = reversed_minor(transfer.reversed_minor, transfer.reversals or {})
    if back == (transfer.reversed_minor or 0):
        return
    transfer.reversed_minor = back
    transfer.updated_at = max(transfer.updated_at, unit.now)
    before = transfer.status
    transfer.status = transfer_status(transfer.provider_status, transfer.amount_minor, back)
    about = {"amount_minor": transfer.amount_minor, "reversed_minor": back, "currency": transfer.currency}
    move_status(unit, transfer, TRANSFER, before, transfer.status, about)
