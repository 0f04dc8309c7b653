"""What VIES answered about a VAT number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from billing.rules.facts.base import Fact

OUTCOMES: tuple[Literal["valid", "invalid", "unavailable"], ...] = ("valid", "invalid", "unavailable")


@dataclass(frozen=True, slots=True, kw_only=True)
class ViesFact(Fact):
    """`external_id` is the number with its prefix."""

    AGGREGATE: ClassVar[str] = "vies_check"

    outcome: Literal["valid", "invalid", "unavailable"]
    at: datetime
    code: str | None = None
    """Why it could not say."""
    request_date: str | None = None
    consultation: str | None = None
    requester: str | None = None

    def references(self) -> Iterator[tuple[str, str]]:
        """None: whose number it is must be locked before the number's row, and only the database knows."""
        yield from ()
