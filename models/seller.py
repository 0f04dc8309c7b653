"""Who issues the papers of what we bill ourselves: one row, set anew as a whole; issued papers keep what they were issued with (INV-9)."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class Seller(Aggregate):
    """The one seller of this database. Verbs that bill read it without a lock (`seller_of`): it is in every unit's way."""

    __tablename__ = "seller"
    NAME: ClassVar[str] = "seller"
    PUBLIC_PREFIX: ClassVar[str] = "slr"
    LOCK_ORDER: ClassVar[int] = 3
    REF: ClassVar[str] = "seller"
    """Its only `external_id`."""

    name: Mapped[str | None]
    street: Mapped[str | None]
    city: Mapped[str | None]
    county: Mapped[str | None]
    postal_code: Mapped[str | None]
    country: Mapped[str | None]
    vat_id: Mapped[str | None]
    vat_registered: Mapped[bool | None]
    oss: Mapped[bool | None]
    """Whether it declares other member states' VAT through the one-stop shop."""
    tax_number: Mapped[str | None]
    registration_no: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    iban: Mapped[str | None]
    bank: Mapped[str | None]
    legal_note: Mapped[str | None]
    currency: Mapped[str | None]
    """Of its tax office."""
    language: Mapped[str | None]
    zone: Mapped[str | None]
    """IANA name: whose days papers are dated by, and whose new year begins the series anew."""
    prices: Mapped[str | None]
    """`inclusive`: what subscribers are quoted holds the tax; `exclusive`: tax comes on top."""
    invoice_series: Mapped[str | None]
    credit_note_series: Mapped[str | None]
    keep_years: Mapped[int | None]
    """How many years after the year of issue the law wants a paper's buyer to be kept."""
