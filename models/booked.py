"""What rows that moved money know of their own postings, so that none is written twice and none forgotten."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped


class Booked:
    """Mixin: `booked` maps a kind to {"count": legs written, "legs": what they come to} (`billing.rules.journal`).

    Kept in the row because whoever posts holds its lock. It follows the order of telling; what it comes to does not.
    `gone_at`: the provider said that it has no such object, and what was booked of it was written off.
    """

    booked: Mapped[dict[str, Any] | None]
    gone_at: Mapped[datetime | None]


class Settled:
    """Mixin: `settled_as` holds balance transactions of the fact in a currency other than its own, by their ids."""

    settled_as: Mapped[dict[str, Any] | None]
