"""What a payment came to: one pure function of what the provider says of it and of its charges (PAY-1).

Stripe tells one success in several events (intent, charge, invoice), any of which may come first, alone or never.
Because the outcome is computed from all that is known, each of them brings the same row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Outcomes = Mapping[str, Mapping[str, Any]]
"""Charge's external id -> {"status", "at", "captured_minor", "failure_code", "failure_message", "decline_code"}."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A payment's derived columns. `received_minor`: minor units of the payment's currency, before refunds."""

    status: str
    received_minor: int
    failure_code: str | None
    failure_message: str | None
    decline_code: str | None


def payment_outcome(
    intent_status: str | None,
    intent_received_minor: int | None,
    intent_failure: tuple[str | None, str | None, str | None],
    charges: Outcomes,
) -> Outcome:
    """The outcome: success of any charge or of the whole wins; then the provider's word; then what the charges came to.

    Args:
        intent_status: the provider's word on the payment as a whole, in ours; None if it said none (lone charges).
        intent_received_minor: what it says was received in all.
        intent_failure: its last error as (code, message, decline code).
        charges: what the tries came to.
    """
    statuses = {outcome["status"] for outcome in charges.values()}
    if "succeeded" in statuses or intent_status == "succeeded":
        taken = sum(outcome["captured_minor"] or 0 for outcome in charges.values() if outcome["status"] == "succeeded")
        return Outcome("succeeded", max(taken, intent_received_minor or 0), None, None, None)
    return Outcome(_unpaid_status(intent_status, statuses), 0, *_failure(intent_failure, charges))


_BY_CHARGES = (
    ("authorised", "authorised"),
    ("pending", "processing"),
    ("failed", "failed"),
    ("cancelled", "cancelled"),
    ("unknown", "unknown"),
)
"""Status of a charge -> what it makes of its payment, the first that applies."""


def _unpaid_status(intent_status: str | None, statuses: set[str | None]) -> str:
    """Never an earlier phase than before, whichever merge comes next: each step can only leave `pending`."""
    if intent_status not in (None, "pending"):
        return intent_status
    return next((outcome for status, outcome in _BY_CHARGES if status in statuses), "pending")


def _failure(
    said: tuple[str | None, str | None, str | None], charges: Outcomes
) -> tuple[str | None, str | None, str | None]:
    """The provider's own last error, else the newest failed charge's (INBOX-13)."""
    if any(said):
        return said
    failed = [(outcome["at"] or "", key) for key, outcome in charges.items() if outcome["status"] == "failed"]
    if not failed:
        return None, None, None
    newest = charges[max(failed)[1]]
    return newest["failure_code"], newest["failure_message"], newest["decline_code"]
