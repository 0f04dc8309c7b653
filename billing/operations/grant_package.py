"""Grants the credits of a package that was paid for, once per payment, whatever paid it (CRED-4, T6).

An own invoice has what it grants frozen in a column of its own. What was sold through a checkout or bank transfer without an
invoice names the product; it grants what that grants now.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from billing.operations.claw_back_part import claw_back_part
from billing.operations.grant_credits import Grant, grant_credits, lapse_of
from billing.operations.unit import UnitOfWork
from core.settings import current
from models.customer import Customer
from models.fulfilment import Fulfilment
from models.invoice import Invoice
from models.payment import Payment

log = structlog.get_logger(__name__)

_PRODUCT = """SELECT credits, credit_validity_months FROM bursar.product
             WHERE source = 'bursar' AND external_id = %(ref)s AND kind = 'credit_package'"""
_UNCLAIMED = """SELECT external_id FROM bursar.fulfilment WHERE source = %(source)s AND customer_ref = %(customer)s
                AND purpose = 'credit_package' AND external_ref IS NULL ORDER BY external_id"""


def grant_invoiced_package(unit: UnitOfWork, invoice: Invoice) -> None:
    """`ON_PAID` of the type `credit_package`."""
    _, months = _product(unit, invoice.product_ref)
    grant_credits(unit, Grant(
        lot=lot_of_invoice(invoice.external_id), subscriber_ref=invoice.subscriber_ref or "", amount=invoice.package_credits or 0,
        pool="purchased", origin="package", kind="purchase", expires_at=lapse_of(unit, invoice.subscriber_ref or "", months),
        product_ref=invoice.product_ref, invoice_ref=invoice.external_id, payment_ref=invoice.payment_ref,
    ), begins_period=True)  # fmt: skip


def grant_bought_package(unit: UnitOfWork, row: Fulfilment) -> None:
    """Of a fulfilment with the purpose `credit_package`; at the unit's end, when all is known about whose it is."""
    unit.later(_grant, f"{row.source} {row.external_id}")


def grant_unclaimed_packages(unit: UnitOfWork, customer: Customer) -> None:
    """Somebody paid before the app said who he is; now it has."""
    bound = {"source": customer.source, "customer": customer.external_id}
    found = [row["external_id"] for row in unit.committed(_UNCLAIMED, bound)]
    unit.load((Fulfilment.NAME, customer.source, ref) for ref in found)
    for ref in found:
        row = unit.row(Fulfilment, customer.source, ref)
        row.external_ref = row.external_ref or customer.external_ref
        grant_bought_package(unit, row)


def lot_of_invoice(reference: str) -> str:
    """The lot that an invoice for a package grants."""
    return f"invoice:{reference}"


def lot_of_fulfilment(row: Fulfilment) -> str:
    """The lot that a payment without an invoice grants."""
    return f"payment:{row.source}:{row.external_id}"


def _grant(unit: UnitOfWork, keys: Sequence[str]) -> None:
    for key in keys:
        unit.again(key)
        row = unit.row(Fulfilment, *key.split(" ", 1))
        if row.status != "granted":
            continue
        amount, months = _product(unit, row.purpose_ref)
        if not row.external_ref or not amount:
            log.warning(
                "credits_not_granted", fulfilment=row.external_id, package=row.purpose_ref, customer=row.customer_ref,
                cause="no customer of the app is named" if amount else "no package of credits has this name",
                effect="it is paid, and nothing was granted",
                next_step="link the customer, or define the product and `bursar credits adjust`",
            )  # fmt: skip
            continue
        grant_credits(unit, Grant(
            lot=lot_of_fulfilment(row), subscriber_ref=row.external_ref, amount=amount, pool="purchased", origin="package",
            kind="purchase", expires_at=lapse_of(unit, row.external_ref, months), product_ref=row.purpose_ref, payment_ref=row.payment_ref,
        ), begins_period=True)  # fmt: skip
        for payment in unit.find(Payment, row.source, [row.payment_ref or ""]).values():  # a part of it may be back already
            claw_back_part(unit, row, lot_of_fulfilment(row), payment.refunded_minor or 0, payment.received_minor or 0)


def _product(unit: UnitOfWork, reference: str | None) -> tuple[int | None, int]:
    """(credits, months of validity) of a package, read without a lock: thousands may buy at once."""
    found = unit.committed(_PRODUCT, {"ref": reference})
    months = found[0]["credit_validity_months"] if found else None
    return (found[0]["credits"] if found else None), months or current().credit_validity_months
