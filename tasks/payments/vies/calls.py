"""Questions to VIES, claimed from the outbox. Whatever it answers, "unavailable" too, becomes an inbox row `number.checked`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.clock import SystemClock
from core.settings import Settings
from providers.answer import Answer
from providers.vies.client import check
from providers.vies.envelope import checked
from providers.vies.number import NoVatNumberError, VatNumber, vat_number


def fetch(payload: Mapping[str, Any], *, key: str, settings: Settings, at: datetime | None = None) -> Answer:
    """Ask about one number. Reading is harmless, so a lost answer is simply asked for again.

    Raises:
        NotConfigured, ViesBlockedError: as `check`.
    """
    number = vat_number(payload["number"])
    return checked(str(number), check(number, _requester(payload.get("requester")), settings), key, at or SystemClock().now())


def _requester(said: str | None) -> VatNumber | None:
    """The seller's own number, if VIES can know it: a seller from elsewhere asks without evidence."""
    try:
        return vat_number(said) if said else None
    except NoVatNumberError:
        return None
