"""How much of an account's balance may be paid out: what the provider has, less what is promised, held or owed (PAYOUT-1, 3, 4).

A pure function of what is known. The provider refuses what it does not have; these rules see to it that we never ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from billing.rules.money import PAYOUT_WHOLE_UNITS, exponent

Outcome = Literal["pay", "nothing", "negative", "held", "below_minimum", "insufficient"]
HoldReason = Literal["dispute", "negative_balance", "open_refunds", "operator"]
HOLD_REASONS: tuple[HoldReason, ...] = ("dispute", "negative_balance", "open_refunds", "operator")

Holds = Mapping[str, Mapping[str, Any]]
"""Hold's key -> {"reason", "currency": str or None for all, "amount_minor": int or None for the whole}."""


@dataclass(frozen=True, slots=True)
class Funds:
    """What is known of one currency of an account, in minor units."""

    available_minor: int
    pending_minor: int = 0
    promised_minor: int = 0
    """Payouts that were asked for and that the provider's balance may not show yet."""
    owed_minor: int = 0
    """Receivables: what the account owes the platform, taken back before anything is paid out (REFUND-4)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done. `amount_minor` is what may be paid out; `netted_minor` is to be taken back first."""

    outcome: Outcome
    amount_minor: int = 0
    netted_minor: int = 0
    limit_minor: int = 0
    """What the amount was measured against: the minimum, the free balance, or what is held."""


def held_minor(holds: Holds, currency: str) -> int | None:
    """How much of a currency is held: a sum, or None for the whole."""
    concerned = [hold for hold in holds.values() if hold["currency"] in (None, currency)]
    if any(hold["amount_minor"] is None for hold in concerned):
        return None
    total: int = sum(hold["amount_minor"] for hold in concerned)
    return total


def decide(source: str, currency: str, funds: Funds, holds: Holds, *, minimum_minor: int, asked_minor: int | None = None) -> Decision:
    """Whether and how much to pay out.

    Args:
        source: the provider; some pay certain currencies out in whole units only.
        currency: ISO 4217.
        funds: what is known.
        holds: the account's open holds.
        minimum_minor: the account's or the platform's smallest payout of this currency (PAYOUT-3).
        asked_minor: a wanted amount; None: all that there is.

    Returns:
        The decision. A balance below zero, counting what is pending, pays nothing and takes nothing back (PAYOUT-4).
    """
    if funds.available_minor < 0 or funds.available_minor + funds.pending_minor < 0:
        return Decision("negative", limit_minor=min(funds.available_minor, funds.available_minor + funds.pending_minor))
    held = held_minor(holds, currency)
    if held is None:
        return Decision("held", limit_minor=funds.available_minor)
    netted = min(funds.owed_minor, max(0, funds.available_minor - funds.promised_minor))
    before_holds = max(0, funds.available_minor - funds.promised_minor - netted)
    free = _whole(source, currency, max(0, before_holds - held))
    if asked_minor is not None and asked_minor > free:
        blocked: Outcome = "held" if asked_minor <= before_holds else "insufficient"
        return Decision(blocked, netted_minor=netted, limit_minor=free)
    amount = free if asked_minor is None else asked_minor
    if amount <= 0:
        return Decision("held" if held and before_holds else "nothing", netted_minor=netted)
    if amount < minimum_minor:
        return Decision("below_minimum", netted_minor=netted, limit_minor=minimum_minor)
    return Decision("pay", amount_minor=amount, netted_minor=netted, limit_minor=free)


def payable_in_whole_units(source: str, currency: str, amount_minor: int) -> bool:
    """Whether the provider can pay out exactly this amount."""
    return _whole(source, currency, amount_minor) == amount_minor


def _whole(source: str, currency: str, amount_minor: int) -> int:
    """The amount, cut down to what the provider can pay out in this currency."""
    if currency not in PAYOUT_WHOLE_UNITS.get(source, ()):
        return amount_minor
    unit: int = 10 ** exponent(currency)
    return amount_minor // unit * unit
