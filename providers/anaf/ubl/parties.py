"""Seller and buyer of an e-Factura: which number goes into which of UBL's three places for numbers, and where they are.

- VAT numbers (BT-31, BT-48) only where the document is within the scope of VAT: BR-O-02 forbids them outside of it. The
  seller then states the same number as a tax registration (BT-32).
- BT-30 and BT-47 hold the trade register's number; for a buyer without a VAT number his CUI or CNP, by which ANAF finds him.
- A consumer who gave no CNP is thirteen zeros (OUG 138/2024).
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from billing.rules.paper.document import Address, Document, Party
from providers.anaf.ubl import texts
from providers.anaf.ubl.nodes import branch, leaf
from providers.anaf.ubl.places import city_of, county_code

NOBODY = "0000000000000"
"""BT-47 of a consumer of whom no number is known."""
_ISO = {"EL": "GR", "UK": "GB", "XI": "GB"}
"""Countries as VAT numbers and people call them, by ISO 3166-1, which alone is taken (BR-CL-14)."""
_NOT_VAT = "TAX"
"""Marks a number in PartyTaxScheme that is no VAT number (BT-32); any word but VAT does."""


def add_seller(document_element: Element, document: Document) -> None:
    """AccountingSupplierParty (BG-4)."""
    seller, vat = document.seller, _has_vat(document)
    party = branch(branch(document_element, "AccountingSupplierParty"), "Party")
    _add_address(party, "PostalAddress", seller.address)
    if vat and seller.vat_id:
        _add_number(party, number(seller.vat_id), "VAT")
    else:
        _add_number(party, seller.tax_number or _without_country(seller.vat_id), _NOT_VAT)
    entity = branch(party, "PartyLegalEntity")
    leaf(entity, "RegistrationName", texts.cut(seller.name, texts.NAME))
    leaf(entity, "CompanyID", seller.registration_no or seller.tax_number or _without_country(seller.vat_id))
    leaf(entity, "CompanyLegalForm", texts.cut(seller.legal_note or "", texts.LEGAL))
    _add_contact(party, seller)


def add_buyer(document_element: Element, document: Document) -> None:
    """AccountingCustomerParty (BG-7)."""
    buyer, vat = document.buyer, _has_vat(document)
    party = branch(branch(document_element, "AccountingCustomerParty"), "Party")
    _add_address(party, "PostalAddress", buyer.address)
    if vat and buyer.vat_id:
        _add_number(party, number(buyer.vat_id), "VAT")
    entity = branch(party, "PartyLegalEntity")
    leaf(entity, "RegistrationName", texts.cut(buyer.name, texts.NAME))
    leaf(entity, "CompanyID", _legal_id(buyer))
    _add_contact(party, buyer)


def add_delivery(document_element: Element, document: Document) -> None:
    """Where and when goods were delivered to another member state (BR-IC-11 and 12); services have no delivery."""
    if not any(part.tax.category == "K" for part in document.taxes):
        return
    delivery = branch(document_element, "Delivery")
    leaf(delivery, "ActualDeliveryDate", document.tax_point_on.isoformat())
    # BR-RO-211 wants a subdivision in every country; where the address has none, its city stands for it.
    _add_address(
        branch(delivery, "DeliveryLocation"), "Address", document.buyer.address, subdivision=document.buyer.address.city
    )


def number(vat_id: str) -> str:
    """A VAT number without the spaces, dots and dashes that people put into it."""
    return "".join(char for char in vat_id.upper() if char.isalnum())


def _has_vat(document: Document) -> bool:
    return not any(part.tax.category == "O" for part in document.taxes)


def _without_country(vat_id: str | None) -> str | None:
    return number(vat_id)[2:] if vat_id else None


def _legal_id(buyer: Party) -> str | None:
    if buyer.vat_id:
        return buyer.registration_no or _without_country(buyer.vat_id)
    return buyer.tax_number or buyer.registration_no or (None if buyer.business else NOBODY)


def _add_number(party: Element, company_id: str | None, scheme: str) -> None:
    if company_id:
        element = branch(party, "PartyTaxScheme")
        leaf(element, "CompanyID", company_id)
        leaf(branch(element, "TaxScheme"), "ID", scheme)


def _add_address(parent: Element, name: str, address: Address, subdivision: str | None = None) -> None:
    element = branch(parent, name)
    street, more = texts.in_two(address.street, texts.STREET, texts.STREET_MORE)
    romanian = address.country == "RO"
    county = county_code(address.county) if romanian else address.county
    leaf(element, "StreetName", street)
    leaf(element, "AdditionalStreetName", more)
    leaf(element, "CityName", texts.cut(city_of(address.city, county) if romanian else address.city, texts.CITY))
    leaf(element, "PostalZone", texts.clean(address.postal_code or ""))
    leaf(element, "CountrySubentity", texts.clean(county or subdivision or ""))
    leaf(branch(element, "Country"), "IdentificationCode", _ISO.get(address.country, address.country))


def _add_contact(party: Element, of: Party) -> None:
    if of.phone or of.email:
        contact = branch(party, "Contact")
        leaf(contact, "Telephone", texts.cut(of.phone or "", texts.CONTACT))
        # An address that is cut is another address: one that is too long is left out.
        leaf(contact, "ElectronicMail", of.email if of.email and len(of.email) <= texts.CONTACT else None)
