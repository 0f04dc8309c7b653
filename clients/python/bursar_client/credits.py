"""Commands about credits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bursar_client.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendCredits(Command):
    """Spends credits on an operation: soonest to expire first, all or nothing. The same reference again spends nothing more.

    Result: `reference`, `spent`, `balance`, `low_percent`.
    Rejected as `insufficient_credits`, `reference_used`.
    """

    NAME: ClassVar[str] = "billing.credits.spend.v1"
    QUEUE: ClassVar[str] = "payments"

    subscriber_ref: str
    """The app's own id of the customer."""
    reference: str
    """The app's own name of the operation: 1 to 80 letters, digits and `. _ : / -`."""
    amount: int
    """Credits, 1 to 1000000000."""
    site: str
    """Where it was done, for the log: one line."""
    operation: str
    """What was done: one line."""
    model: str | None = None
    """With which model, if any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveBackCredits(Command):
    """The operation failed: its credits go back to where they came from, once. What would have expired meanwhile stays gone.

    Result: `reference`, `spent`, `balance`, `low_percent`.
    Rejected as `unknown_operation`.
    """

    NAME: ClassVar[str] = "billing.credits.give_back.v1"
    QUEUE: ClassVar[str] = "payments"

    subscriber_ref: str
    """The app's own id of the customer."""
    reference: str
    """The operation's reference."""
    reason: str | None = None
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantCredits(Command):
    """Grants bonus credits, once per reference.

    Result: `subscriber_ref`, `balance`, `amount`.
    Rejected as `reference_used`.
    """

    NAME: ClassVar[str] = "billing.credits.grant.v1"
    QUEUE: ClassVar[str] = "payments"

    subscriber_ref: str
    """The app's own id of the customer."""
    reference: str
    """The app's own name of the grant: 1 to 80 letters, digits and `. _ : / -`."""
    amount: int
    """Credits, 1 to 1000000000."""
    reason: str
    """What for."""
    valid_months: int | None = None
    """Calendar months of validity, 1 to 120; null: as set, one by default."""
    never_expires: bool = False
    """Valid for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustCredits(Command):
    """A person sets right what a customer has: with a reason and in his own name, once per reference. Never below zero.

    Result: `subscriber_ref`, `balance`, `amount`.
    Rejected as `reference_used`, `insufficient_credits`.
    """

    NAME: ClassVar[str] = "billing.credits.adjust.v1"
    QUEUE: ClassVar[str] = "payments"

    subscriber_ref: str
    """The app's own id of the customer."""
    reference: str
    """A name of this adjustment: 1 to 80 letters, digits and `. _ : / -`."""
    amount: int
    """Credits to add or, below 0, to take, soonest to expire first; at most 1000000000 either way, not 0."""
    reason: str
    """Why; it stands in the ledger."""
    valid_months: int | None = None
    """Of what is added: calendar months of validity; null: as set, one by default."""
    never_expires: bool = False
    """Of what is added: valid for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyPackage(Command):
    """Orders a package of credits: an invoice that is void after 48 hours if nobody pays it. It changes nothing of the account.

    Result: `invoice`, `reference`, `status`, `credits`, `total_minor`, `currency`, `expires_at`.
    Rejected as `unknown_subscriber`, `unknown_product`, `no_price`, `reference_used`.
    """

    NAME: ClassVar[str] = "billing.credits.buy.v1"
    QUEUE: ClassVar[str] = "payments"

    subscriber_ref: str
    """The app's own id of the customer."""
    reference: str
    """The app's own name of the order, and the invoice's reference: 1 to 80 letters, digits and `. _ : / -`."""
    product: str
    """The package."""
    currency: str
    """ISO 4217, upper case."""
    collect: bool = False
    """Charge the stored method at once, if there is one; else the customer pays by checkout or bank transfer with the purpose `invoice`."""


TYPED: tuple[type[Command], ...] = (SpendCredits, GiveBackCredits, GrantCredits, AdjustCredits, BuyPackage)
