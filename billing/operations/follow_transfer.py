"""What came of a transfer that we asked for: really made, or refused (PAYOUT-5)."""

from __future__ import annotations

from billing.operations.ask_balance import waits
from billing.operations.move_refund_shares import resume_shares
from billing.operations.move_status import move_status
from billing.operations.payee_of import payee_of
from billing.operations.unit import UnitOfWork
from billing.rules.facts.answer import AnswerFact
from billing.rules.request_tag import request_named
from billing.rules.states_requests import TRANSFER_REQUEST
from models.transfer import Transfer
from models.transfer_request import TransferRequest

_NOT_ABLE = frozenset({"insufficient_capabilities_for_transfer", "account_invalid", "transfers_not_allowed"})
"""Stripe's codes that say that the account cannot be given money now; the share waits until it can."""


def follow_transfer(unit: UnitOfWork, transfer: Transfer) -> None:
    """A transfer that names a request of ours is the proof that it was made; called after each merge into it."""
    named = request_named(transfer.metadata_)
    if named is None or named.request_type != TransferRequest.NAME:
        return
    row = unit.row(TransferRequest, transfer.source, named.reference)
    if row.incomplete or row.status == "made":
        return  # nothing that this database has asked for; reconciliation names it
    before = row.status
    row.status, row.transfer_ref, row.made_minor = "made", transfer.external_id, transfer.amount_minor
    row.failure_code = row.failure_message = None
    row.completed_at = transfer.provider_created_at or unit.now
    row.updated_at = max(row.updated_at, unit.now)
    about = {"amount_minor": row.amount_minor, "made_minor": row.made_minor, "currency": row.currency, "transfer": row.transfer_ref}
    move_status(unit, row, TRANSFER_REQUEST, before, "made", about)
    resume_shares(unit, row)


def settle_transfer(unit: UnitOfWork, fact: AnswerFact) -> None:
    """The provider's answer; what was made, its own fact has told already."""
    row = unit.row(TransferRequest, fact.source, fact.external_id)
    if fact.accepted or row.status != "requested" or not fact.submission.endswith(f":{row.attempt}"):
        return
    row.failure_code, row.failure_message = fact.error_code, fact.error_message
    row.updated_at = max(row.updated_at, unit.now)
    later = fact.error_code in _NOT_ABLE
    row.status = "waiting" if later else "failed"
    row.attempt = (row.attempt or 1) + 1
    about = {"amount_minor": row.amount_minor, "currency": row.currency, "failure_code": fact.error_code}
    move_status(unit, row, TRANSFER_REQUEST, "requested", row.status, about)
    if later and row.account_ref:
        payee = payee_of(unit, row.source, row.account_ref)
        payee.waiting = waits(payee.waiting, TransferRequest.NAME, row.external_id)
