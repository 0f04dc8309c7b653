"""Commands about invoices: those that Bursar itself issues, and where a provider shows its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from bursar_client.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelInvoice(Command):
    """A customer gives up what he ordered and has not paid: his invoice for a package of credits becomes void.

    Result: `invoice` (Bursar's id), `reference`, `status`, `total_minor`, `currency`.
    Rejected as `unknown_invoice`, `not_cancellable` or `payment_under_way`.
    """

    NAME: ClassVar[str] = "billing.invoices.cancel_by_customer.v1"
    QUEUE: ClassVar[str] = "payments"

    subscriber_ref: str
    """The app's own id of the customer."""
    invoice_ref: str
    """The invoice's reference."""
    reason: str | None = None
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidInvoices(Command):
    """Voids invoices that should never have been; what is final stays.

    Result: `voided` (how many), `kept` (references of those that were final already).
    Rejected as `unknown_invoice` when one of them does not exist; then none is voided.
    """

    NAME: ClassVar[str] = "billing.invoices.bulk_void.v1"
    QUEUE: ClassVar[str] = "payments"

    invoice_refs: tuple[str, ...]
    """1 to 1000 references."""
    reason: str
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateInvoice(Command):
    """Writes an invoice by hand. Its customer pays it by checkout or bank transfer with the purpose `invoice`.

    Result: `invoice` (Bursar's id), `reference`, `status`, `total_minor`, `currency`.
    Rejected as `unknown_subscriber`, `reference_used`, `mixed_tax`, `no_tax_rate`.
    """

    NAME: ClassVar[str] = "billing.invoices.create_custom.v1"
    QUEUE: ClassVar[str] = "payments"

    reference: str
    """The app's own name for it: 1 to 80 letters, digits and `. _ : / -`."""
    subscriber_ref: str
    """Who owes it."""
    currency: str
    """ISO 4217, upper case."""
    lines: tuple[dict[str, str | int], ...]
    """1 to 50 objects of `description`, `amount_minor` (negative where it lowers the total) and, if wanted, `quantity`;
    for tax `supply` (`service`, or `goods`) and `tax_kind` (`standard`, or `reduced`, ...)."""
    reason: str
    """Why, for the audit."""
    due_days: int = 14
    """Days until it is due, 0 to 365."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkInvoice(Command):
    """Asks a provider for the link to the PDF of an invoice that it bills; links end, so ask afresh each time.

    Result: `request` (Bursar's id of the wish), `source`, `invoice_ref`. The outcome's `url` is the PDF, once its status is `told`
    (`asked`, `none`, `ended`). Rejected as `unknown_invoice`.
    """

    NAME: ClassVar[str] = "billing.invoices.pdf_link.v1"
    QUEUE: ClassVar[str] = "payments"

    source: Literal["stripe"]
    """The provider that bills it."""
    invoice_ref: str
    """The provider's id of it, such as `in_...`."""


TYPED: tuple[type[Command], ...] = (CancelInvoice, VoidInvoices, CreateInvoice, LinkInvoice)
