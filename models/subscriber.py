"""Who subscribes: one row per customer of the app, over all his customers at providers."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class Subscriber(Aggregate):
    """`external_id` is the app's own id of the customer; `status` is the account status that the app sees (SUB-9).

    Whoever changes anything that belongs to a subscriber (subscriptions, own invoices, credits, seats) locks this row first.
    """

    __tablename__ = "subscriber"
    NAME: ClassVar[str] = "subscriber"
    PUBLIC_PREFIX: ClassVar[str] = "sbr"
    LOCK_ORDER: ClassVar[int] = 5

    status: Mapped[str | None]
    email: Mapped[str | None]
    name: Mapped[str | None]
    country: Mapped[str | None]
    language: Mapped[str | None]
    zone: Mapped[str | None]
    """IANA name: whose midnight a due date means (SUB-13)."""
    segment: Mapped[str | None]
    pay_source: Mapped[str | None]
    """Through which provider he pays; `manual`: by bank transfer."""
    pay_customer_ref: Mapped[str | None]
    payment_method_ref: Mapped[str | None]
    """The stored method that is charged; None: the provider's default of the customer."""
    dunning_policy_ref: Mapped[str | None]
    trial_used_at: Mapped[datetime | None]
    """TRIAL-7: a trial begins once per customer."""
    suspended_at: Mapped[datetime | None]
    suspended_because: Mapped[str | None]
    erased_at: Mapped[datetime | None]
    """SEC-6: since when nothing more is told of him. Whoever comes again comes under a new id."""
