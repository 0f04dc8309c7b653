"""Records a move of a balance at Stripe, books what it alone tells, and tells the object whose currency it changed."""

from __future__ import annotations

from billing.operations.apply_fact import apply_fact
from billing.operations.post_application_fee import post_application_fee
from billing.operations.post_balance_transaction import post_balance_transaction
from billing.operations.post_charge import post_charge
from billing.operations.post_refund import post_refund
from billing.operations.unit import UnitOfWork
from billing.rules.balance_moves import converted_source
from billing.rules.facts.balance_transaction import BalanceTransactionFact
from models.application_fee import ApplicationFee
from models.balance_transaction import BalanceTransaction
from models.charge import Charge
from models.refund import Refund


def record_balance_transaction(unit: UnitOfWork, fact: BalanceTransactionFact) -> BalanceTransaction:
    """Merge the move and post it. A conversion is booked once both it and its object are known, whichever comes first."""
    row = unit.row(BalanceTransaction, fact.source, fact.external_id)
    apply_fact(unit, row, fact)
    post_balance_transaction(unit, row)
    about = converted_source(row.type_, row.exchange_rate, row.source_ref)
    if about is not None:
        _tell(unit, row, *about)
    return row


def _tell(unit: UnitOfWork, row: BalanceTransaction, aggregate: str, external_id: str) -> None:
    settled = {row.external_id: {"amount_minor": row.amount_minor, "currency": row.currency}}
    if aggregate == Charge.NAME:
        charge = unit.row(Charge, row.source, external_id)
        charge.settled_as = {**(charge.settled_as or {}), **settled}
        post_charge(unit, charge)
    elif aggregate == Refund.NAME:
        refund = unit.row(Refund, row.source, external_id)
        refund.settled_as = {**(refund.settled_as or {}), **settled}
        post_refund(unit, refund)
    else:
        fee = unit.row(ApplicationFee, row.source, external_id)
        fee.settled_as = {**(fee.settled_as or {}), **settled}
        post_application_fee(unit, fee)
