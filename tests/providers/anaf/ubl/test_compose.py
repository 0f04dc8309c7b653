"""e-invoices as the official rules judge them, and byte for byte the same whenever they are made (TAX-2)."""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

import pytest

from billing.rules.paper.document import Address, Document, PaperLine, Party
from billing.rules.tax.breakdown import Item, break_down
from providers.anaf.check import wrong_with
from providers.anaf.ubl.compose import CIUS_RO, EN16931, NotWritableError, compose
from tests.factories.paper import (
    BUYER_DE,
    BUYER_RO,
    CONSUMER_RO,
    EXEMPT,
    OUTSIDE,
    S11,
    S21,
    SELLER,
    a_credit_note,
    a_document,
    samples,
    ubl_samples,
)
from tests.harness.ubl import check_ubl, fatal

_SPACE = {"cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"}
_SPACE |= {"cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"}


_NOT_REGISTERED = a_document(
    seller=replace(SELLER, vat_id=None, tax_number="18547290"), currency="EUR", foreign_tax=None,
    lines=[PaperLine(description="Plan", net_minor=5_000, tax=OUTSIDE)],
)  # fmt: skip


def _texts(document: Document, path: str) -> list[str | None]:
    return [found.text for found in ElementTree.fromstring(compose(document)).findall(path, _SPACE)]


def _by_chance(seed: int) -> Document:
    """Items of several rates, discounts, prices with tax or without: whatever the rules of tax make of them."""
    chance = random.Random(seed)
    items = [
        Item(
            description=f"Item {at}",
            amount_minor=chance.randint(1, 99_999),
            tax=chance.choice([S21, S11, EXEMPT]),
            quantity=chance.randint(1, 9),
        )
        for at in range(chance.randint(1, 6))
    ]
    items.append(replace(items[0], amount_minor=-chance.randint(0, items[0].amount_minor - 1)))
    broken = break_down(items, chance.choice([0, 1]), chance.random() < 0.7)
    return a_document(
        kind="credit_note" if seed % 4 == 0 else "invoice", corrects="BRS-2026-1" if seed % 4 == 0 else None, lines=broken.lines,
        allowances=broken.allowances, taxes=broken.taxes, net_minor=broken.net_minor, tax_minor=broken.tax_minor,
        total_minor=broken.total_minor,
    )  # fmt: skip


@pytest.mark.requirement("TAX-2")
def test_every_kind_of_document_passes_schema_and_schematron_without_a_word() -> None:
    nowhere = Party(name="ann@example.com", address=Address(street="", city="", country="RO"), business=False)
    documents = {
        **ubl_samples(),
        "german_seller": a_document(seller=BUYER_DE, currency="EUR", payment="none", foreign_tax=None),
        "no_address": a_document(buyer=nowhere),
        "not_registered_euros": _NOT_REGISTERED,
        "greek": a_document(buyer=replace(BUYER_DE, vat_id="EL094259216", address=replace(BUYER_DE.address, country="EL"))),
        **{f"chance_{seed}": _by_chance(seed) for seed in range(40)},
    }
    good = [compose(document) for document in documents.values()]
    broken = good[0].replace(b">52.07<", b">53.07<")
    judged = check_ubl([*good, broken])
    assert [each for each in judged if each.document < len(good)] == []
    assert "BR-CO-15" in "".join(fatal(judged)), "the judge does not judge"


@pytest.mark.requirement("TAX-2")
def test_another_process_writes_the_same_bytes() -> None:
    program = (
        "import hashlib;from tests.factories.paper import ubl_samples;from providers.anaf.ubl.compose import compose;"
    )
    program += "print(hashlib.sha256(b''.join(compose(d) for d in ubl_samples().values())).hexdigest())"
    elsewhere = {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=elsewhere
    ).stdout
    assert (
        told.strip() == hashlib.sha256(b"".join(compose(document) for document in ubl_samples().values())).hexdigest()
    )


def test_a_romanian_invoice_in_euros_states_its_tax_in_lei_and_the_rate() -> None:
    document = ubl_samples()["euros"]
    assert _texts(document, "cbc:TaxCurrencyCode") == ["RON"]
    assert _texts(document, "cac:TaxTotal/cbc:TaxAmount") == ["52.07", "265.03"]
    assert "1 EUR = 5.0898 RON (BNR, 2026-11-20)" in _texts(document, "cbc:Note")


@pytest.mark.requirement("TAX-2", "TAX-3")
def test_a_seller_who_is_not_registered_for_vat_states_no_tax_in_lei_without_a_rate() -> None:
    assert wrong_with(_NOT_REGISTERED, compose(_NOT_REGISTERED)) == []
    assert _texts(_NOT_REGISTERED, "cac:TaxTotal/cbc:TaxAmount") == ["0.00", "0.00"]


def test_the_profile_is_the_romanian_one_for_romanian_sellers_only() -> None:
    assert _texts(a_document(), "cbc:CustomizationID") == [CIUS_RO]
    german = a_document(seller=BUYER_DE, currency="EUR", foreign_tax=None)
    assert _texts(german, "cbc:CustomizationID") == [EN16931]


