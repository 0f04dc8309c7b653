"""Where a provider shows an invoice, as it said when it was asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from billing.rules.facts.base import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLinkFact(Fact):
    """The invoice's PDF and the page on which it is paid; None: it has none, as a draft."""

    AGGREGATE: ClassVar[str] = "invoice_link"

    url: str | None
    page_url: str | None
