"""All that is stored of one customer, row by row (SEC-6): what he may ask for, and what an erasure will look at.

Which rows are his follows from the columns that say so, so that a new table comes along by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection

import models.aggregates  # noqa: F401  # all of them
from billing.operations.erase_calls import events_of
from billing.operations.erase_rows import WHOSE, Person
from models.base import AGGREGATES

PAGE = 1_000
_BY = {
    "subscriber_ref": "t.subscriber_ref = %(ref)s",
    "user_ref": "t.user_ref = %(ref)s",
    "external_ref": "t.external_ref = %(ref)s",
    "customer_id": "t.customer_id = ANY (%(customer_ids)s)",
    "payment_id": "t.payment_id = ANY (%(payment_ids)s)",
}
"""Column -> whose row it is, where the table has that column."""
_MORE = {
    "document": _BY["subscriber_ref"],
    "mail": WHOSE["mail"],
    "mail_block": WHOSE["mail_block"],
    "organisation": "t.external_id = %(ref)s",
    "credit_account": "t.external_id = %(ref)s",
    "credit_cycle": "t.external_id = %(ref)s",
    "app_user": "t.external_id = %(ref)s",
    "erasure": "t.external_id = %(ref)s",
}
_HIDDEN = frozenset({"versions", "booked", "settled_as", "address_sha256"})
"""Of the machine, and nothing about him."""
_KEPT_SECRET: Mapping[str, frozenset[str]] = {"user_session": frozenset({"external_id"}), "app_user": frozenset({"sessions_spared"})}
"""Digests that stand for access."""

_BUYERS = """SELECT d.number, b.content AS buyer, b.keep_until FROM bursar.document_buyer b JOIN bursar.document d ON d.id = b.document_id
             WHERE d.subscriber_ref = %(ref)s ORDER BY d.number"""
_AUDIT = """SELECT at, actor, reason, action, object_type, object_id, before, after FROM bursar.audit
            WHERE object_type = 'subscriber' AND object_id = (
                SELECT id::text FROM bursar.subscriber WHERE source = 'bursar' AND external_id = %(ref)s) ORDER BY id"""
_EVENTS = """SELECT i.source, i.event_id, i.event_type, i.received_at, i.state, encode(i.sha256, 'hex') AS sha256, p.body
             FROM bursar.inbox i LEFT JOIN bursar.inbox_payload p ON p.inbox_id = i.id AND p.received_at = i.received_at
             WHERE i.id = ANY (%(ids)s) ORDER BY i.id"""


def tables() -> list[str]:
    """Names of the tables that are looked at, in the order of the export."""
    return list(_statements())


@cache
def _statements() -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for model in sorted(AGGREGATES.values(), key=lambda one: one.LOCK_ORDER):
        names = set(model.__table__.columns.keys())
        found[model.__tablename__] = [_BY[name] for name in _BY if name in names]
    for table, whose in (*WHOSE.items(), *_MORE.items()):
        found.setdefault(table, []).append(whose)
    # Names of our own tables and conditions of these modules; whoever asks only gives values.
    return {
        table: f"SELECT t.* FROM bursar.{table} t WHERE ({') OR ('.join(sorted(set(whose)))})"  # noqa: S608  # constants
        for table, whose in found.items() if whose
    }  # fmt: skip


def rows_of(connection: Connection, who: Person) -> Iterator[tuple[str, dict[str, Any]]]:
    """(table, row) of all business rows, streamed; his own data in full, digests of access left out."""
    bound = who.bound()
    for table, statement in _statements().items():
        hidden = _HIDDEN | _KEPT_SECRET.get(table, frozenset())
        for row in connection.execution_options(yield_per=PAGE).exec_driver_sql(statement, bound).mappings():
            yield table, {name: _plain(value) for name, value in row.items() if name not in hidden}
    for table, statement in (("document_buyer", _BUYERS), ("audit", _AUDIT)):
        for row in connection.exec_driver_sql(statement, bound).mappings():
            yield table, dict(row)


def told_of(connection: Connection, who: Person) -> Iterator[dict[str, Any]]:
    """Events about him with their bytes, `None` where they are gone, page by page."""
    after, more = 0, True
    while more:
        ids, after, more = events_of(connection, who, after)
        if ids:
            yield from (dict(row) for row in connection.exec_driver_sql(_EVENTS, {"ids": ids}).mappings())


def _plain(value: Any) -> Any:
    return bytes(value).hex() if isinstance(value, (bytes, memoryview)) else value
