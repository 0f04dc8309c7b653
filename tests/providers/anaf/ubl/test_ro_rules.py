"""Each Romanian rule with a document that keeps it and one that breaks it (issue 6: the rules of CIUS-RO 1.0.9)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

import pytest

from providers.anaf.ubl import ro_limits
from providers.anaf.ubl.compose import compose
from providers.anaf.ubl.ro_rules import RULES, check
from providers.anaf.ubl.rule import AGENT, BUYER, DELIVERY, SELLER, SPACES
from tests.factories.paper import BUYER_RO, CONSUMER_RO, a_credit_note, a_document, ubl_samples
from tests.factories.paper import SELLER as A_SELLER

Edit = Callable[[Element], None]
_INVOICE = compose(a_document())
_CREDIT = compose(a_credit_note())
_EUROS = compose(ubl_samples()["euros"])


def _at(document: Element, path: str) -> Element:
    """The first element of that path, made where it is missing."""
    at = document
    for name in path.removeprefix(".//").removeprefix("./").split("/"):
        found = at.find(name, SPACES)
        prefix, _, local = name.partition(":")
        at = SubElement(at, f"{{{SPACES[prefix]}}}{local}") if found is None else found
    return at


def put(path: str, text: str | None, **attributes: str) -> Edit:
    """Sets the first value of that path; None takes it away."""

    def edit(document: Element) -> None:
        element = _at(document, path)
        element.text = text or ""
        element.attrib.update(attributes)

    return edit


def many(path: str, count: int) -> Edit:
    """So many elements of that path's last name."""

    def edit(document: Element) -> None:
        parent, _, name = path.removeprefix(".//").rpartition("/")
        holder = _at(document, parent) if parent else document
        for _ in range(count - len(holder.findall(name, SPACES))):
            prefix, _, local = name.partition(":")
            SubElement(holder, f"{{{SPACES[prefix]}}}{local}").text = "1"

    return edit


def both(*edits: Edit) -> Edit:
    """One after the other."""

    def edit(document: Element) -> None:
        for each in edits:
            each(document)

    return edit


def _address(at: str, city: str = "SECTOR1", county: str = "RO-B", street: str = "Str. Lungă 1") -> Edit:
    parts = ((f"{at}/cbc:StreetName", street), (f"{at}/cbc:CityName", city), (f"{at}/cbc:CountrySubentity", county))
    return both(*(put(path, text) for path, text in parts), put(f"{at}/cac:Country/cbc:IdentificationCode", "RO"))


def _charge(parent: str, kind: str, name: str, text: str) -> Edit:
    """An allowance or charge of that kind, of the document or of its first line."""

    def edit(document: Element) -> None:
        holder = document if parent == "." else document.findall(parent, SPACES)[0]
        charge = SubElement(holder, f"{{{SPACES['cac']}}}AllowanceCharge")
        SubElement(charge, f"{{{SPACES['cbc']}}}ChargeIndicator").text = kind
        SubElement(charge, f"{{{SPACES['cbc']}}}{name}").text = text

    return edit


def _base(path: str) -> bytes:
    return _CREDIT if "CreditNote" in path else _INVOICE


def _texts() -> Iterator[tuple[str, bytes, Edit, Edit]]:
    for rule, limit, path in ro_limits.LENGTHS:
        yield rule, _base(path), put(path, "ș" * limit), put(path, "ș" * (limit + 1))
    for rule, limit, path, name in ro_limits.ATTRIBUTES:
        yield rule, _INVOICE, put(path, "1", **{name: "n" * limit}), put(path, "1", **{name: "n" * (limit + 1)})


def _counts() -> Iterator[tuple[str, bytes, Edit, Edit]]:
    for rule, limit, path in (
        *ro_limits.COUNTS,
        ("BR-RO-A052", 50, "cac:InvoiceLine/cac:Item/cac:AdditionalItemProperty"),
    ):
        yield rule, _INVOICE, many(path, limit), many(path, limit + 1)


