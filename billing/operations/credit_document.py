"""Takes an issued invoice back, wholly or in part, by a credit note with a number of its own: an issued paper is never changed (INV-9).

Credit notes follow from what became of the invoice: void, what is left of it is taken back; refunded, as much as went back and no
credit note has said yet, with the tax split as the invoice has it. By hand a finance person credits what else is to be taken back.
However they come, they never exceed the invoice: what is left of it is counted under the invoice's lock, and the database counts again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import structlog

from billing.operations.issue_document import paper_ref
from billing.operations.keep_back import let_go, wait_for_invoice
from billing.operations.note_over_credit import note_over_credit
from billing.operations.parties import seller_of
from billing.operations.send_on import send_on
from billing.operations.tax_invoice import seller_day
from billing.operations.tell_paper import tell_paper
from billing.operations.unit import UnitOfWork
from billing.rules.paper.credit import gross, left, share
from billing.rules.paper.document import Document, ForeignTax, PaperLine, TaxPart
from billing.rules.paper.unnumbered import Unnumbered
from billing.rules.paper.when import KEEP_YEARS
from billing.rules.tax.exchange import convert
from models.base import OWN_SOURCE
from models.document import thawed
from models.invoice import Invoice

log = structlog.get_logger(__name__)

_PAPERS = """SELECT d.external_id, d.kind, d.invoice_ref, d.content, b.content AS buyer FROM bursar.document d
             LEFT JOIN bursar.document_buyer b ON b.document_id = d.id
             WHERE d.source = 'bursar' AND d.invoice_ref = ANY (%(refs)s) ORDER BY d.issued_at, d.no"""
UNUSED = "unused:"
"""What references of credit notes for unused parts begin with: these do not count for refunds, which take back something else."""
REPLACED_BY = "replaced_by"
"""In the metadata of an invoice that was given up: the one that money paid which came all the same. Two papers would be taxed twice."""
_WORDS = {
    "en": {"credit": "Credit for invoice {0}", "void": "Invoice cancelled", "refund": "Refund", "unused": "Unused part of the period",
           "replaced": "Replaced by a new invoice"},
    "ro": {"credit": "Stornare factură {0}", "void": "Factură anulată", "refund": "Rambursare", "unused": "Parte neutilizată a perioadei",
           "replaced": "Înlocuită de o factură nouă"},
}  # fmt: skip


@dataclass(slots=True)
class Papers:
    """An invoice's paper and the credit notes of it, those of this unit included."""

    invoice: Document
    notes: dict[str, Document]

    @property
    def left(self) -> list[TaxPart]:
        """What of it can still be credited."""
        return left(self.invoice.taxes, [note.taxes for note in self.notes.values()])

    @property
    def credited_minor(self) -> int:
        """What was, but for unused parts."""
        return sum(note.total_minor for name, note in self.notes.items() if not name.startswith(UNUSED))

    def foreign_tax(self, tax_minor: int) -> ForeignTax | None:
        """`tax_minor` of a new credit note in the tax office's currency, by the invoice's own rate: what is taken back is what was
        declared (Codul fiscal, art. 282 (9)). Notes together come to the invoice's, to the last unit."""
        first = self.invoice.foreign_tax
        if first is None:
            return None
        taxes, said = tax_minor, 0
        for note in self.notes.values():
            if note.foreign_tax is not None and (note.foreign_tax.rate, note.foreign_tax.rate_on) == (first.rate, first.rate_on):
                taxes, said = taxes + note.tax_minor, said + note.foreign_tax.tax_minor
        return replace(first, tax_minor=convert(taxes, self.invoice.currency, first.currency, first.rate) - said)


def papers_of(unit: UnitOfWork, invoice_refs: Sequence[str]) -> dict[str, Papers]:
    """By invoice; one without a paper is left out. The invoices are to be locked."""
    found: dict[str, Papers] = {}
    for row in unit.committed(_PAPERS, {"refs": list(invoice_refs)}):
        document = thawed(row["content"], row["buyer"])
        if row["kind"] == "invoice":
            found[row["invoice_ref"]] = Papers(document, {})
        else:
            found[row["invoice_ref"]].notes[row["external_id"]] = document
    for paper in unit.papers:
        if paper.document.kind == "credit_note" and paper.invoice_ref in found:
            found[paper.invoice_ref].notes[paper.reference] = paper.document
    return found


def credit_later(unit: UnitOfWork, row: Invoice) -> None:
    """Have what became of a locked invoice of ours said by a credit note, at the unit's end, if it has a paper."""
    if row.source == OWN_SOURCE and seller_of(unit) is not None:
        unit.later(_credit_what_became, row.external_id)


