"""The commands that this client has classes for, one for each of Bursar's contracts (contracts/*.schema.json).

A test of Bursar's compares each class with its contract. A name that is not here can be sent as a `RawCommand`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from bursar_client import (
    access,
    bank_transfers,
    catalogue,
    disputes,
    documents,
    dunning,
    invoices,
    mails,
    organisations,
    payments,
    payouts,
    prices,
    promo,
    recon,
    refunds,
    subscriptions,
    tax,
    usage,
)
from bursar_client import credits as credit_commands
from bursar_client.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCustomer(Command):
    """Says whose account at a provider this is: the provider's customer is the app's customer `external_ref`.

    Result: `customer` (Bursar's id), `external_ref`, `previous` (what it was linked with before, or null).
    Rejected as `linked_to_another` when it is linked with another id of the app and `move` is not true.
    """

    NAME: ClassVar[str] = "billing.customer.link.v1"
    QUEUE: ClassVar[str] = "payments"

    source: Literal["stripe", "paypal"]
    """The provider."""
    customer_ref: str
    """The provider's id of the customer, such as `cus_...`. It need not be known yet."""
    external_ref: str
    """The app's own id of the customer. One may have several customers at providers."""
    move: bool = False
    """Whether a link with another id of the app may be replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTransfer(Command):
    """A customer says that a bank transfer is on its way; it is `processing` until one of Bursar's operators confirms it.

    Result: `payment` (Bursar's id), `status`.
    Rejected as `amount_out_of_bounds`, or as `reported_otherwise` when the reference is known with another amount.
    """

    NAME: ClassVar[str] = "billing.bank_transfer.report.v1"
    QUEUE: ClassVar[str] = "payments"

    reference: str
    """What stands in the transfer, given out by the app: 1 to 120 visible ASCII characters without blanks."""
    amount_minor: int
    """In minor units of `currency`."""
    currency: str
    """ISO 4217, upper case."""
    pays: str | None = None
    """What it pays for, such as an invoice's number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshObject(Command):
    """Asks the provider for an object again, and mirrors what it says now: for when the app doubts what it sees.

    Result: `source`, `kind`, `object_ref`; the answer itself comes later.
    Rejected as `kind_not_mirrored` when Bursar looks up no object of that kind there.
    """

    NAME: ClassVar[str] = "billing.object.refresh.v1"
    QUEUE: ClassVar[str] = "payments"

    source: Literal["stripe", "paypal"]
    """The provider."""
    kind: str
    """The provider's word for the kind of object: `customer`, `invoice`, `subscription`, `capture`, ..."""
    object_ref: str
    """The provider's id of the object."""
    account: str | None = None
    """Stripe only: the connected account that the object belongs to."""


TYPED: tuple[type[Command], ...] = (
    LinkCustomer,
    ReportTransfer,
    RefreshObject,
    *access.TYPED,
    *payouts.TYPED,
    *payments.TYPED,
    *prices.TYPED,
    *promo.TYPED,
    *recon.TYPED,
    *bank_transfers.TYPED,
    *catalogue.TYPED,
    *credit_commands.TYPED,
    *disputes.TYPED,
    *documents.TYPED,
    *dunning.TYPED,
    *invoices.TYPED,
    *mails.TYPED,
    *organisations.TYPED,
    *refunds.TYPED,
    *subscriptions.TYPED,
    *tax.TYPED,
    *usage.TYPED,
)
"""All of them."""

NAMES: frozenset[str] = frozenset(kind.NAME for kind in TYPED)
"""Their names."""
