"""Records what a provider said about a customer."""

from __future__ import annotations

from billing.operations.apply_fact import apply_fact
from billing.operations.try_new_method import method_arrived
from billing.operations.unit import UnitOfWork
from billing.rules.facts.customer import CustomerFact
from models.customer import Customer

_AUDITED = ("default_payment_method_ref", "tax_exempt", "balance_minor", "delinquent")


def record_customer(unit: UnitOfWork, fact: CustomerFact) -> Customer:
    """Merge the customer; audits what money hangs on: its way to pay, tax treatment, balance, and that it was deleted (AUDIT-1)."""
    row = unit.row(Customer, fact.source, fact.external_id)
    changes = apply_fact(unit, row, fact)
    told = {name: changes[name] for name in _AUDITED if name in changes and changes[name][0] is not None}
    if told:
        before, after = ({name: pair[side] for name, pair in told.items()} for side in (0, 1))
        unit.audit("customer.changed", Customer.NAME, row.id, before=before, after=after)
    if "default_payment_method_ref" in changes:
        method_arrived(unit, row.source, row.external_id, row.default_payment_method_ref)
    if "deleted_at" in changes:
        unit.audit("customer.deleted", Customer.NAME, row.id, before=None, after={"external_id": row.external_id})
    return row
