"""Records a customer's tax number and the provider's check of it (INBOX-10); his tax profile follows it (TAX-4)."""

from __future__ import annotations

from billing.operations.apply_fact import apply_fact
from billing.operations.follow_tax_ids import follow_tax_id
from billing.operations.link import link
from billing.operations.unit import UnitOfWork
from billing.rules.facts.tax_id import TaxIdFact
from models.tax_id import TaxId


def record_tax_id(unit: UnitOfWork, fact: TaxIdFact) -> TaxId:
    """Merge the number, link its customer, audit a change of its verification, because VAT hangs on it."""
    row = unit.row(TaxId, fact.source, fact.external_id)
    changes = apply_fact(unit, row, fact)
    link(unit, row, customer=row.customer_ref)
    if "verification_status" in changes:
        before, after = changes["verification_status"]
        unit.audit(
            "tax_id.verification",
            TaxId.NAME,
            row.id,
            before={"verification_status": before},
            after={"verification_status": after},
        )
    follow_tax_id(unit, row)
    return row
