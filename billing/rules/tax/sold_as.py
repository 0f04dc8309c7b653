"""What tax takes a thing for that is sold: a service or goods, and which of a place's rates it has (TAX-1). The seller says so.

States list what has a lower rate by their own laws, so the kind may differ from place to place: an e-book is `reduced` in one state
and `standard` in its neighbour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from billing.rules.tax.rates import RATE_KINDS, RateKind, is_area
from billing.rules.tax.territory import territory

Supply = Literal["service", "goods"]
SUPPLIES: Mapping[str, Supply] = {"service": "service", "goods": "goods"}
"""By the word in the row."""


@dataclass(frozen=True, slots=True)
class SoldAs:
    """How tax sees it. `kinds` by area (`DK`, `PT-20`), where they differ from `kind`."""

    supply: Supply = "service"
    kind: RateKind = "standard"
    kinds: Mapping[str, RateKind] = field(default_factory=dict)

    def kind_in(self, area: str, state: str) -> RateKind:
        """The kind that it has there: what was said of the region counts before what was said of its state."""
        return self.kinds.get(area) or self.kinds.get(state) or self.kind

    def as_json(self) -> dict[str, Any]:
        """As rows keep it."""
        return {"supply": self.supply, "kind": self.kind} | ({"kinds": dict(self.kinds)} if self.kinds else {})


SERVICE = SoldAs()
"""What everything is of which nobody said otherwise."""


def sold_as(supply: str | None, kind: str | None, kinds: Mapping[str, str] | None) -> SoldAs:
    """From a row's words; None stands for a service at the standard rate.

    Raises:
        KeyError: a word that is none of them.
    """
    by_place = {area: RATE_KINDS[one] for area, one in (kinds or {}).items()}
    return SoldAs(SUPPLIES[supply or "service"], RATE_KINDS[kind or "standard"], by_place)


def kept_as(kept: Mapping[str, Any] | None) -> SoldAs:
    """From what `as_json` made; None is a service at the standard rate."""
    return sold_as(kept["supply"], kept["kind"], kept.get("kinds")) if kept else SERVICE


def check_kinds(kinds: Mapping[str, str], name: str) -> None:
    """Refuse what names no places or no kinds of rates.

    Raises:
        ValueError: so.
    """
    for area, kind in kinds.items():
        if not is_area(area):
            raise ValueError(f"{name} are by country (`DK`) or region with rates of its own (`PT-20`), not by {area!r}")
        if (state := territory(area[:2]).state) != area[:2]:
            raise ValueError(f"{name} of {area} are those of {state}: name that")
        if kind not in RATE_KINDS:
            raise ValueError(f"{name} of {area} must be one of {', '.join(RATE_KINDS)}")
