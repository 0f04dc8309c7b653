"""Commands about legal papers: who issues them, to whom they are made out, and credit notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from bursar_client.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineSeller(Command):
    """Says who issues invoices and credit notes. Said again, it is set anew as a whole; issued papers stay as they are.

    From the first time on, each invoice that Bursar bills itself gets a numbered paper.
    Result: `seller` (Bursar's id), `prices`, `invoice_series`, `credit_note_series`.
    Rejected as `series_used` when a series is or was the other kind's.
    """

    NAME: ClassVar[str] = "billing.sellers.define.v1"
    QUEUE: ClassVar[str] = "payments"

    legal_name: str
    """Its registered name."""
    street: str
    """Street and number."""
    city: str
    """Town; in Bucharest `SECTOR1` to `SECTOR6`."""
    country: str
    """ISO 3166-1, two letters."""
    currency: str
    """ISO 4217: the one in which its tax office reckons."""
    invoice_series: str
    """1 to 12 capital letters and digits: numbers are `<series>-<year>-000001` and so on."""
    credit_note_series: str
    """The same for credit notes; another one."""
    zone: str
    """IANA name: whose days papers are dated by."""
    vat_registered: bool
    """Whether it charges VAT at all."""
    vat_id: str | None = None
    """With its prefix, such as `RO18547290`; needed if `vat_registered`."""
    oss: bool = True
    """Whether it declares other EU states' VAT through the one-stop shop."""
    tax_number: str | None = None
    """A fiscal number without VAT meaning."""
    registration_no: str | None = None
    """Trade register, such as `J40/1234/2020`."""
    county: str | None = None
    """ISO 3166-2, such as `RO-B`; needed in Romania."""
    postal_code: str | None = None
    """As it is written there."""
    email: str | None = None
    """For questions about papers."""
    phone: str | None = None
    """The same."""
    iban: str | None = None
    """Where bank transfers go; without spaces."""
    bank: str | None = None
    """Whose account that is."""
    legal_note: str | None = None
    """What its law wants on each paper, such as the share capital."""
    language: Literal["en", "ro"] = "en"
    """Of papers to subscribers whose own language papers are not printed in."""
    prices: Literal["inclusive", "exclusive"] = "inclusive"
    """Whether the prices that subscribers are quoted hold the tax, or tax comes on top."""
    keep_years: int = 10
    """For how many years after the year of issue its law wants buyers to be kept, 5 to 50."""
    reason: str | None = None
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetBillTo(Command):
    """Says to whom a subscriber's invoices are made out from now on. Said again, it is set anew as a whole; issued papers stay.

    Result: `bill_to` (Bursar's id), `subscriber_ref`, `kind`.
    Rejected as `unknown_subscriber`, `erased`.
    """

    NAME: ClassVar[str] = "billing.subscribers.bill_to.v1"
    QUEUE: ClassVar[str] = "payments"

    subscriber_ref: str
    """The app's own id of the customer."""
    kind: Literal["business", "consumer"]
    """Who buys; it decides how the sale is taxed."""
    full_name: str
    """The company's or the person's."""
    street: str
    """Street and number."""
    city: str
    """Town; in Bucharest `SECTOR1` to `SECTOR6`."""
    country: str
    """ISO 3166-1, two letters."""
    county: str | None = None
    """ISO 3166-2, such as `RO-CJ`; needed in Romania."""
    postal_code: str | None = None
    """As it is written there."""
    vat_id: str | None = None
    """Of a business, with its prefix (`DE123456789`, Greece `EL`)."""
    tax_number: str | None = None
    """A fiscal number without VAT meaning."""
    registration_no: str | None = None
    """Of a business: its trade register's."""
    email: str | None = None
    """Where papers go; null: the subscriber's."""
    phone: str | None = None
    """For the paper."""
    reason: str | None = None
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditDocument(Command):
    """Takes back an issued invoice, or a part of it, by a credit note. No money moves: a refund is asked for by itself.

    Result: `invoice_ref`, `invoice_number`, `amount_minor`, `left_minor`, `currency`.
    Rejected as `no_document`, `still_open`, `too_much` or `reference_used`.
    """

    NAME: ClassVar[str] = "billing.documents.credit.v1"
    QUEUE: ClassVar[str] = "payments"

    invoice_ref: str
    """The invoice's reference."""
    reference: str
    """The app's own name for this credit note; the same again is the same credit note."""
    reason: str
    """Why; it is printed on it, and stands in the audit."""
    amount_minor: int | None = None
    """What is taken back, in minor units, tax included; null: all that is left."""


TYPED: tuple[type[Command], ...] = (DefineSeller, SetBillTo, CreditDocument)
