"""What a bank told, as a fact."""

from __future__ import annotations

from datetime import date
from typing import Any

from billing.rules.facts.base import Version
from billing.rules.facts.event import Event
from billing.rules.facts.fx import OUTCOMES, FxFact
from billing.rules.tax.central_bank import BANKS
from providers.errors import UnparsableBody
from providers.fields import needed, optional


def rates(event: Event) -> FxFact:
    """What it told.

    Raises:
        UnparsableBody: it is not one of our own answers.
    """
    said = event.object
    outcome = next((word for word in OUTCOMES if word == needed(said, "outcome")), None)
    bank, bases, days = needed(said, "bank"), said.get("bases"), said.get("days")
    if outcome is None or bank not in BANKS or not isinstance(bases, list) or not isinstance(days, dict):
        raise UnparsableBody(f"the answer of {bank} is {said['outcome']!r}: not one that was written here")
    if outcome == "told" and not days:
        raise UnparsableBody(f"the answer of {bank} tells of no day")
    return FxFact(
        source=event.source, external_id=bank, version=Version(1, event.occurred_at, 0, event.id), outcome=outcome, at=event.occurred_at,
        code=optional(said, "code"), bases=tuple(map(str, bases)), quote=needed(said, "quote"), days=_days(days),
    )  # fmt: skip


def _days(said: dict[str, Any]) -> dict[date, dict[str, str]]:
    try:
        return {date.fromisoformat(day): {str(currency): str(rate) for currency, rate in told.items()} for day, told in said.items()}
    except (ValueError, AttributeError):
        raise UnparsableBody("a day in the answer of a bank is none") from None