def _figures() -> Iterator[tuple[str, bytes, Edit, Edit]]:
    for rule, name in ro_limits.DATES:
        path = f"cac:Delivery/cbc:{name}"
        yield rule, _CREDIT, put(path, "2026-11-30"), put(path, "2026-11-31")
    for rule, path in ro_limits.DECIMALS:
        yield rule, _base(path), put(path, "1.23"), put(path, "1.230")


def _charges() -> Iterator[tuple[str, bytes, Edit, Edit]]:
    for rule, kind, parents, name in ro_limits.CHARGES:
        for parent in parents:
            yield rule, _base(parent), _charge(parent, kind, name, "1.23"), _charge(parent, kind, name, "1.234")
    for rule, kind, parents, name in ro_limits.CHARGE_TEXTS:
        for parent in parents:
            yield rule, _base(parent), _charge(parent, kind, name, "t" * 100), _charge(parent, kind, name, "t" * 101)


def _places() -> Iterator[tuple[str, bytes, Edit, Edit]]:
    rules = {
        f"{SELLER}/cac:PostalAddress": ("BR-RO-081", "BR-RO-091", "BR-RO-100", "BR-RO-110"),
        f"{BUYER}/cac:PostalAddress": ("BR-RO-082", "BR-RO-092", "BR-RO-101", "BR-RO-111"),
        f"{AGENT}/cac:PostalAddress": ("BR-RO-140", "BR-RO-150", "BR-RO-160", "BR-RO-170"),
        DELIVERY: ("BR-RO-180", "BR-RO-201", "BR-RO-202", "BR-RO-212"),
    }
    for at, (street, city, sector, county) in rules.items():
        good = _address(at)
        yield street, _INVOICE, good, _address(at, street=" ")
        yield city, _INVOICE, good, _address(at, city="", county="RO-CJ")
        yield sector, _INVOICE, good, _address(at, city="București")
        yield (
            county,
            _INVOICE,
            _address(at, city="Cluj-Napoca", county="RO-CJ"),
            _address(at, city="Cluj-Napoca", county="CJ"),
        )
    yield "BR-RO-211", _INVOICE, _address(DELIVERY), _address(DELIVERY, county="")


def _rest() -> Iterator[tuple[str, bytes, Edit, Edit]]:
    keep = both()
    yield "BR-RO-001", _INVOICE, keep, put("cbc:CustomizationID", "urn:cen.eu:en16931:2017")
    yield "BR-RO-010", _INVOICE, put("cbc:ID", "A1"), put("cbc:ID", "ABC")
    yield "BR-RO-020_1", _INVOICE, put("cbc:InvoiceTypeCode", "751"), put("cbc:InvoiceTypeCode", "381")
    yield "BR-RO-020_2", _CREDIT, keep, put("cbc:CreditNoteTypeCode", "380")
    yield "BR-RO-030", _EUROS, keep, put("cbc:TaxCurrencyCode", "EUR")
    yield "BR-53", _EUROS, keep, put("cbc:TaxCurrencyCode", "USD")
    period = "cac:InvoicePeriod/cbc:DescriptionCode"
    yield "BR-RO-040", _INVOICE, put(period, "432"), put(period, "7")
    yield "BR-RO-065", _INVOICE, keep, put(f"{SELLER}/cac:PartyTaxScheme/cbc:CompanyID", "")
    no_buyer = both(
        put(f"{BUYER}/cac:PartyTaxScheme/cbc:CompanyID", ""), put(f"{BUYER}/cac:PartyLegalEntity/cbc:CompanyID", "")
    )
    yield "BR-RO-120", _INVOICE, put(f"{BUYER}/cac:PartyTaxScheme/cbc:CompanyID", ""), no_buyer
    yield (
        "BR-27",
        _INVOICE,
        put("cac:InvoiceLine/cac:Price/cbc:PriceAmount", "0"),
        put("cac:InvoiceLine/cac:Price/cbc:PriceAmount", "-1.00"),
    )
    yield "BR-DEC-RO-13", _INVOICE, put("cac:TaxTotal/cbc:TaxAmount", "1.5"), put("cac:TaxTotal/cbc:TaxAmount", "1.555")
    lei = both(put("cbc:DocumentCurrencyCode", "EUR"), put("cbc:TaxCurrencyCode", "RON"))
    yield "BR-DEC-RO-15", _INVOICE, lei, both(lei, put("cac:TaxTotal/cbc:TaxAmount", "1.555"))


