"""An issued invoice or credit note, whole: what is frozen, printed, written as UBL and sent to a tax office (INV-9, TAX-5).

One value from one place: the row keeps it, the PDF prints it, the e-Factura is composed of it; none of them looks up
anything else, so that the three can never differ. Amounts are integers in minor units of `currency`, never negative for
a document as a whole: a credit note states what it takes back as positive amounts (EN 16931, type 381).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

DocumentKind = Literal["invoice", "credit_note"]
TaxCategory = Literal["S", "AE", "E", "Z", "O", "G", "K"]
"""UNCL5305 as EN 16931 uses it: standard (any rate above 0), reverse charge, exempt, zero, outside scope, export, intra-EU goods."""
RATE_SCALE = 10_000
"""Rates are integers: per cent with four decimals, so 25.5 % is 255_000 (TAX-1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a party is. `country` is ISO 3166-1 alpha-2; `county` ISO 3166-2 (`RO-B`) where its country has one."""

    street: str
    city: str
    country: str
    county: str | None = None
    postal_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Seller or buyer, as they were at the issue. `vat_id` has its prefix (`RO123`, `EL123`)."""

    name: str
    address: Address
    business: bool
    vat_id: str | None = None
    tax_number: str | None = None
    """A fiscal number without VAT meaning (a Romanian CUI without `RO`, a CNP)."""
    registration_no: str | None = None
    """Trade register (`J40/1234/2020`)."""
    email: str | None = None
    phone: str | None = None
    iban: str | None = None
    bank: str | None = None
    legal_note: str | None = None
    """Such as the share capital."""
    vies_consultation: str | None = None
    """The evidence that the buyer's number was valid on that day (5.6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """How something is taxed. `rate` in ten-thousandths of a per cent; 0 for every category but S."""

    category: TaxCategory
    rate: int
    exemption_code: str | None = None
    """VATEX, e.g. `VATEX-EU-AE`."""
    exemption_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperLine:
    """One line; `net_minor` without tax, for the whole quantity. Negative where it lowers the total (a proration's credit)."""

    description: str
    net_minor: int
    tax: Tax
    quantity: int = 1
    period_start_on: date | None = None
    period_end_on: date | None = None
    """The last day, included."""
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What is taken off the sum of the lines of one tax (a promo code's part): a positive amount without tax."""

    reason: str
    net_minor: int
    tax: Tax


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxPart:
    """One row of the VAT breakdown: all that has one category and rate (BG-23)."""

    tax: Tax
    taxable_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignTax:
    """The tax in the tax office's currency, by the rate of that day (BT-111): RON where a Romanian invoices in euros."""

    currency: str
    tax_minor: int
    rate: str
    """Units of that currency for one of the document's, as a plain decimal text (`5.0898`)."""
    rate_on: date
    rate_source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The whole. `number` has its series (`BRS-2026-000123`); dates are the seller's own days.

    `net_minor` = lines - allowances; `total_minor` = net + tax; `payable_minor` = total - prepaid.
    """

    kind: DocumentKind
    number: str
    issued_on: date
    tax_point_on: date
    due_on: date | None
    currency: str
    language: Literal["en", "ro"]
    seller: Party
    buyer: Party
    lines: Sequence[PaperLine]
    allowances: Sequence[Allowance]
    taxes: Sequence[TaxPart]
    net_minor: int
    tax_minor: int
    total_minor: int
    prepaid_minor: int
    payable_minor: int
    foreign_tax: ForeignTax | None = None
    notes: Sequence[str] = ()
    payment: Literal["card", "bank_transfer", "paypal", "credit", "none"] = "none"
    """How it is or was paid; UNCL4461 48, 30, 68, 97."""
    paid_on: date | None = None
    payment_reference: str | None = None
    corrects: str | None = None
    """Of a credit note: the number of the invoice that it lowers (BT-25)."""
    corrects_issued_on: date | None = None
    reason: str | None = None
    """Of a credit note: why."""
