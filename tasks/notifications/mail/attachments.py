"""What goes along with a mail: a legal document, named in the mail's payload, rendered at the moment of sending.

Rendering is reproducible, so a mail that is tried again carries the same bytes. Where each kind of document comes from
is a line in `SOURCES`; that it may not exist yet is said by Retryable, and the mail waits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from emails.papers.render import receipt_pdf
from tasks.notifications.papers import paper, paper_pdf
from tasks.notifications.receipts import receipt


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file."""

    name: str
    """As the reader's computer stores it: letters, digits, dots and dashes."""
    media_type: str
    content: bytes


Source = Callable[[Connection, str], list[Attachment]]
_PDF = "application/pdf"


def _document(connection: Connection, name: str) -> list[Attachment]:
    document = paper(connection, name)
    return [Attachment(f"{document.number}.pdf", _PDF, paper_pdf(document))]


def _receipt(connection: Connection, name: str) -> list[Attachment]:
    """The receipt, and the invoice that was paid, where it has a paper: one mail says both."""
    source, _, payment_ref = name.partition(":")
    confirmed = receipt(connection, source, payment_ref)
    invoice = _document(connection, confirmed.invoice_number) if confirmed.invoice_number else []
    return [Attachment(f"{confirmed.number}.pdf", _PDF, receipt_pdf(confirmed)), *invoice]


SOURCES: Mapping[str, Source] = {"document": _document, "receipt": _receipt}
"""Kind of document -> how it is rendered. A reference is `<kind>:<reference>`, such as `document:invoice:inv-1`."""


class UnknownDocumentError(RuntimeError):
    """A document of a kind that this version cannot render; the mail waits for one that can."""


def attachments(connection: Connection, document: str) -> list[Attachment]:
    """The files of a mail's `document`.

    Raises:
        UnknownDocumentError: nothing here renders such a document.
        NoPaperError, NoReceiptError: there is no such document.
    """
    kind, _, reference = document.partition(":")
    source = SOURCES.get(kind)
    if source is None:
        raise UnknownDocumentError(f"nothing renders a document of kind {kind!r}: nothing was sent, the mail waits")
    return source(connection, reference)


def with_number(connection: Connection, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """The payload of a mail about an issued paper with the paper's number, which was drawn only after the mail was asked for."""
    kind, _, reference = (payload.get("document") or "").partition(":")
    if kind != "document" or payload["context"].get("number"):
        return payload
    return {**payload, "context": {**payload["context"], "number": paper(connection, reference).number}}
