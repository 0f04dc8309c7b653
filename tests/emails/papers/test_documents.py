"""Invoices and credit notes as PDF: what is read back are the rows, and the bytes are the same each time (INV-10)."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from billing.rules.paper.document import Document, PaperLine
from emails.papers import figures, invoice
from emails.papers.render import document_pdf
from emails.papers.words import WORDS
from tests.factories.paper import BUYER_RO, S21, SELLER, a_credit_note, a_document, samples
from tests.harness import pdf

_AWKWARD = ("right_to_left", "no_glyphs")
"""Whose letters a reader gets back in another order, or not at all."""

_ELSEWHERE = """
import hashlib, os, sys
from emails.papers.compiler import PaperError
from emails.papers.render import document_pdf, receipt_pdf
from tests.factories.paper import samples
from tests.factories.receipts import a_receipt
for name in sys.argv[1:]:
    print(hashlib.sha256(document_pdf(samples()[name], b"<Invoice/>")).hexdigest(), flush=True)
child = os.fork()
if not child:
    try:
        receipt_pdf(a_receipt())
    except PaperError:
        os._exit(7)
    os._exit(1)
print("refused" if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7 else "not refused")
"""


def _expected(document: Document) -> list[str]:
    """Every text and figure of the document that a reader has to find."""
    language, currency = document.language, document.currency
    texts = [
        document.number,
        document.seller.name,
        document.buyer.name,
        document.buyer.address.street,
        document.seller.address.street,
    ]
    texts += [
        number
        for party in (document.seller, document.buyer)
        for number in (party.vat_id, party.tax_number, party.registration_no)
        if number
    ]
    texts += [figures.day(document.issued_on, language), figures.money(document.total_minor, currency, language)]
    for line in document.lines:
        texts += [
            line.description,
            figures.amount(line.net_minor, currency, language),
            *([line.reference] if line.reference else []),
        ]
    for part in document.taxes:
        texts += [
            figures.amount(part.taxable_minor, currency, language),
            figures.amount(part.tax_minor, currency, language),
        ]
        texts.append(invoice.rate_text(part.tax, language))
    texts += [allowance.reason for allowance in document.allowances]
    if document.foreign_tax:
        texts.append(figures.money(document.foreign_tax.tax_minor, document.foreign_tax.currency, language))
    return [pdf.plain(text) for text in texts]


@pytest.mark.requirement("INV-10")
def test_what_is_read_back_is_the_document() -> None:
    for name, document in samples().items():
        made = document_pdf(document)
        assert made.startswith(b"%PDF-")
        if name not in _AWKWARD:
            read = pdf.words(made).replace(" ", "")
            missing = [text for text in _expected(document) if text.replace(" ", "") not in read]
            assert not missing, f"{name}: {missing} is not on the paper"


@pytest.mark.requirement("INV-10")
def test_another_process_prints_the_same_bytes_and_its_child_is_refused_rather_than_hung() -> None:
    names = ("allowances", "no_glyphs")
    elsewhere = os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    run = subprocess.run(
        [sys.executable, "-c", _ELSEWHERE, *names],
        capture_output=True,
        text=True,
        check=True,
        env=elsewhere,
        timeout=90,
    )
    here = [hashlib.sha256(document_pdf(samples()[name], b"<Invoice/>")).hexdigest() for name in names]
    assert run.stdout.split() == [*here, "refused"]


def test_the_e_invoice_is_attached_as_it_was_given() -> None:
    made = document_pdf(a_document(number="BRS/2026/7"), b"<Invoice>\xc8\x9a</Invoice>")
    assert pdf.attached(made) == {"BRS_2026_7.xml": b"<Invoice>\xc8\x9a</Invoice>"}
    assert b"pdfaid" in made
    assert pdf.attached(document_pdf(a_document())) == {}


def test_nothing_that_was_typed_is_typst() -> None:
    evil = '#panic("no") #import "x" *b* _i_ $x$ <l> @r `c` // c /* c */ \\u{41} #{1+1} [x] = = - + ~ ---'
    made = document_pdf(
        a_document(
            buyer=replace(BUYER_RO, name=evil), notes=[evil], lines=[PaperLine(description=evil, net_minor=1, tax=S21)]
        )
    )
    assert pdf.words(made).replace(" ", "").count(evil.replace(" ", "")) == 3


def test_a_letter_that_no_typeface_has_is_a_square_and_the_paper_says_so() -> None:
    read = pdf.words(document_pdf(samples()["no_glyphs"]))
    assert "□□□□□□□□ □ S.A." in read
    assert WORDS["en"]["missing"] in read
    assert WORDS["ro"]["missing"] not in pdf.words(document_pdf(a_document()))


def test_every_page_of_a_long_table_has_the_head_the_number_and_its_own_place() -> None:
    read = pdf.pages(document_pdf(samples()["many_lines"]))
    assert len(read) > 2
    for place, page in enumerate(read, start=1):
        assert f"Pagina {place} din {len(read)}" in page
        assert "BRS-2026-000123" in page
        assert "DENUMIRE" in page or place == len(read)


def test_no_word_runs_over_the_edge() -> None:
    endless = "Ș" + "x" * 300
    document = a_document(
        seller=replace(SELLER, name=endless), buyer=replace(BUYER_RO, name=endless, email=endless), notes=[endless], number="N" * 60,
        lines=[PaperLine(description=endless, net_minor=10**15, tax=S21, quantity=10**6, reference=endless)],
    )  # fmt: skip
    assert pdf.right_edge(document_pdf(document)) < 0.93


def test_a_credit_note_names_the_invoice_and_the_reason() -> None:
    read = pdf.words(document_pdf(a_credit_note()))
    for part in (
        "NOTĂ DE CREDITARE",
        "Corectează factura BRS-2026-000123",
        "Rambursare parțială la cererea clientului",
        "Total creditat 120,00 RON",
    ):
        assert part in read


def test_why_there_is_no_vat_stands_in_the_laws_words() -> None:
    assert "Reverse charge: VAT is to be accounted for by the recipient (Article 196" in pdf.words(
        document_pdf(samples()["reverse_charge"])
    )
    assert "E: Scutit de TVA. Art. 292 alin. (1) lit. f) Cod fiscal" in pdf.words(
        document_pdf(samples()["mixed_rates"])
    )
    assert "Operațiune neimpozabilă" in pdf.words(document_pdf(samples()["not_registered"]))


def test_money_that_was_paid_already_is_taken_off() -> None:
    read = pdf.words(document_pdf(samples()["paid_by_card"]))
    for part in ("Plătit deja −300,00 RON", "Nimic de plată 0,00 RON", "Cu cardul, 21 nov. 2026"):
        assert part in read


def test_the_unit_price_is_exact_or_rounded_finer_than_the_currency() -> None:
    assert figures.unit_price(24_793, 5, "EUR", "en") == "49.586"
    assert figures.unit_price(10_000, 3, "RON", "ro") == "33,3333"
    assert figures.unit_price(-1_000, 2, "JPY", "en") == "−500"
    assert figures.unit_price(1_000, 1, "KWD", "en") == "1.000"


def test_rates_and_amounts_are_in_the_readers_language() -> None:
    assert figures.percent(255_000, "en") == "25.5\u00a0%"
    assert figures.percent(255_000, "ro") == "25,5\u00a0%"
    assert figures.money(123_456_789, "RON", "ro") == "1.234.567,89\u00a0RON"
    assert figures.money(5, "KWD", "en") == "0.005\u00a0KWD"


def test_both_languages_have_every_word() -> None:
    assert WORDS["en"].keys() == WORDS["ro"].keys()
