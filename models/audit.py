"""The audit as tables, and the one way to make its rows: with a keyed MAC over everything they say (AUDIT-1..3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from core.crypto import KeyRing, canonical
from models.base import Base
from models.canonical import canonical_json

AUDIT = Table(
    "audit",
    Base.metadata,
    Column("id", BigInteger, primary_key=True),
    Column("uid", PG_UUID(as_uuid=True), nullable=False),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object_type", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("before", JSONB(none_as_null=True)),
    Column("after", JSONB(none_as_null=True)),
    Column("inbox_id", BigInteger),
    Column("key_id", Text, nullable=False),
    Column("mac", LargeBinary, nullable=False),
)

AUDIT_SEAL = Table(
    "audit_seal",
    Base.metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("audit_id", BigInteger, nullable=False),
    Column("prev", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)


GENESIS = bytes(32)
"""What stands before the first seal."""

_AUDIT_FORMAT = "bursar audit 1"
_SEAL_FORMAT = b"bursar seal 1"
"""Part of each digest: a digest of one kind is never one of another, and a later format can tell itself apart."""


def audit_message(row: Mapping[str, Any]) -> bytes:
    """The bytes that a row's MAC is made of; all its columns but the id (the database gives it) and the MAC."""
    said = (
        row["object_id"],
        None if row["before"] is None else canonical_json(row["before"]),
        None if row["after"] is None else canonical_json(row["after"]),
        None if row["inbox_id"] is None else str(row["inbox_id"]),
        row["key_id"],
    )
    # The fields one after the other: those in the middle are the same for many rows.
    about = _about(row["at"], row["actor"], row["reason"], row["action"], row["object_type"])
    return canonical((_AUDIT_FORMAT, id_text(row["uid"]))) + about + canonical(said)


def id_text(value: UUID) -> str:
    """The id with its dashes, as `str` gives it, in a fifth of the time."""
    text: str = msgspec.to_builtins(value)
    return text


@lru_cache(maxsize=256)
def _about(at: datetime, *texts: str) -> bytes:
    return canonical((at.astimezone(UTC).isoformat(timespec="microseconds"), *texts))


def audit_row(
    keys: KeyRing,
    *,
    uid: UUID,
    at: datetime,
    actor: str,
    reason: str,
    action: str,
    object_type: str,
    object_id: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    inbox_id: int | None,
) -> dict[str, Any]:
    """A row for `AUDIT`, with its MAC.

    Raises:
        TypeError: `before` or `after` holds a float, a key that is not text, or what JSON cannot hold.
    """
    row: dict[str, Any] = {
        "uid": uid,
        "at": at,
        "actor": actor,
        "reason": reason,
        "action": action,
        "object_type": object_type,
        "object_id": object_id,
        "before": None if before is None else dict(before),
        "after": None if after is None else dict(after),
        "inbox_id": inbox_id,
        "key_id": keys.writing,
    }
    row["mac"] = keys.mac(keys.writing, audit_message(row))
    return row


def seal_message(prev: bytes, seq: int, uid: UUID, mac: bytes) -> bytes:
    """The bytes that a seal's hash is made of; every part has a fixed length, so no other seal gives them."""
    return b"".join((_SEAL_FORMAT, prev, seq.to_bytes(8, "big"), uid.bytes, mac))
