"""What providers say about a customer who opened their billing portal (INBOX-10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from billing.rules.facts.base import UNSET, Fact, Unset
from billing.rules.facts.named import named


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalSessionFact(Fact):
    """One visit; what the customer changes there arrives in events of its own. Names equal `bursar.portal_session`."""

    AGGREGATE: ClassVar[str] = "portal_session"

    customer_ref: str | Unset | None = UNSET
    flow: str | Unset | None = UNSET
    provider_created_at: datetime | Unset | None = UNSET

    def references(self) -> Iterator[tuple[str, str]]:
        """The visit and its customer."""
        yield self.AGGREGATE, self.external_id
        yield from named(customer=self.customer_ref)
