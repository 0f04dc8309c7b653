"""The event as handlers see it: parsed, but in the provider's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One parsed event of a source.

    `occurred_at` is the provider's time, or `received_at` when it sent none; handlers take time from here (INBOX-19).
    `object` is the provider's object (Stripe: `data.object`, PayPal: `resource`, Zoom: `payload.object`) as plain JSON values.
    """

    inbox_id: int
    source: str
    id: str
    type: str
    occurred_at: datetime
    received_at: datetime
    object: Mapping[str, Any]
    previous: Mapping[str, Any]
    envelope: Mapping[str, Any]
    account: str | None = None
    api_version: str | None = None
    livemode: bool | None = None
