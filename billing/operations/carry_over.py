"""Amounts too small for a provider to charge wait on the customer's balance until there is enough (PAY-17).

Instead of an error that no repetition could mend. Each change is a row of a ledger, once per request and kind.
"""

from __future__ import annotations

from billing.operations.own_row import own_row
from billing.operations.post_carry_over import post_carry_over
from billing.operations.unit import UnitOfWork
from core.ids import new_id
from models.customer_balance import CustomerBalance, CustomerBalanceEntry
from models.payment_request import PaymentRequest


def balance_of(unit: UnitOfWork, request: PaymentRequest) -> CustomerBalance:
    """The row of the request's customer and currency, locked."""
    row, new = own_row(unit, CustomerBalance, request.source, f"{request.customer_ref}:{request.currency}")
    if new:
        row.customer_ref, row.currency, row.owed_minor = request.customer_ref, request.currency, 0
    return row


def carry(unit: UnitOfWork, request: PaymentRequest) -> None:
    """The customer owes the request's amount from now on."""
    _enter(unit, request, "carried_over", request.amount_minor or 0)


def take(unit: UnitOfWork, request: PaymentRequest) -> int:
    """All that was owed goes into this request; how much, in minor units."""
    owed = balance_of(unit, request).owed_minor or 0
    if owed:
        _enter(unit, request, "taken", -owed)
    return owed


def give_back(unit: UnitOfWork, request: PaymentRequest) -> None:
    """What the request had taken is owed again: it was cancelled."""
    if request.carried_minor:
        _enter(unit, request, "given_back", request.carried_minor)


def _enter(unit: UnitOfWork, request: PaymentRequest, kind: str, delta_minor: int) -> None:
    row = balance_of(unit, request)
    before = row.owed_minor or 0
    row.owed_minor = before + delta_minor
    fact = f"{request.NAME}:{request.source}:{request.external_id}"
    unit.add(
        CustomerBalanceEntry(
            id=new_id(unit.now),
            balance_id=row.id,
            at=unit.now,
            fact=fact,
            kind=kind,
            delta_minor=delta_minor,
            created_by=unit.actor,
        )
    )
    post_carry_over(unit, request.source, fact, kind, delta_minor, request.currency or "")
    unit.audit(
        f"customer_balance.{kind}",
        CustomerBalance.NAME,
        row.id,
        before={"owed_minor": before},
        after={"owed_minor": row.owed_minor, "currency": row.currency, "request": request.external_id},
    )
