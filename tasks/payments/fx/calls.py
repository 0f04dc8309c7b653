"""Questions to central banks, claimed from the outbox. Whatever comes back, "unavailable" too, becomes an inbox row `rates.told`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from billing.rules.tax.central_bank import BANKS
from core.clock import SystemClock
from core.settings import Settings
from providers.answer import Answer
from providers.fx.client import ask
from providers.fx.envelope import told


def fetch(payload: Mapping[str, Any], *, key: str, settings: Settings, at: datetime | None = None) -> Answer:
    """Ask one bank. Reading is harmless, so a lost answer is simply asked for again.

    Raises:
        NotConfigured: as `ask`.
    """
    now = at or SystemClock().now()
    bank = BANKS[payload["bank"]].name
    return told(bank, payload["bases"], payload["quote"], ask(bank, settings, several=payload["several"], at=now), key, now)
