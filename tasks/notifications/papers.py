"""Issued papers as files, made of their rows whenever somebody wants one: the PDF, with its e-invoice attached, and the e-invoice alone.

Rooms below do not know one another: words print, the provider's room writes UBL, rows keep. Here they meet.
"""

from __future__ import annotations

from sqlalchemy import Connection

from billing.rules.paper.document import Document
from emails.papers.render import document_pdf
from models.document import ERASED, thawed
from providers.anaf.ubl.compose import NotWritableError, compose

_PAPER = """SELECT d.content, b.content AS buyer FROM bursar.document d LEFT JOIN bursar.document_buyer b ON b.document_id = d.id
            WHERE d.number = %(name)s OR (d.source = 'bursar' AND d.external_id = %(name)s)"""


class NoPaperError(LookupError):
    """No paper has that number; it may be waiting for a rate, or be a provider's own."""


def paper(connection: Connection, name: str) -> Document:
    """The issued paper by its number (`BRS-2026-000123`) or by its reference (`invoice:<invoice>`).

    Raises:
        NoPaperError: there is none.
    """
    found = connection.exec_driver_sql(_PAPER, {"name": name}).mappings().first()
    if found is None:
        raise NoPaperError(f"no paper is called {name}")
    return thawed(found["content"], found["buyer"])


def paper_ubl(document: Document) -> bytes:
    """Its e-invoice, as it is or was sent: the same bytes each time.

    Raises:
        NotWritableError: UBL cannot hold it, or its buyer has been erased.
    """
    if document.buyer == ERASED:
        raise NotWritableError(f"the buyer of {document.number} has been erased; what a tax office received is kept with its submission")
    return compose(document)


def paper_pdf(document: Document) -> bytes:
    """Its PDF, with the e-invoice attached where there can be one.

    Raises:
        PaperError: the template does not fit: a bug.
    """
    try:
        ubl = paper_ubl(document)
    except NotWritableError:
        ubl = None
    return document_pdf(document, ubl)
