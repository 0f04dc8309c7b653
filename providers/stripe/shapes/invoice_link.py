"""Where Stripe shows an invoice: `invoice_pdf` and `hosted_invoice_url`, which end after some days."""

from __future__ import annotations

from billing.rules.facts.base import Version
from billing.rules.facts.event import Event
from billing.rules.facts.invoice_link import InvoiceLinkFact
from providers import fields

_SECURE = "https://"


def invoice_link(event: Event) -> InvoiceLinkFact:
    """Both links; only secure ones are passed on."""
    return InvoiceLinkFact(
        source=event.source,
        external_id=fields.needed(event.object, "id"),
        version=Version(1, event.occurred_at, 0, event.id),
        url=_link(event, "invoice_pdf"),
        page_url=_link(event, "hosted_invoice_url"),
    )


def _link(event: Event, name: str) -> str | None:
    said = event.object.get(name)
    return said if isinstance(said, str) and said.startswith(_SECURE) else None