def test_the_price_times_the_quantity_is_the_line_to_the_last_unit() -> None:
    line = PaperLine(description="Three for a hundred", net_minor=10_000, tax=S21, quantity=3)
    document = a_document(lines=[line, replace(line, net_minor=-5_000, quantity=2)])
    assert _texts(document, ".//cac:Price/cbc:PriceAmount") == ["100.00", "50.00"]
    assert _texts(document, ".//cac:Price/cbc:BaseQuantity") == ["3", "2"]
    assert _texts(document, ".//cbc:InvoicedQuantity") == ["3", "-2"]


def test_a_consumer_without_a_number_is_thirteen_zeros_and_a_company_its_own_number() -> None:
    path = "cac:AccountingCustomerParty/cac:Party/cac:PartyLegalEntity/cbc:CompanyID"
    assert _texts(a_document(buyer=CONSUMER_RO), path) == ["0" * 13]
    assert _texts(a_document(buyer=replace(CONSUMER_RO, tax_number="1800101221144")), path) == ["1800101221144"]
    assert _texts(a_document(buyer=BUYER_RO), path) == ["J12/1187/2001"]
    assert _texts(a_document(buyer=replace(BUYER_RO, vat_id=None, tax_number="14399840")), path) == ["14399840"]
    assert _texts(a_document(buyer=replace(BUYER_RO, vat_id=None, registration_no=None)), path) == []


def test_outside_the_scope_of_vat_no_vat_number_is_written() -> None:
    document = ubl_samples()["outside_scope"]
    assert b"RO18547290" not in compose(document)
    assert _texts(document, ".//cac:PartyTaxScheme/cbc:CompanyID") == ["18547290"]


def test_long_texts_are_cut_at_a_word_and_the_item_keeps_its_text_in_the_description() -> None:
    words = "Găzduire administrată " * 12
    document = a_document(lines=[PaperLine(description=words, net_minor=100, tax=S21)])
    (name,), (more,) = _texts(document, ".//cac:Item/cbc:Name"), _texts(document, ".//cac:Item/cbc:Description")
    assert name is not None
    assert more is not None
    assert len(name) <= 100
    assert len(more) <= 200
    assert name.endswith(("administrată…", "Găzduire…"))
    assert _texts(document, ".//cac:Item/cbc:Name") == _texts(document, ".//cac:Item/cbc:Name")


def test_a_long_street_goes_on_in_the_second_line() -> None:
    address = replace(SELLER.address, street="Bulevardul " + "General Gheorghe Magheru " * 8)
    document = a_document(seller=replace(SELLER, address=address))
    both = [
        _texts(document, f"cac:AccountingSupplierParty/cac:Party/cac:PostalAddress/cbc:{name}")[0]
        for name in ("StreetName", "AdditionalStreetName")
    ]
    assert " ".join(str(part) for part in both) == address.street.strip()


def test_different_reasons_of_one_category_stand_in_one_part_of_the_breakdown() -> None:
    other = replace(EXEMPT, exemption_reason="Art. 292 alin. (2) lit. e)")
    lines = [
        PaperLine(description="Curs", net_minor=100, tax=EXEMPT),
        PaperLine(description="Chirie", net_minor=200, tax=other),
    ]
    document = a_document(lines=lines)
    assert _texts(document, ".//cac:TaxSubtotal/cbc:TaxableAmount") == ["3.00"]
    assert _texts(document, ".//cbc:TaxExemptionReason") == [f"{EXEMPT.exemption_reason}; {other.exemption_reason}"]


def test_a_credit_note_names_what_it_lowers() -> None:
    document = a_credit_note()
    assert _texts(document, "cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID") == ["BRS-2026-000123"]
    assert _texts(document, "cbc:Note") == ["Rambursare parțială la cererea clientului"]
    assert _texts(document, ".//cbc:CreditedQuantity") == ["2"]


def test_a_transfer_without_an_account_is_not_promised() -> None:
    document = a_document(seller=replace(SELLER, iban=None))
    assert _texts(document, ".//cbc:PaymentMeansCode") == ["1"]
    assert _texts(a_document(), ".//cac:PayeeFinancialAccount/cbc:ID") == [SELLER.iban]


def test_periods_are_days_and_characters_that_xml_lacks_are_gone() -> None:
    line = PaperLine(description="A\x00B\x0bC\u202eD\ud800E", net_minor=100, tax=S21, period_start_on=date(2026, 2, 1))
    document = a_document(lines=[line])
    assert _texts(document, ".//cac:InvoicePeriod/cbc:StartDate") == ["2026-02-01"]
    assert _texts(document, ".//cac:Item/cbc:Name") == ["AB CDE"]


def test_three_decimals_and_no_lines_are_refused_with_what_to_do() -> None:
    with pytest.raises(NotWritableError, match="three decimals"):
        compose(samples()["three_decimals"])
    with pytest.raises(NotWritableError, match="no lines"):
        compose(a_document(lines=[]))
