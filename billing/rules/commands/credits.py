"""Commands about credits: buy, spend, give back, grant, adjust (CRED-1 to CRED-11)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from billing.rules.commands.base import Command, line
from billing.rules.commands.payments import amount, reference

OWN = "bursar"
MOST_CREDITS = 1_000_000_000
MOST_MONTHS = 120
_USED = "the reference is known with another customer or amount (`details.current`)"


def credits_given(value: int, name: str = "amount") -> None:
    """Raises ValueError for what is no number of credits."""
    if not 0 < value <= MOST_CREDITS:
        raise ValueError(f"{name} must be 1 to {MOST_CREDITS}")


def _validity(months: int | None, *, never: bool) -> None:
    if months is not None and not 0 < months <= MOST_MONTHS:
        raise ValueError(f"valid_months must be 1 to {MOST_MONTHS}")
    if months is not None and never:
        raise ValueError("valid_months and never_expires exclude each other")


def _account(subscriber_ref: str) -> Iterator[tuple[str, str, str]]:
    yield "subscriber", OWN, subscriber_ref
    yield "credit_account", OWN, subscriber_ref


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditsTold:
    """What the customer has now."""

    subscriber_ref: str
    """The app's own id of the customer."""
    balance: int
    """Credits that he can spend."""
    amount: int
    """What the command added or, below 0, took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendTold:
    """What was spent."""

    reference: str
    """The operation's reference."""
    spent: int
    """Credits that it cost, less what was given back."""
    balance: int
    """What the customer has left now."""
    low_percent: int | None
    """The lowest threshold, in percent, of which he was told that he has reached it; null: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendCredits(Command):
    """Spends credits on an operation: soonest to expire first, all or nothing. The same reference again spends nothing more."""

    NAME: ClassVar[str] = "billing.credits.spend.v1"
    RESULT: ClassVar[type] = SpendTold
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "insufficient_credits": "the operation costs `details.current`, and there are `details.limit`",
        "reference_used": "the reference is another operation's (`details.current`)",
    }

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

    def __post_init__(self) -> None:
        line(self.subscriber_ref, "subscriber_ref")
        reference(self.reference)
        credits_given(self.amount)
        for name in ("site", "operation", "model"):
            if getattr(self, name) is not None:
                line(getattr(self, name), name)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Subscriber, account, the operation."""
        yield from _account(self.subscriber_ref)
        yield "credit_spend", OWN, self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveBackCredits(Command):
    """The operation failed: its credits go back to where they came from, once. What would have expired meanwhile stays gone."""

    NAME: ClassVar[str] = "billing.credits.give_back.v1"
    RESULT: ClassVar[type] = SpendTold
    REFUSALS: ClassVar[Mapping[str, str]] = {"unknown_operation": "this customer spent nothing under this reference"}

    subscriber_ref: str
    """The app's own id of the customer."""
    reference: str
    """The operation's reference."""
    reason: str | None = None
    """Why, for the audit."""

    def __post_init__(self) -> None:
        line(self.subscriber_ref, "subscriber_ref")
        reference(self.reference)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Subscriber, account, the operation."""
        yield from _account(self.subscriber_ref)
        yield "credit_spend", OWN, self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantCredits(Command):
    """Grants bonus credits, once per reference."""

    NAME: ClassVar[str] = "billing.credits.grant.v1"
    RESULT: ClassVar[type] = CreditsTold
    REFUSALS: ClassVar[Mapping[str, str]] = {"reference_used": _USED}

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

    def __post_init__(self) -> None:
        line(self.subscriber_ref, "subscriber_ref")
        reference(self.reference)
        credits_given(self.amount)
        line(self.reason, "reason")
        _validity(self.valid_months, never=self.never_expires)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Subscriber, account, the lot."""
        yield from _account(self.subscriber_ref)
        yield "credit_lot", OWN, f"bonus:{self.reference}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustCredits(Command):
    """A person sets right what a customer has: with a reason and in his own name, once per reference. Never below zero."""

    NAME: ClassVar[str] = "billing.credits.adjust.v1"
    RESULT: ClassVar[type] = CreditsTold
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "reference_used": _USED,
        "insufficient_credits": "`details.current` are to be taken, and there are `details.limit`",
    }

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

    def __post_init__(self) -> None:
        line(self.subscriber_ref, "subscriber_ref")
        reference(self.reference)
        credits_given(abs(self.amount))
        line(self.reason, "reason")
        _validity(self.valid_months, never=self.never_expires)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Subscriber, account, the lot."""
        yield from _account(self.subscriber_ref)
        if self.amount > 0:
            yield "credit_lot", OWN, f"adjustment:{self.reference}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageTold:
    """How the order stands."""

    invoice: str
    """Bursar's public id of the invoice."""
    reference: str
    """Its reference: what a payment with the purpose `invoice` names."""
    status: str
    """The invoice's: `pending` until it is paid; with `paid` the credits are there."""
    credits: int
    """What it grants once it is paid."""
    total_minor: int
    """What it costs, in minor units of `currency`."""
    currency: str
    """ISO 4217."""
    expires_at: str
    """When it is void if nobody pays it, ISO 8601."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyPackage(Command):
    """Orders a package of credits: an invoice that is void after 48 hours if nobody pays it. It changes nothing of the account."""

    NAME: ClassVar[str] = "billing.credits.buy.v1"
    RESULT: ClassVar[type] = PackageTold
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "unknown_subscriber": "no subscriber was defined under this reference",
        "unknown_product": "there is no package of this name, it grants nothing, or it is offered no more",
        "no_price": "the package has no price in this currency now",
        "reference_used": "the reference is another invoice's",
    }

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

    def __post_init__(self) -> None:
        line(self.subscriber_ref, "subscriber_ref")
        reference(self.reference)
        reference(self.product, "product")
        amount(1, self.currency)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Subscriber and invoice."""
        yield "subscriber", OWN, self.subscriber_ref
        yield "invoice", OWN, self.reference
