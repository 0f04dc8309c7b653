"""The chart of accounts: every account that a journal leg may name, in one table.

Accounts mirror the buckets in which a provider holds money, per currency and connected account, so that their balances can
be laid beside the provider's own. A leg's account is `<provider>:<name>` for ours and `<provider>:<owner>:<name>` for a
connected account's. Balances are sums of legs; none is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal
from urllib.parse import quote, unquote

Class = Literal["asset", "liability", "income", "expense", "clearing"]
Side = Literal["debit", "credit"]
Scope = Literal["platform", "account", "both"]


@dataclass(frozen=True, slots=True)
class Account:
    """One line of the chart.

    `normal` is the side on which it grows. `strict`: a balance on the other side is impossible while the books are right,
    and `check_invariants` says so; where it is False, the other side has a meaning (a negative balance at the provider).
    `scope`: whose it is, the platform's, a connected account's, or each has one.
    """

    name: str
    kind: Class
    normal: Side
    strict: bool
    scope: Scope
    why: str


CHART: tuple[Account, ...] = (
    Account("balance", "asset", "debit", False, "both", "what the provider holds of it, available and pending"),
    Account("reserve", "asset", "debit", False, "both", "what the provider keeps back as a reserve"),
    Account("in_transit", "asset", "debit", False, "both", "payouts on their way to a bank, card or wallet"),
    Account(
        "bank", "asset", "debit", False, "platform", "our own bank account, as far as payouts and bank transfers tell"
    ),
    Account("disputes_held", "asset", "debit", True, "both", "withdrawn for a dispute that is not lost"),
    Account(
        "receivable",
        "asset",
        "debit",
        True,
        "account",
        "what a payee owes us: its part of refunds, not taken back (REFUND-4)",
    ),
    Account(
        "customer_receivable",
        "asset",
        "debit",
        True,
        "platform",
        "what customers owe from amounts too small to charge (PAY-17)",
    ),
    Account(
        "payable",
        "liability",
        "credit",
        False,
        "account",
        "what a payee has coming: its balance and what is in transit",
    ),
    Account(
        "unapplied",
        "liability",
        "credit",
        True,
        "platform",
        "payers' money that pays for nothing yet: taken in without a request and kept (RECON-8)",
    ),
    Account("sales", "income", "credit", True, "platform", "what customers paid, before refunds; booked when paid"),
    Account("application_fees", "income", "credit", True, "platform", "our share of connected accounts' charges"),
    Account("refunds", "income", "debit", True, "platform", "what was given back to payers; lessens sales"),
    Account("application_fee_refunds", "income", "debit", True, "platform", "what was given back of our share"),
    Account("payee_share", "expense", "debit", False, "platform", "what was passed on to payees"),
    Account(
        "processor_fees",
        "expense",
        "debit",
        False,
        "platform",
        "what providers take for their work, tax on it included",
    ),
    Account("dispute_fees", "expense", "debit", False, "platform", "what providers take for disputes"),
    Account("disputes_lost", "expense", "debit", False, "platform", "disputed money that stays with the payer"),
    Account("write_offs", "expense", "debit", False, "platform", "receivables that were given up"),
    Account(
        "fee_leakage", "expense", "debit", False, "platform", "our share that was agreed on and not taken, and given up"
    ),
    Account(
        "losses",
        "expense",
        "debit",
        False,
        "platform",
        "booked here, and the provider says that it has no such thing",
    ),
    Account("fx", "clearing", "debit", False, "both", "conversions: what left one currency and came in another"),
    Account("suspense", "clearing", "debit", False, "both", "moved at the provider, and nobody has said why yet"),
)

BY_NAME: Mapping[str, Account] = {account.name: account for account in CHART}


def code(provider: str, owner: str | None, name: str) -> str:
    """The account's code.

    Args:
        provider: whose system holds or moved the money: `stripe`, `paypal`, `manual`.
        owner: the connected account, None for the platform.
        name: a name of `CHART`.

    Raises:
        ValueError: the chart has no such account for such an owner.
    """
    account = BY_NAME.get(name)
    if account is None:
        raise ValueError(f"the chart of accounts has no {name!r}")
    if account.scope == ("platform" if owner else "account"):
        raise ValueError(f"the chart has {name!r} for the {account.scope} only, not for {owner or 'the platform'}")
    # A payee's id may be anything; a colon in it would divide the code in a wrong place.
    return f"{provider}:{quote(owner, safe='@')}:{name}" if owner else f"{provider}:{name}"


@dataclass(frozen=True, slots=True)
class Named:
    """What a code says: whose account it is, and its line in the chart."""

    provider: str
    owner: str | None
    account: Account


@cache
def read(account_code: str) -> Named:
    """Take a code apart.

    Raises:
        ValueError: it is no code of this chart.
    """
    parts = account_code.split(":")
    if len(parts) not in (2, 3) or parts[-1] not in BY_NAME:
        raise ValueError(f"{account_code!r} is no account of the chart")
    return Named(parts[0], unquote(parts[1]) if len(parts) == 3 else None, BY_NAME[parts[-1]])
