"""Commands about the seller: who issues the papers of what Bursar bills (INV-10)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.commands.base import Command, line
from billing.rules.commands.payments import country
from billing.rules.commands.subscribers import zone
from billing.rules.money import exponent

_SERIES = re.compile(r"[A-Z0-9]{1,12}")
_COUNTY = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}")
_VAT_ID = re.compile(r"[A-Za-z]{2}\W*[A-Za-z0-9].*")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}")
FEWEST_YEARS, MOST_YEARS = 5, 50


def address(street: str, city: str, land: str, county: str | None, postal_code: str | None) -> None:
    """Check the parts of an address.

    Raises:
        ValueError: one of them is none.
    """
    line(street, "street")
    line(city, "city")
    country(land)
    if county is not None and (not _COUNTY.fullmatch(county) or county[:2] != land):
        raise ValueError("county must be an ISO 3166-2 code of the country, such as RO-B")
    if county is None and land == "RO":
        raise ValueError("county is needed in Romania, such as RO-B")
    if postal_code is not None:
        line(postal_code, "postal_code")


def vat_id(value: str | None) -> None:
    """Refuse one without a prefix: papers state it as it is, and tax offices take none without (EN 16931, BR-CO-09).

    Raises:
        ValueError: so.
    """
    if value is not None and not _VAT_ID.fullmatch(value.strip()):
        raise ValueError("vat_id begins with its country's letters, such as RO14399840; a number without them is a tax_number")


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerDefined:
    """How the seller stands."""

    seller: str
    """Bursar's public id of it."""
    prices: str
    """`inclusive` or `exclusive`."""
    invoice_series: str
    """Numbers of invoices begin with it."""
    credit_note_series: str
    """Numbers of credit notes begin with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineSeller(Command):
    """Says who issues invoices and credit notes. Said again, it is set anew as a whole; papers that are issued already stay as they are.

    From the first time on, each invoice that Bursar bills itself gets a numbered paper. Another series begins at 1.
    """

    NAME: ClassVar[str] = "billing.sellers.define.v1"
    RESULT: ClassVar[type] = SellerDefined
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "series_used": "the series is or was the other kind's; `details.current` names it",
    }

    legal_name: str
    """Its registered name: 1 to 255 characters."""
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
    """Whether it declares other EU states' VAT through the one-stop shop; else its own state's is charged to consumers there."""
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
    """For how many years after the year of issue its law wants buyers to be kept, 5 to 50; asked for earlier, they are not erased."""
    reason: str | None = None
    """Why, for the audit."""

    def __post_init__(self) -> None:
        line(self.legal_name, "legal_name")
        address(self.street, self.city, self.country, self.county, self.postal_code)
        exponent(self.currency)
        zone(self.zone)
        for name in ("vat_id", "tax_number", "registration_no", "email", "phone", "bank", "legal_note", "reason"):
            if getattr(self, name) is not None:
                line(getattr(self, name), name)
        vat_id(self.vat_id)
        for name in ("invoice_series", "credit_note_series"):
            if not _SERIES.fullmatch(getattr(self, name)):
                raise ValueError(f"{name} must be 1 to 12 capital letters and digits")
        if self.invoice_series == self.credit_note_series:
            raise ValueError("invoices and credit notes need different series")
        if self.vat_registered and self.vat_id is None:
            raise ValueError("vat_id is needed where VAT is charged")
        if self.iban is not None and not _IBAN.fullmatch(self.iban):
            raise ValueError("iban must be an IBAN without spaces")
        if not FEWEST_YEARS <= self.keep_years <= MOST_YEARS:
            raise ValueError(f"keep_years must be {FEWEST_YEARS} to {MOST_YEARS}")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The seller."""
        yield "seller", "bursar", "seller"
