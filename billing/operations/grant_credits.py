"""Grants credits: a lot and its entry in the ledger, once per reason to grant (CRED-1, CRED-6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from billing.operations.credit_ledger import account_of, change_lot
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.credits import valid_until
from models.base import OWN_SOURCE
from models.credit_lot import CreditLot
from models.subscriber import Subscriber

Pool = Literal["subscription", "purchased", "bonus"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What is granted. `lot` says what for: asking again with the same one grants nothing more."""

    lot: str
    subscriber_ref: str
    amount: int
    pool: Pool
    origin: Literal["subscription", "package", "bonus", "adjustment"]
    kind: Literal["subscription", "purchase", "bonus", "adjustment"]
    expires_at: datetime | None
    product_ref: str | None = None
    subscription_source: str | None = None
    subscription_ref: str | None = None
    month_start: datetime | None = None
    invoice_ref: str | None = None
    payment_ref: str | None = None
    reason: str | None = None


_TOLD = (
    "subscriber_ref", "amount", "pool", "origin", "expires_at", "product_ref", "subscription_source", "subscription_ref", "month_start",
    "invoice_ref", "payment_ref", "reason",
)  # fmt: skip


def grant_credits(unit: UnitOfWork, grant: Grant, *, begins_period: bool = False) -> CreditLot:
    """The lot; the one that is there, unchanged, if it was granted before. The subscriber is to be locked before.

    Args:
        unit: the transaction.
        grant: what.
        begins_period: whether low-credit warnings begin anew (CRED-8); they do anyway where there was nothing before.
    """
    account = account_of(unit, grant.subscriber_ref)
    lot, new = own_row(unit, CreditLot, OWN_SOURCE, grant.lot)
    if not new:
        return lot
    for name in _TOLD:
        setattr(lot, name, getattr(grant, name))
    lot.remaining, lot.granted_at, lot.actor = 0, unit.now, unit.actor
    change_lot(unit, account, lot, grant.amount, kind=grant.kind, fact=grant.lot, reason=grant.reason)
    if begins_period or not account.full_balance:
        account.full_balance, account.warned_from, account.warned = account.balance, unit.now, []
    return lot


def lapse_of(unit: UnitOfWork, subscriber_ref: str, months: int | None) -> datetime | None:
    """Until when what is granted now is valid, by the subscriber's calendar (CRED-2)."""
    return valid_until(unit.now, months, unit.row(Subscriber, OWN_SOURCE, subscriber_ref).zone)
