"""A provider's word that something changed, without saying what: the object has to be looked up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from billing.rules.facts.base import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class ThinFact(Fact):
    """A thin event's address of its object. `external_id` is the event's own id; no row of ours is touched by it.

    `kind` is the object's type (`customer`, `billing.meter`), `url` its path at the provider; both None for events
    that concern no object.
    """

    AGGREGATE: ClassVar[str] = "thin"

    kind: str | None
    object_id: str | None
    url: str | None
    account: str | None

    def references(self) -> Iterator[tuple[str, str]]:
        """None: the answer of the look-up names its rows."""
        return iter(())
