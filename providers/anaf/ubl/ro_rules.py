"""Our own check of the Romanian rules, before anything is sent: what ANAF would refuse is found here, with what to do about it.

The official Schematron needs an XSLT 2 processor, which the default installation does not have. These are the same
assertions (CIUS-RO 1.0.1, rules 1.0.9), one entry of a table each; tests hold a passing and a failing example of every
one. The rules of EN 16931 itself are not repeated here: what we write is judged by their Schematron in the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from xml.etree.ElementTree import Element, ParseError, fromstring

from billing.rules.paper.counties import BUCHAREST, COUNTIES, SECTORS
from providers.anaf.ubl import ro_limits
from providers.anaf.ubl.compose import CIUS_RO
from providers.anaf.ubl.rule import (
    AGENT,
    AT_BUYER,
    AT_SELLER,
    AT_US,
    BUYER,
    DELIVERY,
    SELLER,
    SPACES,
    Finding,
    Rule,
    text_at,
    texts_at,
)

_LEI = "RON"
_INVOICE_TYPES = frozenset({"380", "384", "389", "751"})
_CREDIT_TYPES = frozenset({"381"})
_TAX_POINT_CODES = frozenset({"3", "35", "432"})
_WITH_VAT = frozenset({"S", "Z", "E", "AE", "K", "G", "L", "M"})
_AT_RATE = "Record the rate of that day with `fx_rates.record`; then credit this document and issue it anew."
_SELLER_AT, _BUYER_AT, _AGENT_AT = (f"{party}/cac:PostalAddress" for party in (SELLER, BUYER, AGENT))


def check(ubl: bytes) -> list[Finding]:
    """What the Romanian rules have against the document; nothing, if ANAF may have it.

    Raises:
        ParseError: it is no XML at all: a fault of ours, nothing was sent.
    """
    document = fromstring(ubl)  # noqa: S314 - written by ourselves a moment ago, and expat fetches nothing
    found = [Finding(rule.id, place, rule.says, rule.then) for rule in RULES for place in rule.broken(document)]
    return list(dict.fromkeys(found))


def _only_if(wrong: Callable[[Element], bool], place: str) -> Callable[[Element], Iterator[str]]:
    return lambda document: iter([place] if wrong(document) else [])


def _code(name: str, allowed: frozenset[str], parent: str = "./") -> Callable[[Element], Iterator[str]]:
    path = f"{parent}/cbc:{name}"
    return lambda document: (path for text in texts_at(document, path) if text not in allowed)


def _missing(parent: str, name: str, *, always: bool) -> Callable[[Element], Iterator[str]]:
    """Where `name` is missing or empty below `parent`; with `always` also where there is no parent at all."""
    place = f"{parent}/cbc:{name}"

    def broken(document: Element) -> Iterator[str]:
        parents = document.findall(parent, SPACES)
        if (always and not parents) or any(not text_at(each, f"cbc:{name}") for each in parents):
            yield place

    return broken


def _in_romania(address: str, wrong: Callable[[str, str], bool], name: str) -> Callable[[Element], Iterator[str]]:
    """Where an address in Romania has a county and a city that are wrong together."""

    def broken(document: Element) -> Iterator[str]:
        for each in document.findall(address, SPACES):
            romanian = text_at(each, "cac:Country/cbc:IdentificationCode") == "RO"
            if romanian and wrong(text_at(each, "cbc:CountrySubentity"), text_at(each, "cbc:CityName")):
                yield f"{address}/cbc:{name}"

    return broken


def _no_sector(county: str, city: str) -> bool:
    return county == BUCHAREST and city not in SECTORS


def _no_county(county: str, _city: str) -> bool:
    return county not in COUNTIES


def _has_vat(document: Element) -> bool:
    lines = texts_at(document, "cac:InvoiceLine/cac:Item/cac:ClassifiedTaxCategory/cbc:ID")
    return bool(_WITH_VAT & {*lines, *texts_at(document, "cac:AllowanceCharge/cac:TaxCategory/cbc:ID")})


def _seller_unknown(document: Element) -> bool:
    numbers = texts_at(document, f"{SELLER}/cac:PartyTaxScheme/cbc:CompanyID")
    return _has_vat(document) and not any([*numbers, *texts_at(document, f"{AGENT}/cac:PartyTaxScheme/cbc:CompanyID")])


def _buyer_unknown(document: Element) -> bool:
    numbers = texts_at(document, f"{BUYER}/cac:PartyTaxScheme/cbc:CompanyID")
    return _has_vat(document) and not any(
        [*numbers, *texts_at(document, f"{BUYER}/cac:PartyLegalEntity/cbc:CompanyID")]
    )


def _not_in_lei(document: Element) -> bool:
    return text_at(document, "cbc:DocumentCurrencyCode") != _LEI and text_at(document, "cbc:TaxCurrencyCode") != _LEI


def _no_total_in(document: Element) -> bool:
    """BR-53: the tax in the tax office's currency has to stand there."""
    currency = text_at(document, "cbc:TaxCurrencyCode")
    return bool(currency) and not document.findall(f"cac:TaxTotal/cbc:TaxAmount[@currencyID='{currency}']", SPACES)


