"""Gives up what an account owes the platform, wholly or in part, because a person decided so (REFUND-4).

Nothing is called: the debt is our own claim. What is given up is netted from no share and kept from no payout any more.
"""

from __future__ import annotations

from billing.operations.owe import open_minor, owed_minor
from billing.operations.payee_of import payee_of
from billing.operations.post_receivable import post_receivable
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.debts import DebtWrittenOff, WriteOffDebt
from models.payee import Payee


def write_off_debt(unit: UnitOfWork, command: WriteOffDebt) -> DebtWrittenOff:
    """Give up so much of what is owed in a currency, the oldest debt first; the same reference again changes nothing.

    Raises:
        Rejected: see the command's REFUSALS; nothing was changed.
    """
    payee = payee_of(unit, command.source, command.account_ref)
    known = _known(payee, command)
    if known is not None:
        return _told(payee, command, known)
    before = owed_minor(payee, command.currency)
    if before == 0:
        raise Rejected("nothing_owed", f"{command.account_ref} owes nothing in {command.currency}", {"current": 0})
    amount = before if command.amount_minor is None else command.amount_minor
    if amount > before:
        about = {"current": amount, "limit": before, "field": "amount_minor"}
        raise Rejected("over_write_off", f"{command.account_ref} owes {before} {command.currency} minor units, not {amount}", about)
    payee.owed = _lowered(payee, command, amount)
    payee.updated_at = max(payee.updated_at, unit.now)
    post_receivable(
        unit,
        "write_off",
        fact=f"payee_write_off:{command.source}:{command.account_ref}:{command.reference}",
        source=command.source,
        account=command.account_ref,
        amount_minor=amount,
        currency=command.currency,
    )
    after = {"owed_minor": before - amount, "amount_minor": amount, "currency": command.currency, "reference": command.reference}
    about = {"owed_minor": before, "currency": command.currency}
    unit.audit("payee.written_off", Payee.NAME, payee.id, before=about, after=after | {"why": command.reason})
    return _told(payee, command, amount)


def _known(payee: Payee, command: WriteOffDebt) -> int | None:
    """What was given up under this reference before, in minor units."""
    parts = [(one["currency"], one["written_off"][command.reference]) for one in (payee.owed or {}).values()
             if command.reference in one.get("written_off", {})]  # fmt: skip
    if not parts:
        return None
    found: int = sum(part for _, part in parts)
    if parts[0][0] != command.currency or command.amount_minor not in (None, found):
        about = {"current": found, "field": "reference"}
        raise Rejected("reference_used", f"{command.reference} gave up {found} minor units of {parts[0][0]}", about)
    return found


def _lowered(payee: Payee, command: WriteOffDebt, amount_minor: int) -> dict[str, object]:
    left, owed = amount_minor, dict(payee.owed or {})
    for key, one in owed.items():
        part = min(left, open_minor(one)) if one["currency"] == command.currency else 0
        if part > 0:
            owed[key] = one | {"written_off": {**one.get("written_off", {}), command.reference: part}}
            left -= part
    return owed


def _told(payee: Payee, command: WriteOffDebt, amount_minor: int) -> DebtWrittenOff:
    return DebtWrittenOff(
        account_ref=command.account_ref,
        reference=command.reference,
        currency=command.currency,
        written_off_minor=amount_minor,
        left_minor=owed_minor(payee, command.currency),
    )
