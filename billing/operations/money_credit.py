"""Money that a subscriber has with us: given for what he gave up unused, taken by his next invoices, each change once (CRED-10).

It is no payment and is not in the journal, which books money when it moves: sales are booked as they are paid, and an invoice
that a credit has lowered brings that much less.
"""

from __future__ import annotations

from datetime import datetime

from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from core.ids import new_id
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.money_credit import MoneyCredit, MoneyCreditEntry


def credit_key(subscriber_ref: str | None, currency: str | None) -> str:
    """How the row of a subscriber and currency is called."""
    return f"{subscriber_ref}:{currency}"


def grant_credit(
    unit: UnitOfWork, subscriber_ref: str, currency: str, delta_minor: int, *, fact: str, kind: str = "granted", reason: str | None = None,
    subscription_ref: str | None = None, period_start: datetime | None = None,
) -> int:  # fmt: skip
    """Change the balance by `delta_minor`; what it is then. The subscriber is to be locked.

    Args:
        unit: the transaction.
        subscriber_ref: whose.
        currency: ISO 4217; each has a balance of its own.
        delta_minor: positive: he has more.
        fact: what it follows from; once per fact and kind, the database sees to it.
        kind: `granted`, `applied`, `returned` or `adjusted`.
        reason: for people.
        subscription_ref: of a credit for an unused part: what of,
        period_start: and of which period of it.

    Raises:
        ValueError: the balance would be below zero; nothing was changed.
    """
    row, new = own_row(unit, MoneyCredit, OWN_SOURCE, credit_key(subscriber_ref, currency))
    if new:
        row.subscriber_ref, row.currency, row.balance_minor = subscriber_ref, currency, 0
    before = row.balance_minor or 0
    if before + delta_minor < 0:
        raise ValueError(f"{row.external_id} has {before}, less than {-delta_minor} to take; nothing was changed")
    row.balance_minor = before + delta_minor
    unit.add(MoneyCreditEntry(
        id=new_id(unit.now), credit_id=row.id, at=unit.now, fact=fact, kind=kind, delta_minor=delta_minor, reason=reason,
        subscription_ref=subscription_ref, period_start=period_start, created_by=unit.actor,
    ))  # fmt: skip
    unit.audit(
        f"money_credit.{kind}", MoneyCredit.NAME, row.id, before={"balance_minor": before},
        after={"balance_minor": row.balance_minor, "currency": currency, "fact": fact, "reason": reason},
    )  # fmt: skip
    return row.balance_minor


def apply_credit(unit: UnitOfWork, invoice: Invoice) -> int:
    """Take what the subscriber has for a pending invoice, as far as it goes; how much, in minor units. Once per invoice."""
    row = unit.row(MoneyCredit, OWN_SOURCE, credit_key(invoice.subscriber_ref, invoice.currency))
    taken = min(row.balance_minor or 0, invoice.amount_remaining_minor or 0)
    if taken <= 0 or invoice.credit_applied_minor:
        return 0
    fact = f"invoice:{invoice.external_id}"
    grant_credit(unit, invoice.subscriber_ref or "", invoice.currency or "", -taken, fact=fact, kind="applied")
    invoice.credit_applied_minor = taken
    invoice.amount_remaining_minor = (invoice.amount_remaining_minor or 0) - taken
    return taken


def return_credit(unit: UnitOfWork, invoice: Invoice) -> int:
    """Give back what a now void invoice had taken; how much."""
    taken = invoice.credit_applied_minor or 0
    if taken:
        fact = f"invoice:{invoice.external_id}"
        grant_credit(unit, invoice.subscriber_ref or "", invoice.currency or "", taken, fact=fact, kind="returned")
    return taken
