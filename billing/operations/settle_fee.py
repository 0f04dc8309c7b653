"""Settles a fee that was not taken as agreed: the payee owes it, or it is booked as given up (RECON-2, RECON-8)."""

from __future__ import annotations

from billing.operations.book import book
from billing.operations.owe import owe
from billing.operations.payee_of import payee_of
from billing.operations.repair_wish import Wish, not_here
from billing.operations.unit import UnitOfWork
from billing.rules import bookings
from billing.rules.commands.base import Rejected
from billing.rules.journal import booked_legs
from models.charge import Charge
from models.finding import Finding


def owe_fee(unit: UnitOfWork, finding: Finding, wish: Wish) -> str:
    """The payee owes what was not taken: it is earned, kept out of his payouts, and netted from his next shares.

    Raises:
        Rejected: `cannot_repair`; too much was taken, or no payee is known.
    """
    account = (finding.detail or {}).get("destination") or finding.account_ref
    if account is not None:
        payee_of(unit, finding.source, account)  # locked before the charge
    charge, leak = _leak(unit, finding)
    if leak < 0:
        raise Rejected("cannot_repair", f"{-leak} more was taken than agreed: nobody owes that to us", {"current": "taken_too_much"})
    if account is None:
        raise Rejected("cannot_repair", "nobody shared in this charge, so nobody owes its fee", {"current": "no_payee"})
    key = f"fee_claim:{charge.source}:{charge.external_id}:{charge.fee_settled_minor or 0}"
    currency = charge.currency or ""
    owe(unit, charge.source, account, key=key, currency=currency, amount_minor=leak, why=wish.reason)
    book(unit, charge, "fee_claim", (*booked_legs(charge.booked, "fee_claim"), *bookings.fee_claim(charge.source, leak, currency)))
    return _settled(unit, charge, leak, wish)


def book_fee(unit: UnitOfWork, finding: Finding, wish: Wish) -> str:
    """It is given up: earned as agreed, and lost as leakage; too much is leakage the other way round.

    Raises:
        Rejected: `cannot_repair`.
    """
    charge, leak = _leak(unit, finding)
    wanted = (*booked_legs(charge.booked, "fee_leakage"), *bookings.fee_leakage(charge.source, leak, charge.currency or ""))
    book(unit, charge, "fee_leakage", wanted)
    return _settled(unit, charge, leak, wish)


def _leak(unit: UnitOfWork, finding: Finding) -> tuple[Charge, int]:
    """The charge, and what was agreed on less what was taken; below zero: more was taken."""
    charge = unit.row(Charge, finding.source, finding.object_ref or "")
    if charge.incomplete or charge.currency is None:
        raise not_here(finding)
    return charge, (finding.ours_minor or 0) - (finding.theirs_minor or 0)


def _settled(unit: UnitOfWork, charge: Charge, leak: int, wish: Wish) -> str:
    before = charge.fee_settled_minor
    charge.fee_settled_minor = (before or 0) + leak
    charge.updated_at = max(charge.updated_at, unit.now)
    about = {"fee_settled_minor": charge.fee_settled_minor, "how": wish.how, "currency": charge.currency, "reason": wish.reason}
    unit.audit("charge.fee_settled", Charge.NAME, charge.id, before={"fee_settled_minor": before}, after=about)
    return f"{Charge.NAME}:{charge.external_id}"
