"""The base of all business rows, and the columns that every mirrored provider object has."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy
from sqlalchemy import MetaData
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import BigInteger, Text

SCHEMA = "bursar"
OWN_SOURCE = "bursar"
"""The source of rows that are ours and no provider's: subscribers, products, and what we bill ourselves."""
_OWN = frozenset({"id", "source", "external_id", "versions", "created_at", "updated_at", "booked", "settled_as", "gone_at"})


class Base(DeclarativeBase):
    """Declarative base: text for str, bigint for int (minor units), UTC instants for datetime, JSONB for dicts and lists."""

    def __init_subclass__(cls, *, plain: bool = False, **kw: Any) -> None:
        if not plain:  # what `models.plain` makes is no table of its own
            super().__init_subclass__(**kw)

    metadata = MetaData(schema=SCHEMA)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        int: BigInteger(),
        datetime: TIMESTAMP(timezone=True),
        UUID: PG_UUID(as_uuid=True),
        dict[str, Any]: JSONB(none_as_null=True),
        list[Any]: JSONB(none_as_null=True),
    }


AGGREGATES: dict[str, type[Aggregate]] = {}
"""Aggregate name (as facts say it) -> model."""


class Aggregate(Base):
    """A row that mirrors one provider object: unique (source, external_id), merged by version, locked before use.

    `versions` is `{}` for a stub, a row known only by reference (INBOX-18).
    """

    __abstract__ = True

    NAME: ClassVar[str]
    PUBLIC_PREFIX: ClassVar[str]
    LOCK_ORDER: ClassVar[int]
    """Rows are locked table by table in this order (customer, subscription, invoice, payment, ...), so that batches cannot deadlock."""

    DERIVED: ClassVar[frozenset[str]] = frozenset()
    """Attributes that verbs compute or resolve from others (and facts never mention), so that they carry no version."""

    id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str]
    external_id: Mapped[str]
    versions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    def __init_subclass__(cls, *, plain: bool = False, **kw: Any) -> None:
        super().__init_subclass__(plain=plain, **kw)
        if "NAME" in cls.__dict__ and not plain:
            AGGREGATES[cls.NAME] = cls

    @classmethod
    @cache
    def fact_columns(cls) -> frozenset[str]:
        """The attributes that facts can mention."""
        return frozenset(attr.key for attr in sqlalchemy.inspect(cls).column_attrs) - _OWN - cls.DERIVED

    @classmethod
    @cache
    def column_of(cls, attribute: str) -> str:
        """The column's name in the database, which differs where Python or SQLAlchemy has taken the name."""
        return str(sqlalchemy.inspect(cls).column_attrs[attribute].columns[0].name)

    @property
    def incomplete(self) -> bool:
        """Whether this row is a stub that no fact of its own has filled yet."""
        return not self.versions
