"""Mails a payer the receipt of what he paid, once per payment, as soon as what it was for is granted (PAY-11).

It carries the invoice, so it goes where papers go.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from billing.operations.parties import seller_of
from billing.operations.send_mail import addressee_of, send_mail
from billing.operations.tax_invoice import seller_day
from billing.operations.unit import UnitOfWork
from core.ids import public_id
from emails.told import PaperTold
from emails.values import Amount, Day
from models.base import OWN_SOURCE
from models.fulfilment import Fulfilment
from models.payment import Payment

log = structlog.get_logger(__name__)
MAIL = "receipt"
_WITHIN = timedelta(days=1)
"""What grants it and what says how much came may be told by different events, in any order; the mail's key makes it one mail. News of
later days (a refund) confirm nothing any more, even where the mail's row has been cleaned up."""

_PAYER = """
    SELECT coalesce(b.email, s.email, u.email) AS email, coalesce(s.external_id, w.ref) AS subscriber_ref, w.about
    FROM (SELECT coalesce(i.subscriber_ref, %(payer)s) AS ref, i.lines -> 0 ->> 'description' AS about
          FROM (SELECT 1) AS one LEFT JOIN bursar.invoice i ON i.source = %(own)s AND i.external_id = %(invoice)s) AS w
    LEFT JOIN bursar.subscriber s ON s.source = %(own)s AND s.external_id = w.ref
    LEFT JOIN bursar.bill_to b ON b.source = %(own)s AND b.external_id = w.ref
    LEFT JOIN bursar.customer u ON u.source = %(source)s AND u.external_id = %(customer)s"""


def tell_receipt(unit: UnitOfWork, row: Fulfilment, payment: Payment) -> None:
    """Send it with the PDF; where nobody said who the seller is there are no papers, and where no address is known the log says so."""
    seller = seller_of(unit)
    if row.granted_at is None or unit.now - row.granted_at > _WITHIN or not payment.received_minor or seller is None:
        return
    bound = {
        "own": OWN_SOURCE, "source": row.source, "payer": row.external_ref, "customer": row.customer_ref,
        "invoice": row.purpose_ref if row.purpose == "invoice" else None,
    }  # fmt: skip
    payer = unit.committed(_PAYER, bound)[0]
    if not payer["email"]:
        log.info("payer_not_told", mail=MAIL, payment=payment.external_id, cause="no address is known")
        return
    context = PaperTold(
        number=public_id(Payment.PUBLIC_PREFIX, payment.id),
        amount=Amount.of(payment.received_minor, payment.currency or "", payment.source),
        about=payer["about"] or row.purpose_ref or payment.external_id,
        issued_on=Day.of(seller_day(seller, unit.now)),
    )
    send_mail(
        unit, MAIL, addressee_of(unit, payer["email"], payer["subscriber_ref"]), context, payment.source, payment.external_id,
        lane=f"mail:{MAIL}:{payment.external_id}", document=f"receipt:{payment.source}:{payment.external_id}",
    )  # fmt: skip
