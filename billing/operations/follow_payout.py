"""What came of a payout: our request follows it, its owner is told, and a bank account that failed is marked (PAYOUT-6, PAYOUT-9).

Paid is not final: a failure after it gives the funds back. That is one move of one row, so it happens once, however often and
in which order it is told.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from billing.operations.move_status import move_status
from billing.operations.own_balance import KEPT_HERE, credit
from billing.operations.payee_of import payee_of
from billing.operations.record_external_account import record_external_account
from billing.operations.tell_payee import tell_payee
from billing.operations.unit import UnitOfWork
from billing.rules.facts.answer import AnswerFact
from billing.rules.facts.base import Version
from billing.rules.facts.external_account import ExternalAccountFact
from billing.rules.instants import iso
from billing.rules.request_tag import request_named
from billing.rules.states_money_out import EXTERNAL_ACCOUNT, PAYOUT_GIVEN_BACK
from billing.rules.states_requests import PAYOUT_REQUEST
from models.payout import Payout
from models.payout_request import PayoutRequest

log = structlog.get_logger(__name__)

_STATUS: Mapping[str, str] = {"paid": "paid", "failed": "failed", "returned": "returned", "cancelled": "cancelled"}
_BANK_AT_FAULT = frozenset(
    {
        "account_closed", "account_frozen", "bank_account_restricted", "bank_ownership_changed", "debit_not_authorized",
        "incorrect_account_holder_address", "incorrect_account_holder_name", "incorrect_account_holder_tax_id",
        "incorrect_account_type", "invalid_account_number", "invalid_account_number_length", "invalid_currency", "no_account",
        "unsupported_card",
    }
)  # fmt: skip
"""Stripe's failure codes after which the bank account has to be mended or replaced; with the others, trying again may help."""


def follow_payout(unit: UnitOfWork, payout: Payout, before: str | None) -> None:
    """Follow a payout that was just merged; `before` is the status that was followed last.

    What only PayPal's weakly signed body told of gives nothing back: nothing follows before PayPal was asked.
    """
    if payout.confirmed is False:
        return
    account_ref = _follow_request(unit, payout) or payout.account_ref
    if payout.status == before:
        return
    if payout.status in PAYOUT_GIVEN_BACK:
        _mark_bank(unit, payout)
    tell_payee(unit, payout, account_ref)


def settle_payout(unit: UnitOfWork, fact: AnswerFact) -> None:
    """The provider's answer; what was made or cancelled, its own fact has told already."""
    row = unit.row(PayoutRequest, fact.source, fact.external_id)
    if fact.accepted:
        return
    if fact.operation != "payout.create":
        about = {"code": fact.error_code, "message": fact.error_message}
        unit.audit("payout_request.cancel_refused", PayoutRequest.NAME, row.id, before=None, after=about)
        return
    if row.status != "requested":
        return
    row.failure_code, row.failure_message = fact.error_code, fact.error_message
    _move(unit, row, "failed")


def _follow_request(unit: UnitOfWork, payout: Payout) -> str | None:
    """Returns the account of the request, which a payout out of our own money does not name."""
    named = request_named(payout.metadata_)
    if named is None or named.request_type != PayoutRequest.NAME:
        return None
    row = unit.row(PayoutRequest, payout.source, named.reference)
    if row.incomplete:
        return None  # nothing that this database has asked for; reconciliation names it
    row.payout_ref = payout.external_id
    status = _STATUS.get(payout.status or "", "in_transit")
    if status == row.status:
        return row.account_ref
    row.failure_code, row.failure_message = payout.failure_code, payout.failure_message
    _move(unit, row, status, made_at=iso(payout.provider_created_at or unit.now))
    return row.account_ref


def _move(unit: UnitOfWork, row: PayoutRequest, status: str, *, made_at: str | None = None) -> None:
    """Move the request; what was promised is known to be taken, or free again."""
    before, row.status = row.status, status
    row.completed_at = None if status == "in_transit" else unit.now
    row.updated_at = max(row.updated_at, unit.now)
    about = {"amount_minor": row.amount_minor, "currency": row.currency, "payout": row.payout_ref, "failure_code": row.failure_code}
    move_status(unit, row, PAYOUT_REQUEST, before, status, about)
    payee = payee_of(unit, row.source, row.account_ref or "")
    if row.source in KEPT_HERE:
        if status in PAYOUT_GIVEN_BACK and before not in PAYOUT_GIVEN_BACK:
            credit(unit, payee, row.currency or "", row.amount_minor or 0)
        return
    promised = dict(payee.promised or {})
    one = promised.pop(row.external_id, None)
    if one is not None and status in ("in_transit", "paid"):
        promised[row.external_id] = one | {"made_at": one["made_at"] or made_at}
    if promised != (payee.promised or {}):
        payee.promised = promised
        payee.updated_at = max(payee.updated_at, unit.now)


def _mark_bank(unit: UnitOfWork, payout: Payout) -> None:
    """As the provider does itself; its own word, if it comes later, is newer."""
    if payout.failure_code not in _BANK_AT_FAULT or not payout.destination_ref:
        return
    phase, rank = EXTERNAL_ACCOUNT.place("errored")
    record_external_account(
        unit,
        ExternalAccountFact(
            source=payout.source,
            external_id=payout.destination_ref,
            version=Version(phase, payout.failed_at or unit.now, rank * 10, f"payout:{payout.external_id}"),
            status="errored",
            account_ref=payout.account_ref,
        ),
    )
    log.warning("payout_bank_errored", payout=payout.external_id, account=payout.account_ref, code=payout.failure_code)
