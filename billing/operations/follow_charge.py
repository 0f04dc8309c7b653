"""Brings the payments of a charge up to date with it, whichever of charge and refund spoke last."""

from __future__ import annotations

from billing.operations.converge_payment import converge_payment
from billing.operations.derive_refunded import derive_refunded
from billing.operations.follow_dispute import follow_disputes
from billing.operations.tell_disputes import tell_disputes
from billing.operations.unit import UnitOfWork
from billing.rules.facts.base import Unset
from billing.rules.instants import iso
from billing.rules.refunded import share
from models.charge import Charge
from models.payment import Payment


def follow_charge(unit: UnitOfWork, charge: Charge, payment_ref: str | Unset | None) -> None:
    """Tell every payment that `charge` was ever said to belong to, now also `payment_ref`, what it came to.

    To be called after every merge into the charge and into one of its refunds. What is told is a pure function of the
    charge's merged columns and the set of payments only grows, so any order ends the same.
    """
    known = charge.payment_refs or []
    if isinstance(payment_ref, str) and payment_ref not in known:
        charge.payment_refs = sorted([*known, payment_ref])
    outcome = {
        "status": charge.status,
        "at": iso(charge.provider_created_at),
        "captured_minor": charge.amount_minor if charge.amount_captured_minor is None else charge.amount_captured_minor,
        "failure_code": charge.failure_code,
        "failure_message": charge.failure_message,
        "decline_code": charge.decline_code,
    }
    told = {} if charge.status is None else {charge.external_id: outcome}
    for name in charge.payment_refs or []:
        payment = unit.row(Payment, charge.source, name)
        derive_refunded(payment, None, {charge.external_id: share(charge.refunded_minor, None)})
        tell_disputes(unit, payment, charge.disputes)
        converge_payment(unit, payment, told)
    follow_disputes(unit, charge.source, charge.disputes)
