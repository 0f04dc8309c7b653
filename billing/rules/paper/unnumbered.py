"""A paper that is whole but for its number, which is drawn as the last thing before the commit (INV-8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from billing.rules.paper.document import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Unnumbered:
    """`document.number` is empty, and `document.issued_on` is the seller's day of `at`."""

    reference: str
    series: str
    at: datetime
    document: Document
    invoice_ref: str
    subscriber_ref: str
    corrects_ref: str | None
    keep_years: int

    def keep_until(self, issued_on: date) -> date:
        """The last day on which its buyer must be known."""
        return date(issued_on.year + self.keep_years, 12, 31)
