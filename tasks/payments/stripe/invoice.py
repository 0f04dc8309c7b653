"""Stripe `invoice.*`: what a customer owes."""

from __future__ import annotations

from billing.operations.record_invoice import record_invoice
from billing.operations.unit import UnitOfWork
from billing.rules.facts.event import Event
from billing.rules.facts.invoice import InvoiceFact
from providers.stripe.shapes.invoice import invoice


def facts(event: Event) -> InvoiceFact:
    """The invoice in the event."""
    return invoice(event)


def _mirrored(unit: UnitOfWork, fact: InvoiceFact) -> None:
    """The invoice as this event shows it."""
    record_invoice(unit, fact)


created = updated = finalized = sent = deleted = fetched = _mirrored
paid = payment_succeeded = overpaid = voided = marked_uncollectible = _mirrored
payment_failed = payment_action_required = payment_attempt_required = finalization_failed = _mirrored
will_be_due = overdue = _mirrored