def _credit_what_became(unit: UnitOfWork, invoice_refs: Sequence[str]) -> None:
    unit.load((Invoice.NAME, OWN_SOURCE, ref) for ref in invoice_refs)
    found = papers_of(unit, invoice_refs)
    for ref in invoice_refs:
        row, papers = unit.row(Invoice, OWN_SOURCE, ref), found.get(ref)
        unit.again(ref)
        if papers is None:
            if row.refunded_minor:
                unit.later(wait_for_papers, ref)
            continue
        rest = gross(papers.left)
        if row.status == "void" or REPLACED_BY in (row.metadata_ or {}):
            if rest:
                _issue(unit, row, papers, f"void:{ref}", rest, _word(papers, "void" if row.status == "void" else "replaced"))
            continue
        refunded = min(row.refunded_minor or 0, papers.invoice.total_minor)
        credited = papers.credited_minor
        if refunded > credited and rest:
            _issue(unit, row, papers, f"refund:{ref}:{refunded}", min(rest, refunded - credited), _word(papers, "refund"))
        noted = sum(note.total_minor for name, note in papers.notes.items() if name.startswith("refund:"))
        if note_over_credit(unit, row, noted, refunded):
            log.error(
                "credited_more_than_refunded", invoice=ref, credited_minor=credited, refunded_minor=refunded,
                effect="a refund has failed after its credit note was issued; nothing was changed",
                next_step="docs/runbook/refunds.md: refund it again (no second credit note follows), or bill the difference by hand",
            )  # fmt: skip


def wait_for_papers(unit: UnitOfWork, invoice_refs: Sequence[str]) -> None:
    """Have the credit notes of locked invoices that have no paper yet wait for it; asked for after all papers of this unit were issued."""
    for ref in invoice_refs:
        unit.again(ref)
        wait_for_invoice(unit, unit.row(Invoice, OWN_SOURCE, ref))


def credit(unit: UnitOfWork, row: Invoice, papers: Papers, reference: str, amount_minor: int, reason: str) -> None:
    """Issue a credit note of a locked invoice by hand; the same reference again is the same one.

    Raises:
        ValueError: the amount is not 1 to what is left.
    """
    name = f"credit:{row.external_id}:{reference}"
    if name not in papers.notes:
        unit.issue(_paper(unit, row, papers, name, amount_minor, reason))


def credit_part(unit: UnitOfWork, row: Invoice, papers: Papers, amount_minor: int) -> None:
    """Issue a credit note for an unused part of what a locked invoice has billed: at most what is left of it."""
    before = sum(note.total_minor for name, note in papers.notes.items() if name.startswith(UNUSED))
    _issue(unit, row, papers, f"{UNUSED}{row.external_id}:{before + amount_minor}", amount_minor, _word(papers, "unused"))


def _issue(unit: UnitOfWork, row: Invoice, papers: Papers, name: str, amount_minor: int, reason: str) -> None:
    if name in papers.notes:
        return
    unit.issue(_paper(unit, row, papers, name, amount_minor, reason))
    let_go(unit, f"credit:{row.external_id}")


def _paper(unit: UnitOfWork, row: Invoice, papers: Papers, name: str, amount_minor: int, reason: str) -> Unnumbered:
    seller = seller_of(unit)
    if seller is None:
        raise LookupError("no seller is defined, but papers were issued: define the seller again")
    on = seller_day(seller, unit.began_at)
    document = _note(papers, amount_minor, reason, on)
    send_on(unit, seller, [name])
    paper = Unnumbered(
        reference=name, series=seller.credit_note_series or "", at=unit.began_at, document=document, invoice_ref=row.external_id,
        subscriber_ref=row.subscriber_ref or "", corrects_ref=paper_ref(row.external_id), keep_years=seller.keep_years or KEEP_YEARS,
    )  # fmt: skip
    tell_paper(unit, row, paper)
    return paper


def _note(papers: Papers, amount_minor: int, reason: str, on: date) -> Document:
    """Seller and buyer, language, currency and rate of exchange stay those of the invoice; only the amounts and the day are its own."""
    invoice = papers.invoice
    parts = share(papers.left, amount_minor)
    whole = amount_minor == invoice.total_minor
    net, tax = sum(part.taxable_minor for part in parts), sum(part.tax_minor for part in parts)
    text = _word(papers, "credit").format(invoice.number)
    lines = [PaperLine(description=text, net_minor=part.taxable_minor, tax=part.tax) for part in parts]
    return replace(
        invoice, kind="credit_note", number="", issued_on=on, tax_point_on=on, due_on=None, lines=invoice.lines if whole else lines,
        allowances=invoice.allowances if whole else (), taxes=parts, net_minor=net, tax_minor=tax, total_minor=amount_minor,
        prepaid_minor=0, payable_minor=amount_minor, foreign_tax=papers.foreign_tax(tax), notes=(),
        payment="none", paid_on=None, payment_reference=None, corrects=invoice.number, corrects_issued_on=invoice.issued_on, reason=reason,
    )  # fmt: skip


def _word(papers: Papers, what: str) -> str:
    return _WORDS[papers.invoice.language][what]
