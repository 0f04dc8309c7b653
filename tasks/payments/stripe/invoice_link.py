"""Our own look-ups of where Stripe shows an invoice (INV-11)."""

from __future__ import annotations

from billing.operations.link_invoice import keep_invoice_link
from billing.operations.unit import UnitOfWork
from billing.rules.facts.event import Event
from billing.rules.facts.invoice_link import InvoiceLinkFact
from providers.stripe.shapes.invoice_link import invoice_link


def facts(event: Event) -> InvoiceLinkFact:
    """Its links."""
    return invoice_link(event)


def fetched(unit: UnitOfWork, fact: InvoiceLinkFact) -> None:
    """The links, for whoever asked for them."""
    keep_invoice_link(unit, fact)
