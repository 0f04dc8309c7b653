"""What came of an account that we asked for, and what follows when an account's rights change (PAYOUT-13)."""

from __future__ import annotations

from billing.operations.connect_account import ask_link
from billing.operations.move_status import move_status
from billing.operations.payee_of import payee_of
from billing.operations.resume_payee import resume_payee
from billing.operations.unit import UnitOfWork
from billing.rules.facts.answer import AnswerFact
from billing.rules.request_tag import request_named
from billing.rules.states_requests import ACCOUNT_REQUEST
from models.account import Account
from models.account_request import AccountRequest


def follow_account(unit: UnitOfWork, account: Account, *, rights_changed: bool) -> None:
    """Called after each merge into an account."""
    named = request_named(account.metadata_)
    if named is not None and named.request_type == AccountRequest.NAME:
        row = unit.row(AccountRequest, account.source, named.reference)
        if not row.incomplete and row.status != "created":
            _created(unit, row, account)
    if rights_changed:
        resume_payee(unit, payee_of(unit, account.source, account.external_id))


def settle_account(unit: UnitOfWork, fact: AnswerFact) -> None:
    """The provider's answer to the account or to one of its links; the account itself, its own fact has told already."""
    row = unit.row(AccountRequest, fact.source, fact.external_id)
    row.updated_at = max(row.updated_at, unit.now)
    if fact.operation == "account_link.create":
        if fact.accepted and (row.onboarding_at is None or fact.version.at >= row.onboarding_at):
            row.onboarding_url, row.onboarding_at = fact.url, fact.version.at
        elif not fact.accepted:
            row.failure_code, row.failure_message = fact.error_code, fact.error_message
        return
    if fact.accepted or row.status != "requested" or not fact.submission.endswith(f":{row.create_attempt}"):
        return
    row.status, row.failure_code, row.failure_message = "failed", fact.error_code, fact.error_message
    move_status(unit, row, ACCOUNT_REQUEST, "requested", "failed", {"failure_code": fact.error_code})


def _created(unit: UnitOfWork, row: AccountRequest, account: Account) -> None:
    before, row.status = row.status, "created"
    row.account_ref, row.completed_at = account.external_id, unit.now
    row.failure_code = row.failure_message = None
    row.updated_at = max(row.updated_at, unit.now)
    move_status(unit, row, ACCOUNT_REQUEST, before, "created", {"account": account.external_id})
    payee = payee_of(unit, account.source, account.external_id)
    payee.external_ref = row.external_id
    ask_link(unit, row)
