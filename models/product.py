"""What there is to buy: plans, and packages of credits."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class Product(Aggregate):
    """`external_id` is the app's own key, such as `pro`. What it costs is in `price`, version by version."""

    __tablename__ = "product"
    NAME: ClassVar[str] = "product"
    PUBLIC_PREFIX: ClassVar[str] = "prod"
    LOCK_ORDER: ClassVar[int] = 6

    status: Mapped[str | None]
    kind: Mapped[str | None]
    name: Mapped[str | None]
    free: Mapped[bool | None]
    """The plan to which lapsed trials and ended subscriptions fall (TRIAL-1); one at most is offered."""
    limits: Mapped[dict[str, Any] | None]
    """What the entitlement snapshot publishes: name -> whole number, or null for no limit (SUB-12)."""
    credits: Mapped[int | None]
    """Of a plan: the subscription pool at each reset (CRED-3). Of a package: what it grants (CRED-4)."""
    credit_validity_months: Mapped[int | None]
    trial_days: Mapped[int | None]
    trial_needs_method: Mapped[bool | None]
    """TRIAL-6."""
    trial_grace_days: Mapped[int | None]
    trial_notice_days: Mapped[int | None]
    dunning_policy_ref: Mapped[str | None]
    seat_proration: Mapped[str | None]
    """SEAT-2: `accrue` to the next invoice, or `charge` at once."""
    supply: Mapped[str | None]
    """What tax takes it for (TAX-1): `service`, sold from afar, or `goods`, sent; null is the first."""
    tax_kind: Mapped[str | None]
    """Under which of a place's rates it is: `standard`, `reduced`, ...; null is the first."""
    tax_kinds: Mapped[dict[str, Any] | None]
    """Where that differs: country or region -> kind."""
    provider_refs: Mapped[list[Any] | None]
    """Providers' products and prices that mean this one, so that mirrored subscriptions are for it."""
    relink_asked_at: Mapped[datetime | None]
    """Since when providers' subscriptions are to be looked at anew, because `provider_refs` changed; None: they are not."""
    relink_after: Mapped[UUID | None]
    """How far that has come."""
