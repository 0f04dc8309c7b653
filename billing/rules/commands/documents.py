"""Commands about legal papers (INV-9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from billing.rules.commands.base import MOST_MINOR, Command, line
from billing.rules.commands.payments import reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Credited:
    """What is taken back of the invoice now. The credit note's number is drawn with the commit, so it is not known here."""

    invoice_ref: str
    """The invoice's reference."""
    invoice_number: str
    """The number of its paper."""
    amount_minor: int
    """What this credit note takes back, tax included."""
    left_minor: int
    """What of the invoice no credit note has taken back."""
    currency: str
    """ISO 4217."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditDocument(Command):
    """A finance person takes back an issued invoice, or a part of it, by a credit note. No money moves: a refund is asked for by itself.

    What is refunded afterwards makes no second credit note as far as this one has said it already. Voided invoices and refunds have
    their credit notes by themselves.
    """

    NAME: ClassVar[str] = "billing.documents.credit.v1"
    RESULT: ClassVar[type] = Credited
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "no_document": "the invoice has no legal paper, so there is nothing to correct",
        "still_open": "it waits for its money: void it, or let it be paid",
        "too_much": "no more than `details.limit` is left of it",
        "reference_used": "the reference is that of a credit note over another amount",
    }

    invoice_ref: str
    """The invoice's reference."""
    reference: str
    """The app's own name for this credit note: 1 to 80 letters, digits and `. _ : / -`; the same again is the same credit note."""
    reason: str
    """Why; it is printed on it, and stands in the audit."""
    amount_minor: int | None = None
    """What is taken back, in minor units of the invoice's currency, tax included; null: all that is left."""

    def __post_init__(self) -> None:
        line(self.invoice_ref, "invoice_ref")
        reference(self.reference)
        line(self.reason, "reason")
        if self.amount_minor is not None and not 1 <= self.amount_minor <= MOST_MINOR:
            raise ValueError(f"amount_minor must be 1 to {MOST_MINOR}")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The invoice."""
        yield "invoice", "bursar", self.invoice_ref
