"""Invoices and credit notes of every kind that a tax office or a printer may meet: plain ones, and awkward ones.

`a_document()` is a plain Romanian invoice; `a_document(lines=[...], buyer=...)` another, whose sums always agree.
`samples()` are all kinds by name. What goes to e-Factura is `ubl_samples()`; the rest only a PDF can hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from billing.rules.money import divide_half_up
from billing.rules.paper.document import (
    RATE_SCALE,
    Address,
    Allowance,
    Document,
    ForeignTax,
    PaperLine,
    Party,
    Tax,
    TaxPart,
)

S21 = Tax(category="S", rate=21 * RATE_SCALE)
S11 = Tax(category="S", rate=11 * RATE_SCALE)
S19_DE = Tax(category="S", rate=19 * RATE_SCALE)
REVERSE = Tax(category="AE", rate=0, exemption_code="VATEX-EU-AE", exemption_reason="Reverse charge")
EXPORT = Tax(category="G", rate=0, exemption_code="VATEX-EU-G", exemption_reason="Export outside the EU")
OUTSIDE = Tax(category="O", rate=0, exemption_code="VATEX-EU-O", exemption_reason="Not subject to VAT")
INTRA_EU = Tax(category="K", rate=0, exemption_code="VATEX-EU-IC", exemption_reason="Intra-community supply")
EXEMPT = Tax(category="E", rate=0, exemption_reason="Art. 292 alin. (1) lit. f) Cod fiscal")
ZERO = Tax(category="Z", rate=0)

SELLER = Party(
    name="Știința Rețelelor S.R.L.",
    address=Address(
        street="Str. Învățătorilor nr. 12, et. 3", city="SECTOR3", county="RO-B", country="RO", postal_code="030167"
    ),
    business=True,
    vat_id="RO18547290",
    registration_no="J40/4452/2006",
    email="facturi@retele.example",
    phone="+40 21 555 0142",
    iban="RO49AAAA1B31007593840000",
    bank="Banca Exemplu",
    legal_note="Capital social 200 lei",
)
BUYER_RO = Party(
    name="Țesătoria Măgura S.A.",
    address=Address(
        street="Bd. Ștefan cel Mare nr. 5", city="Cluj-Napoca", county="RO-CJ", country="RO", postal_code="400001"
    ),
    business=True,
    vat_id="RO14399840",
    registration_no="J12/1187/2001",
    email="contabilitate@magura.example",
)
CONSUMER_RO = Party(
    name="Ioana Brândușă Țîrlea",
    address=Address(street="Aleea Cireșilor 7", city="Iași", county="RO-IS", country="RO"),
    business=False,
    email="ioana@example.com",
)
BUYER_DE = Party(
    name="Müller & Söhne GmbH",
    address=Address(street="Königsallee 60", city="Düsseldorf", country="DE", postal_code="40212"),
    business=True,
    vat_id="DE136695976",
    vies_consultation="WAPIAAAAZ1a2b3c4",
)
BUYER_US = Party(
    name="Acme <b>Holdings</b> & Co.",
    address=Address(street="1 Infinite Loop", city="Cupertino", county="US-CA", country="US", postal_code="95014"),
    business=True,
    tax_number="94-2404110",
)

_DEFAULT_LINES = (
    PaperLine(
        description="Plan Profesional, abonament lunar", net_minor=24_793, tax=S21, quantity=5,
        period_start_on=date(2026, 11, 1), period_end_on=date(2026, 11, 30), reference="sub_pro",
    ),
)  # fmt: skip


def broken_down(lines: Iterable[PaperLine], allowances: Iterable[Allowance]) -> list[TaxPart]:
    """The VAT breakdown of these, each rate rounded once."""
    sums: dict[Tax, int] = {}
    for line in lines:
        sums[line.tax] = sums.get(line.tax, 0) + line.net_minor
    for allowance in allowances:
        sums[allowance.tax] = sums.get(allowance.tax, 0) - allowance.net_minor
    return [
        TaxPart(tax=tax, taxable_minor=net, tax_minor=divide_half_up(net * tax.rate, 100 * RATE_SCALE))
        for tax, net in sums.items()
    ]


def a_document(**changes: Any) -> Document:
    """A domestic invoice in RON, with the changes; its breakdown and totals follow from its lines and allowances."""
    lines: Sequence[PaperLine] = changes.get("lines", _DEFAULT_LINES)
    allowances: Sequence[Allowance] = changes.get("allowances", ())
    taxes = broken_down(lines, allowances)
    net = sum(part.taxable_minor for part in taxes)
    tax = sum(part.tax_minor for part in taxes)
    values: dict[str, Any] = {
        "kind": "invoice", "number": "BRS-2026-000123", "issued_on": date(2026, 11, 21), "tax_point_on": date(2026, 11, 21),
        "due_on": date(2026, 12, 5), "currency": "RON", "language": "ro", "seller": SELLER, "buyer": BUYER_RO, "lines": lines,
        "allowances": allowances, "taxes": taxes, "net_minor": net, "tax_minor": tax, "total_minor": net + tax, "prepaid_minor": 0,
        "payment": "bank_transfer", "payment_reference": "BRS-2026-000123",
    }  # fmt: skip
    values |= changes
    values.setdefault("payable_minor", values["total_minor"] - values["prepaid_minor"])
    if values["currency"] != "RON" and values["seller"].address.country == "RO" and "foreign_tax" not in values:
        values["foreign_tax"] = in_ron(values["tax_minor"])
    return Document(**values)


def in_ron(tax_minor: int) -> ForeignTax:
    """A tax in euros, in RON."""
    return ForeignTax(
        currency="RON",
        tax_minor=divide_half_up(tax_minor * 50_898, 10_000),
        rate="5.0898",
        rate_on=date(2026, 11, 20),
        rate_source="BNR",
    )


def a_credit_note(**changes: Any) -> Document:
    """Takes a part of `a_document()` back."""
    values = {
        "kind": "credit_note", "number": "BRC-2026-000007", "corrects": "BRS-2026-000123", "corrects_issued_on": date(2026, 11, 21),
        "reason": "Rambursare parțială la cererea clientului", "due_on": None, "payment": "card", "payment_reference": None,
        "lines": (PaperLine(description="Plan Profesional, abonament lunar (2 din 5 locuri)", net_minor=9_917, tax=S21, quantity=2),),
    }  # fmt: skip
    return a_document(**(values | changes))


def _line(description: str, net_minor: int, tax: Tax, **more: Any) -> PaperLine:
    return PaperLine(description=description, net_minor=net_minor, tax=tax, **more)


def _abroad(buyer: Party, currency: str, *lines: PaperLine) -> Document:
    return a_document(buyer=buyer, currency=currency, language="en", lines=lines)


def _mixed() -> list[PaperLine]:
    return [
        _line(
            "Plan Profesional",
            100_000,
            S21,
            quantity=5,
            period_start_on=date(2026, 11, 1),
            period_end_on=date(2026, 11, 30),
        ),
        _line("Manual tipărit „Rețele pe înțelesul tuturor”", 8_999, S11, quantity=3),
        _line("Curs acreditat", 45_000, EXEMPT),
        _line("Credit pentru 12 zile nefolosite din planul Start", -12_345, S21, quantity=1, reference="sub_start"),
    ]


def _many() -> list[PaperLine]:
    words = (
        "Găzduire",
        "Licență",
        "Suport",
        "Credite",
        "Instruire cu un titlu care nu încape deloc pe un singur rând al tabelului",
    )
    return [
        _line(
            f"{words[at % 5]} — poziția {at + 1}",
            1_000 + 37 * at,
            S11 if at % 7 == 0 else S21,
            quantity=1 + at % 4,
            reference=f"P-{at + 1:03}",
        )
        for at in range(60)
    ]


def _awkward() -> Mapping[str, Document]:
    return {
        "awkward_names": a_document(
            buyer=replace(
                BUYER_RO,
                name="<script>alert('x')</script> & #let x = [*] $y$ \\u{41} _Întreprinderea_ " + "Foarte Lungă " * 14,
                address=replace(BUYER_RO.address, street="Strada " + "Lungă " * 40, city="Cluj-Napoca"),
            ),
            lines=[_line("#panic(\"no\") *bold* <tag> // not a comment @ref `raw` $x^2$ — „ghilimele”", 1_000, S21)],
        ),
        "right_to_left": a_document(
            buyer=replace(BUYER_RO, name="חברת הדוגמה בע״מ — شركة المثال"),
            lines=[_line("مثال (example) דוגמה 123", 1_000, S21)],
            language="en",
        ),
        "many_lines": a_document(lines=_many()),
        "county_names": a_document(
            seller=replace(SELLER, address=replace(SELLER.address, city="București, sector 6")),
            buyer=replace(BUYER_RO, address=replace(BUYER_RO.address, city="Sectorul 2", county="RO-B")),
        ),
    }  # fmt: skip


def ubl_samples() -> Mapping[str, Document]:
    """All kinds that UBL can hold, by name."""
    bank_less = replace(SELLER, iban=None, bank=None)
    plain_seller = replace(SELLER, vat_id=None, tax_number="18547290")
    return {
        "domestic": a_document(),
        "paid_by_card": a_document(payment="card", paid_on=date(2026, 11, 21), prepaid_minor=30_000, due_on=None, lines=_DEFAULT_LINES),
        "consumer": a_document(buyer=CONSUMER_RO, payment="card", seller=bank_less),
        "not_registered": a_document(seller=plain_seller, lines=[_line("Consultanță", 50_000, OUTSIDE)]),
        "reverse_charge": _abroad(BUYER_DE, "EUR", _line("Professional plan", 9_900, REVERSE, quantity=3)),
        "intra_eu": _abroad(BUYER_DE, "EUR", _line("Printed handbook", 4_550, INTRA_EU, quantity=2)),
        "export": _abroad(BUYER_US, "USD", _line("Printed handbook", 4_550, EXPORT)),
        "outside_scope": _abroad(BUYER_US, "USD", _line("Professional plan", 4_550, OUTSIDE)),
        "oss": a_document(
            buyer=replace(BUYER_DE, business=False, vat_id=None, name="Jürgen Groß", vies_consultation=None), currency="EUR", language="en",
            lines=[_line("Professional plan", 8_319, S19_DE)], payment="card",
        ),
        "mixed_rates": a_document(lines=_mixed()),
        "allowances": a_document(
            lines=_mixed(),
            allowances=[
                Allowance(reason="Cod promoțional TOAMNĂ10", net_minor=8_766, tax=S21),
                Allowance(reason="Cod promoțional TOAMNĂ10", net_minor=900, tax=S11),
            ],
        ),
        "zero_rate": a_document(lines=[_line("Sample at zero", 1_000, ZERO), _line("Plan", 5_000, S21)], language="en"),
        "euros": a_document(currency="EUR", language="en", lines=[_line("Professional plan", 24_793, S21, quantity=5)]),
        "yen": _abroad(BUYER_US, "JPY", _line("Professional plan", 12_345, OUTSIDE)),
        "credit_note": a_credit_note(),
        "credit_note_euros": a_credit_note(currency="EUR", language="en", reason="Refund", lines=[_line("Professional plan", 5_000, S21)]),
        "credit_note_reverse": a_credit_note(currency="EUR", language="en", buyer=BUYER_DE, lines=[_line("Plan", 5_000, REVERSE)]),
        **_awkward(),
    }  # fmt: skip


def samples() -> Mapping[str, Document]:
    """All kinds, those too that UBL cannot hold: three decimals, and letters that no font of ours has."""
    return {
        **ubl_samples(),
        "three_decimals": a_document(
            currency="KWD", language="en", buyer=BUYER_US, lines=[_line("Professional plan", 12_345, OUTSIDE)]
        ),
        "no_glyphs": a_document(buyer=replace(BUYER_RO, name="株式会社サンプル 😀 S.A."), language="en"),
    }
