"""Mails a buyer his invoice or credit note, once per paper; the PDF is made when the mail goes out, for its number is drawn last.

An invoice that is charged by itself goes out with the receipt of its payment, when the outcome is known; one that the buyer has to pay, or
that credits have paid, goes out when it is issued. So does one whose paper had to wait: its receipt has gone out without it.
"""

from __future__ import annotations

from dataclasses import replace

import structlog

from billing.operations.send_mail import addressee_of, send_mail
from billing.operations.unit import UnitOfWork
from billing.rules.paper.document import Document
from billing.rules.paper.unnumbered import Unnumbered
from emails.told import PaperTold
from emails.values import Amount, Day
from models.invoice import Invoice

log = structlog.get_logger(__name__)

_NOW = """SELECT coalesce(b.email, s.email) AS email FROM bursar.subscriber s
          LEFT JOIN bursar.bill_to b ON b.source = s.source AND b.external_id = s.external_id
          WHERE s.source = 'bursar' AND s.external_id = %(ref)s"""


def tell_paper(unit: UnitOfWork, row: Invoice, paper: Unnumbered, *, waited: bool = False) -> None:
    """Have the mail sent after the commit; where no address is known there is none, and the log says so."""
    document = paper.document
    credit = document.kind == "credit_note"
    if not credit and not _told_at_issue(row) and not (waited and row.status == "paid"):
        return
    mail = "credit_note_issued" if credit else "invoice_issued"
    # A credit note has the buyer of its invoice, who may have moved since, or was erased.
    email = _address_now(unit, paper.subscriber_ref) if credit else document.buyer.email
    if not email:
        log.info("subscriber_not_told", mail=mail, paper=paper.reference, cause="no address is known")
        return
    context = PaperTold(
        number="",
        amount=Amount.of(document.total_minor, document.currency),
        about=_about(document),
        issued_on=Day.of(document.issued_on),
        due_on=Day.of(document.due_on) if document.due_on and document.payable_minor and not credit else None,
        corrects=document.corrects,
    )
    to = replace(addressee_of(unit, email, paper.subscriber_ref), language=document.language)  # as its paper
    send_mail(unit, mail, to, context, paper.reference, lane=f"mail:{mail}:{paper.reference}", document=f"document:{paper.reference}")


def _told_at_issue(row: Invoice) -> bool:
    """Whether no payment of it will be confirmed by a mail of its own."""
    paid_by_money = row.status == "paid" and bool(row.amount_paid_minor)
    return not paid_by_money and (row.collection_method == "manual" or row.status == "paid")


def _about(document: Document) -> str:
    return document.lines[0].description if document.lines else document.seller.name


def _address_now(unit: UnitOfWork, subscriber_ref: str) -> str | None:
    found = unit.committed(_NOW, {"ref": subscriber_ref})
    email: str | None = found[0]["email"] if found else None
    return email
