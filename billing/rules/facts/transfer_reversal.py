"""What a transfer's events say about one of its reversals: only of ours, which name the request that wanted them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from billing.rules.facts.base import Fact
from billing.rules.facts.named import named


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferReversalFact(Fact):
    """One reversal. `external_id` is our request's reference; nothing is merged, the request takes it once."""

    AGGREGATE: ClassVar[str] = "transfer_reversal_request"

    reversal_ref: str
    transfer_ref: str

    def references(self) -> Iterator[tuple[str, str]]:
        """The transfer, then the request."""
        yield from named(transfer=self.transfer_ref)
        yield self.AGGREGATE, self.external_id
