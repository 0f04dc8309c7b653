"""A subscriber with members: what it wants of its seats, and how many there are (SEAT-1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class Organisation(Aggregate):
    """`external_id` is the app's id of the organisation, under which it also is a subscriber; that row is locked first.

    The counters change with the rows that they count, under this lock, so that a limit is one comparison (SEAT-4).
    """

    __tablename__ = "organisation"
    NAME: ClassVar[str] = "organisation"
    PUBLIC_PREFIX: ClassVar[str] = "org"
    LOCK_ORDER: ClassVar[int] = 110

    status: Mapped[str | None]
    quantity_mode: Mapped[str | None]
    """`follow`: the subscription's quantity follows the seats; `bought`: it is bought beforehand and bounds them."""
    proration: Mapped[str | None]
    """SEAT-2: `accrue` to the next invoice, or `charge` at once; None: as the plan says, or `accrue`."""
    invitations_reserve: Mapped[bool | None]
    invitation_days: Mapped[int | None]
    window_s: Mapped[int | None]
    """How long changes are gathered before the quantity is set once (SEAT-9)."""
    members: Mapped[int | None]
    seats_taken: Mapped[int | None]
    seats_reserved: Mapped[int | None]
    seat_limit: Mapped[int | None]
    """The limit when a seat was last taken; None: there was none. The database holds the counters to it."""
    subscription_source: Mapped[str | None]
    subscription_ref: Mapped[str | None]
    """Whose quantity was asked for last."""
    asked_quantity: Mapped[int | None]
    asks: Mapped[int | None]
    """How often a provider was asked: each is a request of its own."""
    sync_due_at: Mapped[datetime | None]
    told_quantity: Mapped[int | None]
    """What the provider says that differs from what was asked for; None: nothing does (SEAT-3)."""
    differs_since: Mapped[datetime | None]
    assets: Mapped[str | None]
    """SEAT-7: what the app is to do with what a deleted organisation had: `archive` or `transfer`."""
    assets_to: Mapped[str | None]
    held_accounts: Mapped[list[Any] | None]
    """Accounts whose payouts are held until open refunds are settled, as `<source> <account>`."""
    reason: Mapped[str | None]
    deleted_at: Mapped[datetime | None]
