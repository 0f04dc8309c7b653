"""Customers that we make at a provider, each for one customer of the app."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class CustomerRequest(Aggregate):
    """One customer to be made; `customer_ref` is the provider's id once it is."""

    __tablename__ = "customer_request"
    NAME: ClassVar[str] = "customer_request"
    PUBLIC_PREFIX: ClassVar[str] = "creq"
    LOCK_ORDER: ClassVar[int] = 62

    status: Mapped[str | None]
    external_ref: Mapped[str | None]
    email: Mapped[str | None]
    name: Mapped[str | None]
    customer_ref: Mapped[str | None]
    attempt: Mapped[int | None]
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    actor: Mapped[str | None]
    requested_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
