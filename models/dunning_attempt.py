"""One step of a dunning case, with what the provider answered (DUN-4)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class DunningAttempt(Aggregate):
    """`external_id` is `<invoice>:<number>`; 0 is the failure that opened the case; `<invoice>:n<number>` a try with a new method."""

    __tablename__ = "dunning_attempt"
    NAME: ClassVar[str] = "dunning_attempt"
    PUBLIC_PREFIX: ClassVar[str] = "datt"
    LOCK_ORDER: ClassVar[int] = 33

    status: Mapped[str | None]
    kind: Mapped[str | None]
    """`first`, `ladder` or `new_method`."""
    case_ref: Mapped[str | None]
    subscriber_ref: Mapped[str | None]
    number: Mapped[int | None]
    due_at: Mapped[datetime | None]
    request_attempt: Mapped[int | None]
    """Which attempt of the payment request it is."""
    method_ref: Mapped[str | None]
    currency: Mapped[str | None]
    amount_minor: Mapped[int | None]
    run_ref: Mapped[str | None]
    """The collection run that made it."""
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    because: Mapped[str | None]
    """Why it was skipped or cancelled."""
    gateway_code: Mapped[str | None]
    gateway_message: Mapped[str | None]
    decline_code: Mapped[str | None]
    mail: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    """When its mail was handed to the outbox (DUN-3)."""
