"""How a connected account is paid out, and what is known of its money: one row per account at a provider."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class Payee(Aggregate):
    """An account's schedule and smallest payouts (PAYOUT-2, 3), the provider's newest word on its balance, and what stands against it.

    `balances` is currency -> {available_minor, pending_minor} as of `balances_at`; `holds` are the open ones as
    `rules.payout.Holds`; `promised` is payout request -> {currency, amount_minor, settled_at}; `owed` is what it owes us and what
    was netted of that; `waiting` lists [row's kind,
    reference] of what goes on once the balance is known or the account may be given money. Who decides about an account's
    money holds this row's lock, so two decisions never see the same balance as free.
    """

    __tablename__ = "payee"
    NAME: ClassVar[str] = "payee"
    PUBLIC_PREFIX: ClassVar[str] = "pye"
    LOCK_ORDER: ClassVar[int] = 12

    external_ref: Mapped[str | None]
    schedule: Mapped[str | None]
    schedule_day: Mapped[int | None]
    zone: Mapped[str | None]
    minimums: Mapped[dict[str, Any] | None]
    paused: Mapped[bool | None]
    next_due_at: Mapped[datetime | None]
    balances: Mapped[dict[str, Any] | None]
    balances_at: Mapped[datetime | None]
    holds: Mapped[dict[str, Any] | None]
    promised: Mapped[dict[str, Any] | None]
    owed: Mapped[dict[str, Any] | None]
    waiting: Mapped[list[Any] | None]
    account_id: Mapped[UUID | None]
