"""Connected accounts that the app asked for: one row per organiser of the app and provider."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class AccountRequest(Aggregate):
    """An account to be created (PAYOUT-13). `external_id` is the app's own id of the organiser; `onboarding_url` is good for minutes."""

    __tablename__ = "account_request"
    NAME: ClassVar[str] = "account_request"
    PUBLIC_PREFIX: ClassVar[str] = "acr"
    LOCK_ORDER: ClassVar[int] = 13

    status: Mapped[str | None]
    email: Mapped[str | None]
    country: Mapped[str | None]
    return_url: Mapped[str | None]
    refresh_url: Mapped[str | None]
    actor: Mapped[str | None]
    account_ref: Mapped[str | None]
    onboarding_url: Mapped[str | None]
    onboarding_at: Mapped[datetime | None]
    link_attempt: Mapped[int | None]
    create_attempt: Mapped[int | None]
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    requested_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
