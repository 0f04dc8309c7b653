"""Gathers what one story is made of: the row, those that belong to it, their events, audit, books, calls and mails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection

from billing.rules.request_tag import request_named
from cli.explain import own
from cli.explain.find import Found, rows_named
from cli.explain.next import what_next
from models.base import AGGREGATES
from workers.routing import route

MOST_ROWS, MOST = 40, 200
COMPANIONS = {
    "payment": ["fulfilment", "transfer_request", "bank_transfer"], "bank_transfer": ["payment", "fulfilment"], "dispute": ["dispute_case"],
    "dispute_case": ["dispute"],
}  # fmt: skip
"""Kinds of one provider that have the same id."""
_FORWARD = {
    "payment_ref": "payment", "latest_charge_ref": "charge", "charge_ref": "charge", "transfer_ref": "transfer", "payout_ref": "payout",
    "dispute_ref": "dispute", "refund_ref": "refund", "checkout_ref": "checkout", "invoice_ref": "invoice",
}  # fmt: skip
BACKWARD: dict[str, tuple[tuple[str, str], ...]] = {
    "payment": (
        ("charge", "payment_id"), ("refund", "payment_id"), ("refund_request", "payment_id"), ("dispute", "payment_id"),
        ("payment_request", "payment_ref"),
    ),
    "invoice": (("payment", "invoice_id"), ("charge", "invoice_id"), ("credit_note", "invoice_id")),
    "charge": (("refund", "charge_id"), ("dispute", "charge_id"), ("transfer", "charge_id")),
    "dispute": (("dispute_response", "dispute_ref"),),
    "transfer": (("transfer_reversal_request", "transfer_id"),),
    "payout": (("payout_request", "payout_ref"),),
}  # fmt: skip
"""Kind -> the rows that point at it, by which column. Each has an index (a test looks)."""

_AUDIT = """SELECT id, at, actor, action, object_type, object_id, reason, before, after, inbox_id FROM bursar.audit
            WHERE object_type = %(kind)s AND object_id = %(id)s ORDER BY id LIMIT %(most)s"""
_AUDIT_OF = """SELECT id, at, actor, action, object_type, object_id, reason, before, after, inbox_id FROM bursar.audit
               WHERE inbox_id = ANY (%(ids)s) ORDER BY id LIMIT %(most)s"""
_EVENTS_OF = """SELECT id FROM bursar.inbox WHERE object_id = %(id)s ORDER BY id DESC LIMIT %(most)s"""
_EVENTS = """SELECT id, source, event_id, event_type, object_id, state, occurred_at, received_at, done_at, next_at, attempts, error_class,
                    error, ignored_reason FROM bursar.inbox WHERE id = ANY (%(ids)s) ORDER BY id"""
_JOURNAL = """SELECT fact, kind, leg, debit, credit, amount_minor, currency, posted_at, inbox_id FROM bursar.journal
              WHERE fact = %(fact)s ORDER BY id LIMIT %(most)s"""
_CALLS = """SELECT s.key, s.source, s.operation, s.path, s.state, s.outcome, s.sends, s.look_ups, s.generation, s.reserved_at, s.sent_at,
                   s.settled_at, s.error, s.inbox_id, s.request_type, s.request_ref, o.state AS call_state, o.next_at
            FROM bursar.submission s LEFT JOIN bursar.outbox o ON o.kind = s.source || '.submit' AND o.key = s.key
            WHERE s.request_id = %(id)s ORDER BY s.id LIMIT %(most)s"""
_OUTBOX = f"""SELECT {own.SENT} WHERE o.inbox_id = ANY (%(ids)s) AND o.kind NOT LIKE '%%.submit'
              ORDER BY o.id LIMIT %(most)s"""
_HOLD = "SELECT * FROM bursar.payout_hold WHERE source = %(source)s AND external_id = %(key)s AND status = 'open'"


@dataclass
class Chain:
    """All of it. Lists are oldest first, each at most a few hundred long. `periods` and `ledger` are the newest of our own billing."""

    said: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    periods: list[dict[str, Any]] = field(default_factory=list)
    ledger: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    audit: list[dict[str, Any]] = field(default_factory=list)
    journal: list[dict[str, Any]] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    outbox: list[dict[str, Any]] = field(default_factory=list)
    next: list[str] = field(default_factory=list)


def chain_of(connection: Connection, found: Found, *, bank_transfer_days: float) -> Chain:
    """Read it. The row that was asked for stands first."""
    chain = Chain(found.said)
    events = set(found.events)
    if found.events:
        chain.audit = _all(connection, _AUDIT_OF, ids=sorted(events))
        touched = {(one["object_type"], one["object_id"]) for one in chain.audit if one["object_type"] in AGGREGATES}
        chain.rows = [row for kind, row_id in sorted(touched) for row in _rows(connection, kind, "id = %(value)s::uuid", value=row_id)]
    else:
        _walk(connection, chain, found.rows)
        asked = [row for row in chain.rows if (row["kind"], row["source"], row["external_id"]) in found.rows]
        chain.periods = own.periods_of(partial(_all, connection), asked)
        chain.ledger = own.ledger_of(partial(_all, connection), chain.rows)
    for row in chain.rows:
        if not found.events:
            chain.audit += _all(connection, _AUDIT, kind=row["kind"], id=str(row["id"]))
            events |= {one["id"] for one in _all(connection, _EVENTS_OF, id=row["external_id"])}
        chain.journal += _all(connection, _JOURNAL, fact=f"{row['kind']}:{row['source']}:{row['external_id']}")
        chain.calls += _all(connection, _CALLS, id=row["id"])
    events |= {one["inbox_id"] for one in (*chain.audit, *chain.journal, *chain.calls) if one["inbox_id"] is not None}
    if found.events:
        chain.journal = [leg for leg in chain.journal if leg["inbox_id"] in found.events]
        events = set(found.events)
    chain.events = _all(connection, _EVENTS, ids=sorted(events)[-MOST:])
    for event in chain.events:
        handler = route(event["source"], event["event_type"])
        event["handler"] = handler.name if handler else None
    chain.audit.sort(key=lambda one: int(one["id"]))
    sent = [*_all(connection, _OUTBOX, ids=sorted(events)), *own.mails_of(partial(_all, connection), chain.rows, chain.audit)]
    chain.outbox = sorted({call["id"]: call for call in sent}.values(), key=lambda call: int(call["id"]))
    holds = [
        hold for row in chain.rows if row["kind"] == "dispute"
        for hold in _all(connection, _HOLD, source=row["source"], key=f"dispute:{row['external_id']}")
    ]  # fmt: skip
    chain.next = what_next(chain.rows, chain.events, chain.calls, chain.outbox, holds, bank_transfer_days=bank_transfer_days)
    return chain


def _walk(connection: Connection, chain: Chain, start: Iterable[tuple[str, str, str]]) -> None:
    """The rows that belong together, three steps far: what they name, what names them, and what stands beside them."""
    seen: set[tuple[str, str, str]] = set()
    wave = list(start)
    steps = 2 if all(key[0] in own.WIDE for key in wave) else 4
    for depth in range(steps):
        following: list[tuple[str, str, str]] = []
        for key in wave:
            if key in seen or len(chain.rows) >= MOST_ROWS:
                continue
            seen.add(key)
            kind, source, external_id = key
            for row in _rows(connection, kind, "source = %(source)s AND external_id = %(value)s", source=source, value=external_id):
                if depth and not row["versions"]:
                    continue  # a stub tells nothing
                chain.rows.append(row)
                if depth == 0 or kind not in own.ENDS:
                    following += _beside(connection, row) + own.beside(partial(_all, connection), row)
        wave = following


def _beside(connection: Connection, row: dict[str, Any]) -> list[tuple[str, str, str]]:
    kind, source = row["kind"], row["source"]
    found = [(of, source, row[column]) for column, of in _FORWARD.items() if row.get(column)]
    if kind in COMPANIONS:
        found += rows_named(connection, COMPANIONS[kind], [source], row["external_id"])
    named = request_named(row.get("metadata"))
    if named is not None and named.request_type in AGGREGATES:
        found.append((named.request_type, source, named.reference))
    for child, column in BACKWARD.get(kind, ()):
        if column.endswith("_id"):
            children = _rows(connection, child, f"{column} = %(value)s", value=row["id"])
        else:
            children = _rows(connection, child, f"source = %(source)s AND {column} = %(value)s", source=source, value=row["external_id"])
        found += [(child, source, one["external_id"]) for one in children]
    return found


def _rows(connection: Connection, kind: str, where: str, **bound: Any) -> list[dict[str, Any]]:
    sql = f"SELECT * FROM bursar.{AGGREGATES[kind].__tablename__} WHERE {where} LIMIT %(most)s"  # noqa: S608 - our own names
    return [row | {"kind": kind} for row in _all(connection, sql, **bound)]


def _all(connection: Connection, sql: str, **bound: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.exec_driver_sql(sql, {"most": MOST, **bound}).mappings()]
