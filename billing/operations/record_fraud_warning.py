"""Records a card network's early warning of fraud; what to do about it (refund, alert) is decided elsewhere."""

from __future__ import annotations

from billing.operations.apply_fact import apply_fact
from billing.operations.link import link
from billing.operations.unit import UnitOfWork
from billing.rules.facts.fraud_warning import FraudWarningFact
from models.fraud_warning import FraudWarning


def record_fraud_warning(unit: UnitOfWork, fact: FraudWarningFact) -> FraudWarning:
    """Merge the warning, link its charge and payment, and audit its coming and whether a refund would still help."""
    row = unit.row(FraudWarning, fact.source, fact.external_id)
    changed = apply_fact(unit, row, fact)
    link(unit, row, payment=row.payment_ref, charge=row.charge_ref)
    if "actionable" in changed:
        before, after = changed["actionable"]
        unit.audit(
            "fraud_warning.actionable",
            FraudWarning.NAME,
            row.id,
            before={"actionable": before},
            after={"actionable": after, "kind": row.kind, "charge": row.charge_ref},
        )
    return row
