"""The one place where credits change: a lot, the subscriber's account and the ledger move together (CRED-6, CRED-11).

The subscriber's row is the mutex: whoever asks for the account has locked it. The account knows its open lots, so that they are
found by one look without a search. What a constraint says twice: no balance below zero, no (fact, kind) twice.
"""

from __future__ import annotations

from collections.abc import Iterable

from billing.operations.announce_entitlements import announce_entitlements
from billing.operations.move_status import move_status
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.credits import Left
from billing.rules.states_credits import CREDIT_LOT
from core.ids import new_id
from models.base import OWN_SOURCE
from models.credit_account import CreditAccount
from models.credit_entry import CreditEntry
from models.credit_lot import CreditLot
from models.subscriber import Subscriber

_ENDS = {"deduction": "spent", "expiry": "expiry", "reset": "reset", "clawback": "clawback", "adjustment": "adjustment"}
"""Kind of entry -> why a lot of which nothing is left has ended."""


def account_of(unit: UnitOfWork, subscriber_ref: str) -> CreditAccount:
    """The subscriber's account, he and it locked; what has expired by now is voided first, so that the balance can be spent."""
    unit.row(Subscriber, OWN_SOURCE, subscriber_ref)
    account, new = own_row(unit, CreditAccount, OWN_SOURCE, subscriber_ref)
    if new:
        account.balance, account.entries, account.open_lots, account.warned = 0, 0, [], []
    for lot in open_lots(unit, account):
        if lot.expires_at is not None and lot.expires_at <= unit.now:
            expire_lot(unit, account, lot)
    return account


def open_lots(unit: UnitOfWork, account: CreditAccount) -> list[CreditLot]:
    """His active lots, locked."""
    refs = account.open_lots or []
    unit.load((CreditLot.NAME, OWN_SOURCE, ref) for ref in refs)
    return [unit.row(CreditLot, OWN_SOURCE, ref) for ref in refs]


def spendable(lots: Iterable[CreditLot]) -> list[Left]:
    """Lots as the rules know them."""
    return [Left(lot.external_id, lot.remaining or 0, lot.expires_at, lot.granted_at or lot.created_at) for lot in lots]


def expire_lot(unit: UnitOfWork, account: CreditAccount, lot: CreditLot) -> None:
    """Void what is left of it (CRED-5)."""
    change_lot(unit, account, lot, -(lot.remaining or 0), kind="expiry", fact=lot.external_id)


def change_lot(
    unit: UnitOfWork, account: CreditAccount, lot: CreditLot, amount: int, *, kind: str, fact: str, reason: str | None = None
) -> None:
    """Add to or take from a locked lot, and write that down; 0 changes nothing.

    Args:
        unit: the transaction.
        account: the subscriber's.
        lot: one of his.
        amount: signed, in credits.
        kind: one of the ledger's kinds.
        fact: what caused it; the same fact and kind change a lot once.
        reason: why, of an adjustment.

    Raises:
        ValueError: nobody's rule allows it: more than is left, or more than was granted; the unit is rolled back.
    """
    if not amount:
        return
    left, balance = (lot.remaining or 0) + amount, (account.balance or 0) + amount
    if not 0 <= left <= (lot.amount or 0) or balance < 0:
        raise ValueError(f"credit lot {lot.external_id} would have {left} of {lot.amount} left; no credits were moved")
    lot.remaining, lot.updated_at = left, max(lot.updated_at, unit.now)
    account.balance, account.entries, account.updated_at = balance, (account.entries or 0) + 1, max(account.updated_at, unit.now)
    unit.add(CreditEntry(
        id=new_id(unit.now), subscriber_ref=account.external_id, seq=account.entries, at=unit.now, fact=fact, kind=kind,
        lot_ref=lot.external_id, pool=lot.pool, origin=lot.origin, amount=amount, balance_after=balance, expires_at=lot.expires_at,
        reason=reason, actor=unit.actor,
    ))  # fmt: skip
    _move(unit, account, lot, kind)
    announce_entitlements(unit, account.external_id)


def _move(unit: UnitOfWork, account: CreditAccount, lot: CreditLot, kind: str) -> None:
    before = lot.status
    because = None if lot.remaining else _ENDS[kind]
    after = "active" if because is None else "used" if because == "spent" else "expired"
    if before == after:
        return
    lot.status, lot.ended_because = after, because
    lot.ended_at = None if because is None else unit.now
    others = [ref for ref in account.open_lots or [] if ref != lot.external_id]
    account.open_lots = [*others, lot.external_id] if after == "active" else others
    move_status(unit, lot, CREDIT_LOT, before, after, {"pool": lot.pool, "remaining": lot.remaining, "because": because or kind})
