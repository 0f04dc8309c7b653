"""What an invoice or a credit note shows, in words and figures: all of it from the document, nothing looked up (INV-10)."""

from __future__ import annotations

from typing import Any

from billing.rules.paper.document import Document, PaperLine, Tax
from emails.papers import figures
from emails.papers.parties import brand, foot, party, spaced
from emails.papers.words import WORDS


def sheet(document: Document) -> dict[str, Any]:
    """The data of `invoice.typ`."""
    words = WORDS[document.language]
    return {
        "lang": document.language,
        "title": words[document.kind],
        "number": document.number,
        "dated": [document.issued_on.year, document.issued_on.month, document.issued_on.day],
        "brand": brand(document.seller, document.language),
        "party": party(
            words["credited" if document.kind == "credit_note" else "buyer"], document.buyer, document.language
        ),
        "facts": _facts(document),
        "table": _table(document),
        "breakdown": _breakdown(document),
        "totals": _totals(document),
        "notes": _notes(document),
        "foot": foot(document.seller),
        "page": {"before": words["page_before"], "between": words["page_between"]},
    }


def _facts(document: Document) -> list[list[str]]:
    words, language = WORDS[document.language], document.language
    facts = [("issued", document.issued_on), ("due", document.due_on), ("paid_on", document.paid_on)]
    if document.tax_point_on != document.issued_on:
        facts.insert(1, ("tax_point", document.tax_point_on))
    rows = [[words[name], figures.day(on, language)] for name, on in facts if on]
    if document.corrects:
        rows.append([words["corrects"], document.corrects])
        if document.corrects_issued_on:
            rows.append([words["corrects_issued"], figures.day(document.corrects_issued_on, language)])
    return rows


def _table(document: Document) -> dict[str, Any]:
    words, currency = WORDS[document.language], document.currency
    heads = (
        ("#", False, False), (words["item"], False, True), (words["quantity"], True, False), (words["unit_price"], True, False),
        (words["vat"], True, False), (f"{words['net']} ({currency})", True, False),
    )  # fmt: skip
    return {
        "columns": [{"head": head, "right": right, "wide": wide} for head, right, wide in heads],
        "rows": [_row(document, place, line) for place, line in enumerate(document.lines, start=1)],
    }


def _row(document: Document, place: int, line: PaperLine) -> list[dict[str, Any]]:
    language = document.language
    pieces = max(1, abs(line.quantity))
    under = [
        part for part in (figures.span(line.period_start_on, line.period_end_on, language), line.reference) if part
    ]
    return [
        {"text": str(place)},
        {"text": line.description, "more": [" · ".join(under)] if under else []},
        {"text": str(pieces)},
        {"text": figures.unit_price(line.net_minor, pieces, document.currency, language)},
        {"text": rate_text(line.tax, language)},
        {"text": figures.amount(line.net_minor, document.currency, language)},
    ]


def rate_text(tax: Tax, language: str) -> str:
    """`21 %`; for what has no rate, the category's letters."""
    return figures.percent(tax.rate, language) if tax.category in ("S", "Z") else tax.category


def _breakdown(document: Document) -> dict[str, Any]:
    words, language, currency = WORDS[document.language], document.language, document.currency
    return {
        "heads": [words["vat_rate"], words["taxable"], words["tax"]],
        "rows": [
            [
                rate_text(part.tax, language),
                figures.amount(part.taxable_minor, currency, language),
                figures.amount(part.tax_minor, currency, language),
            ]
            for part in document.taxes
        ],
    }


def _totals(document: Document) -> list[dict[str, str]]:
    words, language, currency = WORDS[document.language], document.language, document.currency
    parts: list[tuple[str, str, int]] = []
    if document.allowances:
        parts.append(("plain", words["lines"], sum(line.net_minor for line in document.lines)))
        parts += [
            ("plain", f"{words['allowance']}: {allowance.reason}", -allowance.net_minor)
            for allowance in document.allowances
        ]
    parts.append(("plain", words["net_total"], document.net_minor))
    parts.append(("plain", words["tax_total"], document.tax_minor))
    if document.kind == "credit_note":
        parts.append(("main", words["credited_total"], document.total_minor))
    elif document.prepaid_minor:
        parts.append(("plain", words["total"], document.total_minor))
        parts.append(("plain", words["prepaid"], -document.prepaid_minor))
        parts.append(("main", words["payable"] if document.payable_minor else words["settled"], document.payable_minor))
    else:
        parts.append(("main", words["payable"] if document.paid_on is None else words["total"], document.payable_minor))
    shown = [
        {"kind": kind, "name": name, "value": figures.money(minor, currency, language)} for kind, name, minor in parts
    ]
    return shown + _foreign(document)


def _foreign(document: Document) -> list[dict[str, str]]:
    foreign, words, language = document.foreign_tax, WORDS[document.language], document.language
    if foreign is None:
        return []
    rate = words["rate"].format(
        from_currency=document.currency,
        to_currency=foreign.currency,
        rate=foreign.rate.replace(".", "," if language == "ro" else "."),
        source=foreign.rate_source,
        day=figures.day(foreign.rate_on, language),
    )
    tax = figures.money(foreign.tax_minor, foreign.currency, language)
    name = words["tax_in"].format(currency=foreign.currency)
    return [{"kind": "plain", "name": name, "value": tax}, {"kind": "quiet", "name": rate, "value": ""}]


def _notes(document: Document) -> list[dict[str, Any]]:
    words = WORDS[document.language]
    blocks = [
        (words["reason"], [document.reason] if document.reason else []),
        (words["vat_notes"], _tax_notes(document)),
        (words["payment"], _payment(document)),
        (words["notes"], list(document.notes)),
    ]
    return [{"label": label, "lines": lines} for label, lines in blocks if lines]


def _tax_notes(document: Document) -> list[str]:
    """Why no VAT is charged: the law's words, and what the document itself says beyond them."""
    words, said = WORDS[document.language], []
    for tax in dict.fromkeys(part.tax for part in document.taxes if part.tax.category not in ("S", "Z")):
        abroad = tax.category == "AE" and document.seller.address.country != document.buyer.address.country
        text = words["AE_abroad" if abroad else tax.category]
        own = f" {tax.exemption_reason}" if tax.exemption_reason and tax.category == "E" else ""
        said.append(f"{tax.category}: {text}{own}")
    return said


def _payment(document: Document) -> list[str]:
    words, seller = WORDS[document.language], document.seller
    if document.payment == "none":
        return []
    how = words[f"by_{document.payment}"]
    if document.paid_on:
        return [words["paid_by"].format(how=how, day=figures.day(document.paid_on, document.language))]
    if document.kind == "credit_note" or document.payment != "bank_transfer" or not seller.iban:
        return [how]
    lines = [how, f"{words['iban']}: {spaced(seller.iban)}" + (f" ({seller.bank})" if seller.bank else "")]
    return lines + ([f"{words['quote']}: {document.payment_reference}"] if document.payment_reference else [])
