"""Statuses of what we ask providers to do with subscriptions that they bill (SUB-6). Migration 0093 lists the same words."""

from __future__ import annotations

from billing.rules.states_money_out import Statuses

SUBSCRIPTION_REQUEST = Statuses(
    of="subscription_request",
    order={"pending": (0, 0), "done": (2, 0), "failed": (2, 1)},
    said_as={},
)
"""One that failed stays so; the next wish is another request."""
