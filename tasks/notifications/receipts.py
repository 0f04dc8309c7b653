"""A payment that succeeded as a receipt: what the rows say of it now, as data for the PDF (PAY-11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from billing.operations.issue_document import language_of
from billing.operations.parties import buyer_party, seller_party
from billing.rules.invoice_life import late_reference
from billing.rules.money import iso_minor
from billing.rules.paper.document import Address, Party
from core.ids import public_id
from emails.papers.receipt import Receipt, ReceiptItem
from models.bill_to import BillTo
from models.payment import Payment
from models.plain import new_row
from models.seller import Seller
from models.subscriber import Subscriber

_PAYMENT = """
    SELECT p.id, p.source, p.external_id, p.received_minor, p.currency, f.purpose, f.purpose_ref, f.external_ref,
           coalesce(c.provider_created_at, p.provider_created_at, f.granted_at, p.created_at) AS paid_at, m.brand, m.last4,
           coalesce(l.lines, i.lines) AS lines, i.subscriber_ref, d.number,
           u.name AS payer_name, u.email AS payer_email, u.external_ref AS payer_ref
    FROM bursar.payment p
    LEFT JOIN bursar.fulfilment f ON f.source = p.source AND f.external_id = p.external_id
    LEFT JOIN bursar.charge c ON c.source = p.source AND c.external_id = p.latest_charge_ref
    LEFT JOIN bursar.payment_method m ON m.source = p.source AND m.external_id = coalesce(c.payment_method_ref, p.payment_method_ref)
    LEFT JOIN bursar.invoice i ON f.purpose = 'invoice' AND i.source = 'bursar' AND i.external_id = f.purpose_ref
    LEFT JOIN bursar.invoice l ON l.source = i.source AND l.external_id = i.external_id || %(late)s || f.external_id
    LEFT JOIN bursar.document d ON d.source = 'bursar' AND d.external_id = 'invoice:' || coalesce(l.external_id, i.external_id)
    LEFT JOIN bursar.customer u ON u.source = p.source AND u.external_id = p.customer_ref
    WHERE p.source = %(source)s AND p.external_id = %(payment)s AND p.status = 'succeeded'"""
_SELLER = "SELECT * FROM bursar.seller WHERE source = 'bursar' AND versions <> '{}'"
_SUBSCRIBER = "SELECT * FROM bursar.subscriber WHERE source = 'bursar' AND external_id = %(ref)s"
_BILL_TO = "SELECT * FROM bursar.bill_to WHERE source = 'bursar' AND external_id = %(ref)s AND versions <> '{}'"
_METHODS: Mapping[str, Literal["card", "bank_transfer", "paypal", "credit"]] = {
    "stripe": "card", "paypal": "paypal", "manual": "bank_transfer",
}  # fmt: skip


class NoReceiptError(LookupError):
    """No such payment succeeded, or nobody said who the seller is: there is nothing to confirm, or nobody who could."""


def receipt(connection: Connection, source: str, payment_ref: str) -> Receipt:
    """The receipt of a payment, by its provider and the provider's id of it.

    Raises:
        NoReceiptError: there is none to give.
    """
    # What came for an invoice that had ended has paid a new one (INV-13).
    found = _one(connection, _PAYMENT, source=source, payment=payment_ref, late=late_reference("", ""))
    said = _one(connection, _SELLER)
    if found is None or said is None:
        why = "no seller is defined: `sellers.define`" if found else "it has not succeeded, or is not known"
        raise NoReceiptError(f"there is no receipt of {source}:{payment_ref}: {why}")
    seller = new_row(Seller, **said)
    ref = found["subscriber_ref"] or found["external_ref"] or found["payer_ref"] or ""
    known = _one(connection, _SUBSCRIBER, ref=ref)
    language = language_of(seller, new_row(Subscriber, **(known or {"language": None})))
    currency = found["currency"]
    amount = iso_minor(found["received_minor"] or 0, currency, source)
    return Receipt(
        number=public_id(Payment.PUBLIC_PREFIX, found["id"]),
        paid_on=found["paid_at"].astimezone(ZoneInfo(seller.zone or "UTC")).date(),
        currency=currency,
        amount_minor=amount,
        language=language,
        seller=seller_party(seller),
        payer=_payer(connection, seller, known, found),
        items=_items(found, amount),
        method=_METHODS.get(source, "card"),
        instrument=f"{found['brand'].title()} •••• {found['last4']}" if found["brand"] and found["last4"] else None,
        invoice_number=found["number"],
        provider_ref=payment_ref,
    )


def _payer(connection: Connection, seller: Seller, known: Mapping[str, Any] | None, found: Mapping[str, Any]) -> Party:
    if known is not None:
        said = _one(connection, _BILL_TO, ref=known["external_id"])
        return buyer_party(seller, new_row(Subscriber, **known), new_row(BillTo, **said) if said else None)
    name = found["payer_name"] or found["payer_email"] or found["external_ref"] or "-"
    return Party(name=name, address=Address(street="", city="", country=""), business=False, email=found["payer_email"])


def _items(found: Mapping[str, Any], amount_minor: int) -> list[ReceiptItem]:
    """The invoice's lines, where they are what was paid; else what the payment was for, as a whole."""
    lines = [(line.get("description") or "", line.get("amount_minor") or 0) for line in found["lines"] or ()]
    if lines and sum(minor for _, minor in lines) == amount_minor:
        return [ReceiptItem(description=text, amount_minor=minor) for text, minor in lines]
    about = next((text for text, _ in lines if text), None) or found["purpose_ref"]
    return [ReceiptItem(description=about, amount_minor=amount_minor)] if about else []


def _one(connection: Connection, sql: str, **bound: Any) -> Mapping[str, Any] | None:
    found = connection.exec_driver_sql(sql, bound).mappings().first()
    return None if found is None else dict(found)
