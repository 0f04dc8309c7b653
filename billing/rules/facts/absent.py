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

    def references(self) -> Iterator[tuple[str, str]]:
        """The finding and the object."""
        yield self.AGGREGATE, self.external_id
        yield self.object_type, self.object_ref