_TEXTS = list(_texts())
CASES = [*_rest(), *_places(), *_counts(), *_figures(), *_charges(), *_TEXTS]


def _found(base: bytes, edit: Edit) -> set[str]:
    document = fromstring(base)
    edit(document)
    return {finding.rule for finding in check(tostring(document))}


@pytest.mark.requirement("TAX-2")
def test_each_rule_tells_a_document_that_keeps_it_from_one_that_breaks_it() -> None:
    wrong = [rule for rule, base, good, _ in CASES[: -len(_TEXTS)] if rule in _found(base, good)]
    for base in (_INVOICE, _CREDIT):  # all texts at once: each as long as it may be
        wrong += {rule for rule, *_ in _TEXTS} & _found(base, both(*(good for _, of, good, _ in _TEXTS if of is base)))
    assert not wrong, f"found where nothing is wrong: {wrong}"
    missed = [rule for rule, base, _, bad in CASES if rule not in _found(base, bad)]
    assert not missed, f"not found where they are broken: {missed}"


def test_every_rule_has_its_examples() -> None:
    assert {rule.id for rule in RULES} == {case[0] for case in CASES}


@pytest.mark.requirement("TAX-2")
def test_what_is_written_of_any_sample_keeps_every_rule() -> None:
    for name, document in ubl_samples().items():
        assert check(compose(document)) == [], name


def test_what_data_can_break_is_found_with_its_place_and_the_next_step() -> None:
    seller = replace(A_SELLER, address=replace(A_SELLER.address, city="București", county="RO-B"))
    buyer = replace(
        BUYER_RO, vat_id=None, registration_no=None, address=replace(BUYER_RO.address, street="", county="Cluj County")
    )
    document = a_document(seller=seller, buyer=buyer, number="PROFORMA", currency="EUR", foreign_tax=None)
    found = {finding.rule: finding for finding in check(compose(document))}
    assert found.keys() == {"BR-RO-010", "BR-RO-030", "BR-RO-082", "BR-RO-100", "BR-RO-111", "BR-RO-120"}
    assert "sellers.define" in found["BR-RO-100"].then
    assert "subscribers.bill_to" in found["BR-RO-082"].then
    assert found["BR-RO-082"].place == "cac:AccountingCustomerParty/cac:Party/cac:PostalAddress/cbc:StreetName"


@pytest.mark.parametrize("wrong", ["21.11.2026", "2026-1-2", "20261121", "2026-11-21Z", "2026-W47-6", ""])
def test_a_date_is_written_in_one_way_only(wrong: str) -> None:
    assert not ro_limits.is_date(wrong)
    assert ro_limits.is_date("2026-11-21")


def test_counties_and_sectors_are_understood_as_people_write_them() -> None:
    for county, city in (
        ("Cluj", "Dej"),
        ("jud. Cluj", "Dej"),
        ("CJ", "Dej"),
        ("ro-cj", "Dej"),
        ("Caraș-Severin", "Reșița"),
        ("Bucuresti", "sect. 4"),
    ):
        buyer = replace(CONSUMER_RO, address=replace(CONSUMER_RO.address, county=county, city=city))
        assert check(compose(a_document(buyer=buyer))) == [], (county, city)
