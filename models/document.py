"""Issued invoices and credit notes, each whole, with its number, and never changed: the database refuses it (INV-8, INV-9)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

import msgspec
from sqlalchemy import Column, Date, Table
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from billing.rules.paper.document import Address, Document, Party
from models.base import Aggregate, Base


class IssuedDocument(Aggregate):
    """One paper, written by the machine at the end of a unit of work (workers/numbers.py); never loaded by one, for that would lock it.

    `external_id` names what it is for: `invoice:<invoice>`, or of a credit note `void:<invoice>`, `refund:<invoice>:<minor>` or
    `credit:<invoice>:<reference>`.
    """

    __tablename__ = "document"
    NAME: ClassVar[str] = "document"
    PUBLIC_PREFIX: ClassVar[str] = "doc"
    LOCK_ORDER: ClassVar[int] = 900

    kind: Mapped[str]
    series: Mapped[str]
    year: Mapped[int]
    no: Mapped[int]
    number: Mapped[str]
    issued_at: Mapped[datetime]
    issued_on: Mapped[date] = mapped_column(Date)
    tax_point_on: Mapped[date] = mapped_column(Date)
    invoice_ref: Mapped[str]
    corrects_ref: Mapped[str | None]
    """Of a credit note: the `external_id` of the invoice's paper."""
    subscriber_ref: Mapped[str]
    country: Mapped[str]
    """The seller's, for whoever must send it to a tax office."""
    currency: Mapped[str]
    net_minor: Mapped[int]
    tax_minor: Mapped[int]
    total_minor: Mapped[int]
    reason: Mapped[str | None]
    actor: Mapped[str]
    template: Mapped[int]
    """Version of the form in which it is printed."""
    content: Mapped[dict[str, Any]]
    locked_at: Mapped[datetime]


DOCUMENT_BUYER = Table(
    "document_buyer",
    Base.metadata,
    Column("document_id", PG_UUID(as_uuid=True), primary_key=True),
    Column("content", JSONB(none_as_null=True)),
    Column("keep_until", Date, nullable=False),
    Column("erased_at", TIMESTAMP(timezone=True)),
)
"""To whom each was issued; erased when the law no longer wants it."""

ERASED = Party(name="-", address=Address(street="", city="", country=""), business=False)
"""The buyer of a paper whose buyer was erased."""


def frozen(document: Document) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the row keeps: the paper without its buyer, and the buyer."""
    content: dict[str, Any] = msgspec.to_builtins(document)
    buyer: dict[str, Any] = content.pop("buyer")
    return content, buyer


def thawed(content: dict[str, Any], buyer: dict[str, Any] | None) -> Document:
    """The paper as it was issued."""
    party = msgspec.to_builtins(ERASED) if buyer is None else buyer
    return msgspec.convert(content | {"buyer": party}, Document)
