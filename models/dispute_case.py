"""Our side of a dispute: who cares for it, what was noted, and what was done about the payee's share."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class DisputeCase(Aggregate):
    """One per dispute, under the dispute's own id. `notes` are {"at", "actor", "text"}, oldest first, and only grow."""

    __tablename__ = "dispute_case"
    NAME: ClassVar[str] = "dispute_case"
    PUBLIC_PREFIX: ClassVar[str] = "case"
    LOCK_ORDER: ClassVar[int] = 57

    status: Mapped[str | None]
    account_ref: Mapped[str | None]
    """Whose payouts it holds."""
    assigned_to: Mapped[str | None]
    notes: Mapped[list[Any] | None]
    response_ref: Mapped[str | None]
    """The newest answer that we gave or are giving."""
    taken_minor: Mapped[int | None]
    """What was taken back of the payee's share, or is owed by him instead, less what was given back; minor units of `taken_currency`."""
    taken_currency: Mapped[str | None]
    steps: Mapped[int | None]
    """Grows with each time that money was taken or given back: a call or booking of its own. Where the payee's balance is kept here, a
    later dispute of the same share begins in a range of its own."""
    short_minor: Mapped[int | None]
    """What of it could not be taken back, so that he came to owe it (`payee.owed` says what is still open)."""
    evidence_due_at: Mapped[datetime | None]
    """As the dispute has it, here for the index of open cases."""
    alerted_at: Mapped[datetime | None]
