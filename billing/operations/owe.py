"""What an account owes the platform, because it could not be taken back, and how that is kept from what it earns next (REFUND-4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.operations.payee_of import payee_of
from billing.operations.post_receivable import post_receivable
from billing.operations.unit import UnitOfWork
from models.payee import Payee


def owe(unit: UnitOfWork, source: str, account_ref: str, *, key: str, currency: str, amount_minor: int, why: str) -> None:
    """The account owes so much, once per `key`: booked, kept out of its payouts, and netted from its next shares.

    Args:
        unit: the transaction.
        source: the provider.
        account_ref: the account.
        key: what it arose by, such as `transfer_reversal_request:stripe:REF-1`; the journal's fact.
        currency: of the amount.
        amount_minor: above zero.
        why: for the audit.
    """
    payee = payee_of(unit, source, account_ref)
    if key in (payee.owed or {}):
        return
    before = owed_minor(payee, currency)
    payee.owed = {**(payee.owed or {}), key: {"currency": currency, "amount_minor": amount_minor, "netted_minor": 0}}
    payee.updated_at = max(payee.updated_at, unit.now)
    post_receivable(unit, "receivable", fact=key, source=source, account=account_ref, amount_minor=amount_minor, currency=currency)
    about = {"for": key, "amount_minor": amount_minor, "currency": currency, "why": why, "owed_minor": before + amount_minor}
    unit.audit("payee.owes", Payee.NAME, payee.id, before={"owed_minor": before, "currency": currency}, after=about)


def owed_minor(payee: Payee, currency: str) -> int:
    """What the locked account still owes of a currency, in minor units."""
    return sum(open_minor(one) for one in (payee.owed or {}).values() if one["currency"] == currency)


def open_minor(debt: Mapping[str, Any]) -> int:
    """What is left of one debt: less what was netted, less what was written off and not recalled since."""
    left: int = debt["amount_minor"] - debt["netted_minor"] - forgiven_minor(debt)
    return left


def forgiven_minor(debt: Mapping[str, Any]) -> int:
    """What of one debt is given up, in minor units."""
    forgiven: int = sum(debt.get("written_off", {}).values()) - debt.get("recalled_minor", 0)
    return forgiven


def net_owed(unit: UnitOfWork, payee: Payee, currency: str, most_minor: int, *, fact: str) -> int:
    """Keep what is owed from a share of at most `most_minor`, the oldest debt first; returns how much was kept, and books it.

    `fact` is what is kept back, such as `transfer_request:stripe:pi_1`: it is netted once.
    """
    left, owed = most_minor, dict(payee.owed or {})
    for key, one in owed.items():
        part = min(left, open_minor(one)) if one["currency"] == currency else 0
        if part > 0:
            owed[key] = one | {"netted_minor": one["netted_minor"] + part}
            left -= part
    kept = most_minor - left
    if kept:
        before = owed_minor(payee, currency)
        payee.owed = owed
        payee.updated_at = max(payee.updated_at, unit.now)
        account = payee.external_id
        post_receivable(unit, "netting", fact=fact, source=payee.source, account=account, amount_minor=kept, currency=currency)
        about = {"from": fact, "amount_minor": kept, "currency": currency, "owed_minor": before - kept}
        unit.audit("payee.netted", Payee.NAME, payee.id, before={"owed_minor": before, "currency": currency}, after=about)
    return kept
