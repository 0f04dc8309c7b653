"""A paper that is whole but for its number, which is drawn as the last thing before the commit (INV-8)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from billing.rules.paper.document import Document
from billing.rules.paper.when import number_text


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

    def numbered(self, no: int, issued_on: date) -> Document:
        """The paper with its number. It is dated by its series: a number after another is never of an earlier day.

        Args:
            no: within series and year.
            issued_on: of the same year as the paper's own day, and not before it.
        """
        due_on = self.document.due_on and max(self.document.due_on, issued_on)
        return replace(self.document, number=number_text(self.series, issued_on.year, no), issued_on=issued_on, due_on=due_on)

    def keep_until(self, issued_on: date) -> date:
        """The last day on which its buyer must be known."""
        return date(issued_on.year + self.keep_years, 12, 31)
