"""The internal source's only call: an approval becomes an inbox row, as a confirmation typed in at the terminal does (INBOX-14)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from core.settings import Settings
from providers.answer import Answer
from providers.manual.envelope import confirmation, refund_moved


def confirm(payload: Mapping[str, Any], *, key: str, settings: Settings) -> Answer:  # noqa: ARG001 - the contract of all calls
    """Nothing is called: what is stored has the same id as any confirmation of this reference, so it counts once."""
    return confirmation(
        payload["reference"], amount_minor=payload["amount_minor"], currency=payload["currency"],
        received_on=date.fromisoformat(payload["received_on"]), pays=payload["pays"],
    )  # fmt: skip


def refund(payload: Mapping[str, Any], *, key: str, settings: Settings) -> Answer:  # noqa: ARG001 - the contract of all calls
    """Nothing is called: what a person said of a refund is stored, once per refund and step."""
    return refund_moved(
        payload["event_type"], payload["reference"], request=payload["request"], payment=payload["payment"],
        amount_minor=payload["amount_minor"], currency=payload["currency"], booked_on=date.fromisoformat(payload["booked_on"]),
        reason=payload["reason"],
    )  # fmt: skip
