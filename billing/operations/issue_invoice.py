"""Makes an invoice of our own: what is owed, by whom, for what, written down before anybody is asked for money (INV-1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from billing.operations.issue_document import issue_when
from billing.operations.move_own import move_own
from billing.operations.own_row import own_row
from billing.operations.product_tax import know_products
from billing.operations.settle_invoice import settle_invoice
from billing.operations.tax_invoice import tax_invoice
from billing.operations.unit import UnitOfWork
from billing.rules.tax.sold_as import SERVICE, SoldAs
from models.base import OWN_SOURCE
from models.invoice import Invoice

InvoiceType = Literal["subscription", "credit_package", "custom", "event", "course", "proration"]


@dataclass(slots=True, kw_only=True)  # frozen would double what one costs, and a run makes a hundred thousand
class Line:
    """One line: a whole amount in minor units of the invoice's currency, negative where it lowers the total."""

    amount_minor: int
    description: str
    quantity: int = 1
    price_ref: str | None = None
    product_ref: str | None = None
    subscription_ref: str | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None
    proration: bool = False
    sold_as: SoldAs | None = None
    """What tax takes it for; None: as its product, or else the invoice's, is sold."""

    def as_json(self, number: int, currency: str) -> dict[str, Any]:
        """As `bursar.invoice_line` reads it."""
        taxed = {"sold_as": self.sold_as.as_json()} if self.sold_as not in (None, SERVICE) else {}
        return taxed | {
            "id": str(number), "amount_minor": self.amount_minor, "currency": currency, "quantity": self.quantity,
            "description": self.description, "proration": self.proration, "price_ref": self.price_ref, "product_ref": self.product_ref,
            "subscription_ref": self.subscription_ref,
            "period_start": self.period_start.isoformat() if self.period_start else None,
            "period_end": self.period_end.isoformat() if self.period_end else None,
        }  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Draft:
    """What is to be invoiced. `reference` is the invoice's own, and asking again with the same one finds the same invoice."""

    reference: str
    invoice_type: InvoiceType
    subscriber_ref: str
    currency: str
    lines: Sequence[Line]
    billing_reason: str
    """`create`, `cycle`, `change`, `package` or `manual`: CRED-12 grants only for the first two."""
    due_at: datetime
    collection: Literal["automatic", "manual"] = "automatic"
    discount_minor: int = 0
    subscription_ref: str | None = None
    product_ref: str | None = None
    package_credits: int | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None
    expires_at: datetime | None = None
    reason: str | None = None
    metadata: Mapping[str, Any] | None = None


def issue_invoice(unit: UnitOfWork, draft: Draft) -> Invoice:
    """The invoice, pending; paid at once where nothing is owed. The same reference again is the same invoice, unchanged.

    The subscriber is to be locked before. Lines and discount sum to the total, which is never below zero; where prices are without
    tax, tax comes on top. Its legal paper is issued with it, if this is the moment for its type (INV-8).

    Raises:
        NoRateError: prices are without tax, and the tax is not known.
        ValueError: the lines and the discount come to less than zero: what lowers it is a credit, not an invoice.
    """
    row, new = own_row(unit, Invoice, OWN_SOURCE, draft.reference)
    if not new:
        return row
    subtotal = sum(line.amount_minor for line in draft.lines)
    total = subtotal - draft.discount_minor
    if total < 0 or draft.discount_minor < 0:
        raise ValueError(f"invoice {draft.reference} would come to {total} {draft.currency}: give a credit instead")
    row.invoice_type, row.subscriber_ref, row.currency = draft.invoice_type, draft.subscriber_ref, draft.currency
    row.lines = [line.as_json(number, draft.currency) for number, line in enumerate(_sold(unit, draft), 1)]
    row.subtotal_minor, row.discount_minor, row.tax_minor, row.total_minor = subtotal, draft.discount_minor, 0, total
    row.amount_due_minor = row.amount_remaining_minor = total
    row.amount_paid_minor = row.credit_applied_minor = row.attempt_count = 0
    row.billing_reason, row.collection_method, row.due_at = draft.billing_reason, draft.collection, draft.due_at
    row.subscription_ref, row.product_ref, row.package_credits = draft.subscription_ref, draft.product_ref, draft.package_credits
    row.period_start, row.period_end, row.expires_at = draft.period_start, draft.period_end, draft.expires_at
    row.metadata_ = dict(draft.metadata) if draft.metadata else None
    row.reason, row.actor, row.finalized_at = draft.reason, unit.actor, unit.now
    tax_invoice(unit, row, unit.now)
    move_own(unit, row, "pending", type=row.invoice_type, total_minor=row.total_minor, currency=row.currency)
    issue_when(unit, row, "issued")
    if total == 0:
        settle_invoice(unit, row, paid_minor=0, because="nothing_owed")
    return row


def _sold(unit: UnitOfWork, draft: Draft) -> list[Line]:
    """Its lines, each with what tax takes it for: what products become later changes nothing of it (TAX-5)."""
    refs = [line.product_ref or draft.product_ref for line in draft.lines]
    known = know_products(unit, filter(None, refs))
    return [
        replace(line, sold_as=known[ref]) if line.sold_as is None and ref and known[ref] != SERVICE else line
        for line, ref in zip(draft.lines, refs, strict=True)
    ]
