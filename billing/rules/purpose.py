"""What a checkout is for (PAY-9): declared by whoever starts it, in the metadata, never guessed from amounts or products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

UNDECLARED = "undeclared"

PURPOSES: Mapping[str, str | None] = {
    "subscription": None,
    "course_enrolment": "enrolment",
    "credit_package": "package",
    "event_registration": "registration",
    "invoice": "invoice",
}
"""Purpose -> the metadata key that names what the payer gets; a subscription names itself. `invoice`: one of our own."""

KEY = "bursar_purpose"


def declared_purpose(metadata: Mapping[str, Any] | None, *, mode: str | None = None) -> tuple[str, str | None]:
    """(purpose, what it is for). A checkout in subscription mode declares itself; without a known word: `undeclared`."""
    said = (metadata or {}).get(KEY)
    if said is None and mode == "subscription":
        said = "subscription"
    if not isinstance(said, str) or said not in PURPOSES:
        return UNDECLARED, None
    key = PURPOSES[said]
    reference = (metadata or {}).get(key) if key else None
    return said, None if reference is None else str(reference)


def declaration(purpose: str | None, reference: str | None) -> dict[str, str]:
    """The metadata that declares a purpose, as `declared_purpose` reads it; none for none.

    Raises:
        KeyError: there is no such purpose.
    """
    if purpose is None:
        return {}
    key = PURPOSES[purpose]
    return {KEY: purpose} | ({key: reference} if key and reference else {})


def purchase_status(status: str | None, payment_status: str | None) -> str:
    """Whether what was bought is to be delivered: paid, pending, failed or expired.

    A completed checkout may still be unpaid (bank debits settle days later): then nothing is delivered yet.
    """
    if payment_status in ("paid", "no_payment_required") and status != "expired":
        return "paid"
    if status == "expired":
        return "expired"
    return "failed" if payment_status == "failed" else "pending"
