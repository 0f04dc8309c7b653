"""What the mails to customers and payees about their money and plans need to know: entries of the catalogue, apart from it by reader."""

from __future__ import annotations

from dataclasses import dataclass

from emails.values import Amount, Day, Moment


@dataclass(frozen=True, slots=True)
class PaymentFailed:
    """A payment that the payer's bank or card refused. `reason` is in the provider's words."""

    amount: Amount
    about: str
    """What it was for: a description, an invoice's number, or the app's reference."""
    reason: str | None


@dataclass(frozen=True, slots=True)
class RefundProcessed:
    """Money that goes back to its payer. `note` is for him."""

    amount: Amount
    reference: str
    whole: bool
    note: str | None


@dataclass(frozen=True, slots=True)
class PayoutCompleted:
    """A payout that arrived."""

    amount: Amount
    payout: str
    arrival_on: Day | None


@dataclass(frozen=True, slots=True)
class PayoutFailed:
    """A payout that came back. The provider's reason, where it gave one, and its code."""

    amount: Amount
    payout: str
    reason: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class InvoiceTold:
    """One of our own invoices that waits to be paid; `until`: when it ends."""

    amount: Amount
    about: str
    invoice: str
    until: Moment


@dataclass(frozen=True, slots=True)
class PaperTold:
    """A legal document that goes along as an attachment: an invoice, a receipt, a credit note."""

    number: str
    """As printed on it."""
    amount: Amount
    about: str
    issued_on: Day
    due_on: Day | None = None
    """By when it is to be paid; None: it is paid, or nothing is."""
    paid_with: str | None = None
    """The method, such as `visa 4242`."""
    corrects: str | None = None
    """Of a credit note: the number of the invoice that it corrects."""


@dataclass(frozen=True, slots=True)
class CreditsLow:
    """Few credits are left: `balance` of `full`, which is `percent` of it or less."""

    balance: int
    full: int
    percent: int


@dataclass(frozen=True, slots=True)
class UsageAlert:
    """So much of a limit is used in this period; `percent` is the threshold that was reached."""

    meter: str
    used: int
    limit: int
    percent: int
    until: Moment | None
    """When the period ends."""


@dataclass(frozen=True, slots=True)
class SubscriptionTold:
    """A subscription that runs, has changed or has ended."""

    plan: str
    quantity: int
    until: Day | None
    """The day (UTC) on which the running period ends, where it is known."""


@dataclass(frozen=True, slots=True)
class PriceChanges:
    """A period will cost another amount, `before` and `after` per period."""

    product: str
    before: Amount
    after: Amount
    changes_on: Day
    approve: bool
    """Whether a provider bills it and the payer has to agree there."""


@dataclass(frozen=True, slots=True)
class PriceLockEnds:
    """A price that was kept for the subscriber ends: `price` per seat and period."""

    product: str
    price: Amount
    ends_on: Day


@dataclass(frozen=True, slots=True)
class LinkTold:
    """A mail that lives by its link, which is good once and until `until`."""

    link: str
    until: Moment | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """Somebody has registered. `link`, if any: where he begins."""

    link: str | None = None
