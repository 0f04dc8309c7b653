"""Records a customer's way to pay as the provider has it (PAY-7)."""

from __future__ import annotations

from billing.operations.apply_fact import apply_fact
from billing.operations.link import link
from billing.operations.replace_method import method_gone
from billing.operations.try_new_method import method_arrived
from billing.operations.unit import UnitOfWork
from billing.rules.facts.payment_method import PaymentMethodFact
from models.payment_method import PaymentMethod

_SHOWN = ("kind", "brand", "last4", "exp_month", "exp_year", "customer_ref")


def record_payment_method(unit: UnitOfWork, fact: PaymentMethodFact) -> PaymentMethod:
    """Merge the method, link its customer, and audit what changed of it (AUDIT-1: payment method)."""
    row = unit.row(PaymentMethod, fact.source, fact.external_id)
    changes = apply_fact(unit, row, fact)
    link(unit, row, customer=row.customer_ref, account=row.account_ref)
    told = {name: changes[name] for name in _SHOWN if name in changes}
    if "exp_month" in told or "exp_year" in told:
        row.expired_at = row.expiry_warned_at = None  # the issuer renewed it: what was said of it was of the old one (PAY-6)
    if "customer_ref" in told and row.detached_at is None:
        method_arrived(unit, row.source, row.customer_ref, row.external_id)
    if "detached_at" in changes and row.detached_at is not None:
        method_gone(unit, row.source, row.external_id)
    if told:
        before, after = ({name: pair[side] for name, pair in told.items()} for side in (0, 1))
        unit.audit("payment_method.changed", PaymentMethod.NAME, row.id, before=before, after=after)
    return row
