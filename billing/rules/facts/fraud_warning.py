"""What card networks warn of before a dispute comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from billing.rules.facts.base import UNSET, Fact, Unset
from billing.rules.facts.named import named


@dataclass(frozen=True, slots=True, kw_only=True)
class FraudWarningFact(Fact):
    """One early fraud warning.

    `actionable`: a refund made now would still avert the dispute. Names equal the columns of `bursar.fraud_warning`.
    """

    AGGREGATE: ClassVar[str] = "fraud_warning"

    kind: str | Unset | None = UNSET
    actionable: bool | Unset | None = UNSET
    charge_ref: str | Unset | None = UNSET
    payment_ref: str | Unset | None = UNSET
    account_ref: str | Unset | None = UNSET
    provider_created_at: datetime | Unset | None = UNSET

    def references(self) -> Iterator[tuple[str, str]]:
        """The warning, and the payment and charge that it is about."""
        yield self.AGGREGATE, self.external_id
        yield from named(payment=self.payment_ref, charge=self.charge_ref)
