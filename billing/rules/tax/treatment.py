"""How a sale is taxed: by whom, where, as what (TAX-1). The answer is frozen on the document (TAX-5).

Services here are those that a subscription business sells from afar (electronically supplied): consumers are taxed where they are.
An admission to an event in a hall is taxed where the hall is, which is the seller's business to say: a buyer in the seller's own
state gives that.

**The policy where a business's number is not proven** (not valid, not given, or the register not to be reached): tax is charged as to
a consumer. A reverse charge without a proven number is the seller's debt; a tax charged too early is corrected by a credit note.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from billing.rules.paper.document import Tax
from billing.rules.tax.rates import PACKAGE_RATES, Rates
from billing.rules.tax.sold_as import SoldAs
from billing.rules.tax.territory import Territory, in_eu, number_country, same_state, territory

REVERSE_CHARGE = Tax(category="AE", rate=0, exemption_code="VATEX-EU-AE", exemption_reason="Reverse charge")
INTRA_EU_GOODS = Tax(category="K", rate=0, exemption_code="VATEX-EU-IC", exemption_reason="Intra-Community supply")
EXPORT = Tax(category="G", rate=0, exemption_code="VATEX-EU-G", exemption_reason="Export outside the EU")
OUTSIDE_SCOPE = Tax(category="O", rate=0, exemption_code="VATEX-EU-O", exemption_reason="Not subject to VAT")
NOT_REGISTERED = Tax(
    category="O",
    rate=0,
    exemption_code="VATEX-EU-O",
    exemption_reason="Not subject to VAT: the seller is not registered for VAT",
)
ZERO = Tax(category="Z", rate=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Who buys, as far as tax asks. `country` as in his address."""

    country: str
    business: bool
    vat_id_valid: bool | None = None
    """None: not checked, not given, or the register could not be reached. Never the same as False in a row, the same here."""
    postal_code: str | None = None
    """Tells parts of a country that are outside its VAT, or have rates of their own."""
    vat_id: str | None = None
    """Only its prefix counts: a number of the seller's own state makes the sale a domestic one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """Who sells. `oss`: he declares sales to consumers of other members through the One Stop Shop, at the buyers' rates; without it
    (below the threshold of 10,000 EUR a year) his own rate is charged."""

    country: str
    vat_registered: bool
    oss: bool = True
    postal_code: str | None = None


def treat(seller: Seller, buyer: Buyer, sold: SoldAs, on: date, *, rates: Rates = PACKAGE_RATES) -> Tax:
    """How this sale is taxed on its tax point.

    Raises:
        NoRateError: the rate that is due is not known for that day.
        ValueError: a country that is none.
    """
    supply, here = sold.supply, territory(seller.country, seller.postal_code)
    there = territory(buyer.country, buyer.postal_code)
    if not seller.vat_registered:
        return NOT_REGISTERED
    if same_state(here, there):
        return _charged(there, sold, on, rates)
    if not in_eu(there, supply, on):
        return EXPORT if supply == "goods" else OUTSIDE_SCOPE
    proven = buyer.business and buyer.vat_id_valid is True
    if not in_eu(here, supply, on):
        return _into_the_eu(seller, there, sold, proven, on, rates)
    if proven and not _number_of(buyer, here):
        return REVERSE_CHARGE if supply == "service" else INTRA_EU_GOODS
    if proven or not seller.oss:
        return _charged(here, sold, on, rates)
    return _charged(there, sold, on, rates)


def _into_the_eu(seller: Seller, there: Territory, sold: SoldAs, proven: bool, on: date, rates: Rates) -> Tax:
    """From outside: goods are the importer's; a business accounts for services itself; consumers through the non-Union scheme."""
    if sold.supply == "goods":
        return EXPORT
    if proven or not seller.oss:
        return OUTSIDE_SCOPE
    return _charged(there, sold, on, rates)


def _number_of(buyer: Buyer, here: Territory) -> bool:
    return buyer.vat_id is not None and number_country(buyer.vat_id) == here.state


def _charged(place: Territory, sold: SoldAs, on: date, rates: Rates) -> Tax:
    rate = rates.rate(place.area, sold.kind_in(place.area, place.state), on)
    return Tax(category="S", rate=rate) if rate else ZERO
