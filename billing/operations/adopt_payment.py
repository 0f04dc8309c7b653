"""Keeps money that nobody here asked for: it gets a customer and a purpose, or stays the payer's until it has one (RECON-8)."""

from __future__ import annotations

from billing.operations.converge_payment import converge_payment
from billing.operations.repair_wish import Wish, decided, not_here
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from models.customer import Customer
from models.finding import Finding
from models.payment import Payment


def adopt_payment(unit: UnitOfWork, finding: Finding, wish: Wish) -> str:
    """The payment of an unknown charge is ours; what follows from that is decided where every payment's outcome is.

    With a purpose it is a sale, and granted as any other. Without one it is booked as `unapplied`.

    Raises:
        Rejected: `unknown_customer`, `cannot_repair`.
    """
    customer = _customer(unit, finding, wish)
    payment = unknown_payment(unit, finding)
    if payment.status != "succeeded":
        raise Rejected("cannot_repair", f"payment {payment.external_id} is {payment.status}", {"current": payment.status})
    payment.adopted = {
        **decided(unit, finding, wish),
        "customer_ref": wish.customer_ref,
        "purpose": wish.purpose,
        "purpose_ref": wish.purpose_ref,
    }
    if customer is not None:
        payment.customer_id = customer.id
    payment.updated_at = max(payment.updated_at, unit.now)
    unit.audit("payment.adopted", Payment.NAME, payment.id, before={"adopted": None}, after={"adopted": payment.adopted})
    converge_payment(unit, payment)
    return f"{Payment.NAME}:{payment.external_id}"


def unknown_payment(unit: UnitOfWork, finding: Finding) -> Payment:
    """The payment of the charge that was found, locked.

    Raises:
        Rejected: `cannot_repair`; it is not here.
    """
    said = (finding.detail or {}).get("payment")
    payment = unit.row(Payment, finding.source, said or finding.object_ref or "")
    if payment.incomplete:
        raise not_here(finding)
    return payment


def _customer(unit: UnitOfWork, finding: Finding, wish: Wish) -> Customer | None:
    if wish.customer_ref is None:
        if wish.purpose is not None:
            raise Rejected("unknown_customer", "what is for something is for somebody: name the customer", {"field": "customer_ref"})
        return None
    row = unit.row(Customer, finding.source, wish.customer_ref)
    if row.incomplete:
        raise Rejected("unknown_customer", f"no customer {wish.customer_ref} is known at {finding.source}", {"field": "customer_ref"})
    return row
