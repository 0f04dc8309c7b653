"""Papers as PDF: invoice and credit note, receipt, payout statement (INV-10, PAY-11). Made when asked for, never stored.

The same data gives the same bytes, today and in ten years with the same version of the templates.
"""

from __future__ import annotations

from billing.rules.paper.document import Document
from emails.papers import invoice, receipt, statement
from emails.papers.compiler import compile_paper
from emails.papers.receipt import Receipt
from emails.papers.statement import PayoutStatement
from emails.papers.words import WORDS


def document_pdf(document: Document, ubl: bytes | None = None) -> bytes:
    """An issued invoice or credit note as PDF/A-3b; `ubl`, where it is given, is attached as `<number>.xml`.

    Raises:
        PaperError: the template does not fit: a bug, found by its tests.
    """
    words = WORDS[document.language]
    data = invoice.sheet(document)
    if ubl is not None:
        data["attached"] = {"name": f"{_file_name(document.number)}.xml", "description": words["attached"]}
    return compile_paper("invoice", data, missing_note=words["missing"], on=document.issued_on, attached=ubl)


def receipt_pdf(paid: Receipt) -> bytes:
    """A receipt as PDF/A-3b.

    Raises:
        PaperError: as for a document.
    """
    return compile_paper("receipt", receipt.sheet(paid), missing_note=WORDS[paid.language]["missing"], on=paid.paid_on)


def statement_pdf(made: PayoutStatement) -> bytes:
    """A payout statement as PDF/A-3b.

    Raises:
        PaperError: as for a document.
    """
    return compile_paper(
        "statement", statement.sheet(made), missing_note=WORDS[made.language]["missing"], on=made.made_on
    )


def _file_name(number: str) -> str:
    """The number with only what every file system takes."""
    return "".join(char if char.isascii() and (char.isalnum() or char in "-_.") else "_" for char in number)
