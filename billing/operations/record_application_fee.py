"""Records the platform's share of a connected account's charge, and how much of it was given back."""

from __future__ import annotations

from billing.operations.apply_fact import apply_fact
from billing.operations.link import link
from billing.operations.post_application_fee import post_application_fee
from billing.operations.unit import UnitOfWork
from billing.rules.facts.application_fee import ApplicationFeeFact
from models.application_fee import ApplicationFee


def record_application_fee(unit: UnitOfWork, fact: ApplicationFeeFact) -> ApplicationFee:
    """Merge the fee and link the account that paid it and its charge; `refunded_minor` only ever grows."""
    row = unit.row(ApplicationFee, fact.source, fact.external_id)
    apply_fact(unit, row, fact)
    link(unit, row, account=row.account_ref, charge=row.charge_ref)
    post_application_fee(unit, row)
    return row
