"""A seller, and invoices of ours with their papers."""

from __future__ import annotations

from typing import Any

from billing.operations.define_seller import define_seller
from billing.operations.issue_invoice import Draft, Line, issue_invoice
from billing.operations.set_bill_to import set_bill_to
from billing.rules.commands.bill_to import SetBillTo
from billing.rules.commands.sellers import DefineSeller
from models.invoice import Invoice
from models.seller import Seller
from workers.unit import Unit

SELLER: dict[str, Any] = {
    "legal_name": "Știința Rețelelor S.R.L.", "street": "Str. Învățătorilor nr. 12", "city": "SECTOR3", "county": "RO-B", "country": "RO",
    "currency": "EUR", "invoice_series": "BRS", "credit_note_series": "BRSC", "zone": "Europe/Bucharest", "vat_registered": True,
    "vat_id": "RO18547290", "registration_no": "J40/4452/2006", "iban": "RO49AAAA1B31007593840000", "bank": "Banca Exemplu",
    "language": "ro",
}  # fmt: skip
"""Its tax office reckons in euros here, so that no rate of exchange is needed."""


def seller(unit: Unit, **values: Any) -> Seller:
    """Who issues."""
    return define_seller(unit, DefineSeller(**(SELLER | values)))


def business(unit: Unit, ref: str, **values: Any) -> None:
    """A Romanian company as the buyer."""
    given: dict[str, Any] = {
        "subscriber_ref": ref, "kind": "business", "full_name": "Țesătoria Măgura S.A.",
        "street": "Bd. Ștefan cel Mare 5", "city": "Cluj-Napoca",
        "county": "RO-CJ", "country": "RO", "vat_id": "RO14399840",
    }  # fmt: skip
    set_bill_to(unit, SetBillTo(**(given | values)))


def invoice(unit: Unit, reference: str, subscriber_ref: str = "ann", amount_minor: int = 12_100, **values: Any) -> Invoice:
    """One of ours over one line."""
    given: dict[str, Any] = {
        "reference": reference, "invoice_type": "custom", "subscriber_ref": subscriber_ref, "currency": "EUR", "due_at": unit.now,
        "lines": [Line(amount_minor=amount_minor, description="Plan Pro")], "billing_reason": "manual", "collection": "manual",
    }  # fmt: skip
    return issue_invoice(unit, Draft(**(given | values)))