def _tax_too_fine(code: str) -> Callable[[Element], bool]:
    def wrong(document: Element) -> bool:
        currency = text_at(document, f"cbc:{code}")
        totals = document.findall("cac:TaxTotal/cbc:TaxAmount", SPACES)
        return any(ro_limits.too_fine(total.text or "") for total in totals if total.get("currencyID") == currency)

    return wrong


def _below_zero(document: Element) -> Iterator[str]:
    yield from (path for path in [".//cbc:PriceAmount"] for text in texts_at(document, path) if text.startswith("-"))


def _places(street: str, city: str, sector: str, county: str, at: str, then: str, *, always: bool) -> list[Rule]:
    """What every Romanian address has to have."""
    return [
        Rule(street, "the address needs a street", then, _missing(at, "StreetName", always=always)),
        Rule(city, "the address needs a city", then, _missing(at, "CityName", always=always)),
        Rule(
            sector, "in Bucharest (RO-B) the city is SECTOR1 to SECTOR6", then, _in_romania(at, _no_sector, "CityName")
        ),
        Rule(
            county,
            "the county is a code of ISO 3166-2:RO, such as RO-CJ",
            then,
            _in_romania(at, _no_county, "CountrySubentity"),
        ),
    ]


RULES: Sequence[Rule] = (
    Rule(
        "BR-RO-001", f"the specification identifier is {CIUS_RO}", AT_US,
        _only_if(lambda document: document.findtext("cbc:CustomizationID", "", SPACES) != CIUS_RO, "cbc:CustomizationID"),
    ),
    Rule(
        "BR-RO-010", "the number has at least one digit", AT_SELLER,
        _only_if(lambda document: not any(char in "0123456789" for char in text_at(document, "cbc:ID")), "cbc:ID"),
    ),
    Rule("BR-RO-020_1", "an invoice's type is 380, 384, 389 or 751", AT_US, _code("InvoiceTypeCode", _INVOICE_TYPES)),
    Rule("BR-RO-020_2", "a credit note's type is 381", AT_US, _code("CreditNoteTypeCode", _CREDIT_TYPES)),
    Rule("BR-RO-030", "a document in another currency states its VAT in RON", _AT_RATE, _only_if(_not_in_lei, "cbc:TaxCurrencyCode")),
    Rule("BR-53", "the VAT in the accounting currency is a total of its own", _AT_RATE, _only_if(_no_total_in, "cac:TaxTotal")),
    Rule(
        "BR-RO-040", "the VAT's date has the code 3, 35 or 432", AT_US, _code("DescriptionCode", _TAX_POINT_CODES, ".//cac:InvoicePeriod"),
    ),
    Rule(
        "BR-RO-065", "the seller, or who represents him, has a tax number", AT_SELLER,
        _only_if(_seller_unknown, f"{SELLER}/cac:PartyTaxScheme"),
    ),
    Rule(
        "BR-RO-120", "the buyer has a registration or VAT number", AT_BUYER,
        _only_if(_buyer_unknown, f"{BUYER}/cac:PartyLegalEntity/cbc:CompanyID"),
    ),
    *_places("BR-RO-081", "BR-RO-091", "BR-RO-100", "BR-RO-110", _SELLER_AT, AT_SELLER, always=True),
    *_places("BR-RO-082", "BR-RO-092", "BR-RO-101", "BR-RO-111", _BUYER_AT, AT_BUYER, always=True),
    *_places("BR-RO-140", "BR-RO-150", "BR-RO-160", "BR-RO-170", _AGENT_AT, AT_SELLER, always=False),
    *_places("BR-RO-180", "BR-RO-201", "BR-RO-202", "BR-RO-212", DELIVERY, AT_BUYER, always=False),
    Rule("BR-RO-211", "an address of delivery needs a county", AT_BUYER, _missing(DELIVERY, "CountrySubentity", always=False)),
    Rule("BR-27", "a price is never negative", AT_US, _below_zero),
    Rule("BR-DEC-RO-13", "at most two decimals", AT_US, _only_if(_tax_too_fine("DocumentCurrencyCode"), "cac:TaxTotal/cbc:TaxAmount")),
    Rule("BR-DEC-RO-15", "at most two decimals", AT_US, _only_if(_tax_too_fine("TaxCurrencyCode"), "cac:TaxTotal/cbc:TaxAmount")),
    *ro_limits.RULES,
)  # fmt: skip
"""Every rule; a rule of lines stands there for invoices and for credit notes."""

__all__ = ["RULES", "Finding", "ParseError", "check"]
