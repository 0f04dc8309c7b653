"""A provider's word that it has no such object, asked for because a finding said so (RECON-8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from billing.rules.facts.base import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsentFact(Fact):
    """What is not there. `external_id` is the finding's reference."""

    AGGREGATE: ClassVar[str] = "finding"

    object_type: str
    object_ref: str

    @property
    def objects(self) -> tuple[tuple[str, str], ...]:
        """(aggregate, reference) of all rows of it, itself first: PayPal's captures and sales are charge and payment at once."""
        shown = ((self.object_type, self.object_ref),)
        return (*shown, ("payment", self.object_ref)) if (self.object_type, self.source) == ("charge", "paypal") else shown

    def references(self) -> Iterator[tuple[str, str]]:
        """The finding and the object."""
        yield self.AGGREGATE, self.external_id
        yield from self.objects
