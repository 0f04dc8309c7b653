"""An issued document on its way to the ministry, and the bytes that went there and came back (TAX-3)."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate, Base


class Efactura(Aggregate):
    """`source` is `anaf`, `external_id` the issued document's reference. Moves: `billing.rules.states_efactura`."""

    __tablename__ = "efactura"
    NAME: ClassVar[str] = "efactura"
    PUBLIC_PREFIX: ClassVar[str] = "efac"
    LOCK_ORDER: ClassVar[int] = 410

    status: Mapped[str | None]
    kind: Mapped[str | None]
    number: Mapped[str | None]
    """The legal number, as it stands in the XML."""
    cif: Mapped[str | None]
    """The seller's fiscal number, digits only: in whose name it is sent."""
    b2c: Mapped[bool | None]
    abroad: Mapped[bool | None]
    """The buyer is not in Romania."""
    issued_on: Mapped[date | None]
    attempt: Mapped[int | None]
    sha256: Mapped[str | None]
    """Of the bytes of this attempt."""
    queued_at: Mapped[datetime | None]
    uploaded_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    deadline_at: Mapped[datetime | None]
    alarm_at: Mapped[datetime | None]
    """When operators are told next, should it not be accepted by then; None: there is nothing more to tell."""
    alarm: Mapped[str | None]
    """What they were told last: `refused`, `near` or `missed`."""
    next_poll_at: Mapped[datetime | None]
    """When the ministry is asked next: what it decided, then for the papers of the decision."""
    polls: Mapped[int | None]
    polled_on: Mapped[date | None]
    polled_that_day: Mapped[int | None]
    upload_index: Mapped[str | None]
    """The ministry's number for the upload (`index_incarcare`)."""
    download_id: Mapped[str | None]
    """Its number for the answer (`id_descarcare`)."""
    papers_at: Mapped[datetime | None]
    """Since when its answer and signature are kept here."""
    error: Mapped[str | None]


class EfacturaPaper(Base):
    """Bytes of one attempt: `ubl` as sent, `answer` and `signature` as the ministry gave them. Append-only."""

    __tablename__ = "efactura_paper"
    NAME: ClassVar[str] = "efactura_paper"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    efactura_ref: Mapped[str]
    attempt: Mapped[int]
    kind: Mapped[str]
    content: Mapped[bytes]
    sha256: Mapped[str]
    kept_at: Mapped[datetime]
