"""What a person means by an id: one of our rows, a submission, or an event. Every look is along an index."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

import models.aggregates  # noqa: F401  # all kinds
from cli.trouble import nothing
from models.base import AGGREGATES

SOURCES = ("stripe", "paypal", "manual", "zoom", "app", "bursar")
SIDE = (
    "dispute_case", "fulfilment", "payee", "customer_balance", "balance_transaction", "payout_turn", "credit_account", "credit_cycle",
    "dunning_case", "organisation", "period_settlement", "promo_customer",
)  # fmt: skip
"""Kinds that stand beside another row of the same id: that one is meant."""
_PUBLIC = re.compile(r"([a-z]+)_([0-9a-f]{32})")
_KEY = "SELECT request_type, source, request_ref FROM bursar.submission WHERE source = ANY (%(sources)s) AND key = %(text)s"
_EVENTS = """SELECT id FROM bursar.inbox WHERE source = ANY (%(sources)s) AND event_id = %(text)s
             UNION ALL SELECT id FROM bursar.inbox WHERE id = %(number)s"""
_NUMBER = "SELECT source, external_id FROM bursar.document WHERE number = %(text)s"
_CREDITS = "SELECT lot_ref FROM bursar.credit_entry WHERE fact = %(text)s LIMIT 20"
_MONEY = """SELECT m.external_id FROM bursar.money_credit_entry e JOIN bursar.money_credit m ON m.id = e.credit_id
            WHERE e.fact = %(text)s LIMIT 20"""


@dataclass(frozen=True, slots=True)
class Found:
    """Rows as (kind, source, external id), and ids of inbox rows."""

    said: str
    rows: list[tuple[str, str, str]]
    events: list[int]


def rows_named(connection: Connection, kinds: list[str], sources: list[str], external_id: str) -> list[tuple[str, str, str]]:
    """Which of these kinds have such a row."""
    parts = [
        f"SELECT '{kind}', source, external_id FROM bursar.{AGGREGATES[kind].__tablename__} "  # noqa: S608 - our own tables
        "WHERE source = ANY (%(sources)s) AND external_id = %(id)s"
        for kind in kinds
    ]
    found = connection.exec_driver_sql(" UNION ALL ".join(parts), {"sources": sources, "id": external_id})
    return [(row[0], row[1], row[2]) for row in found]


def find(connection: Connection, text: str) -> Found:
    """What `text` names.

    Raises:
        TroubleError: nothing that we know of (exit code 3).
    """
    source, colon, rest = text.partition(":")
    asked = [(list(SOURCES), text)] + ([([source], rest)] if colon and source in SOURCES else [])
    for sources, wanted in asked:
        rows = _rows(connection, sources, wanted)
        if rows:
            return Found(text, rows, [])
        number = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 19 else None
        bound: dict[str, Any] = {"sources": sources, "text": wanted, "number": number}
        events = [row[0] for row in connection.exec_driver_sql(_EVENTS, bound)]
        if events:
            return Found(text, [], events)
        booked = _entries(connection, wanted)
        if booked:
            return Found(text, booked, [])
    raise nothing(
        f"nothing is known as {text!r}", "give a provider's id, Bursar's own, a reference, a submission's key or an event's id"
    )


def _entries(connection: Connection, text: str) -> list[tuple[str, str, str]]:
    """What an entry of credits or of money credit changed, by the fact that it is for."""
    kinds = (("credit_lot", _CREDITS), ("money_credit", _MONEY))
    return [(kind, "bursar", ref) for kind, sql in kinds for ref in connection.exec_driver_sql(sql, {"text": text}).scalars()]


def _rows(connection: Connection, sources: list[str], text: str) -> list[tuple[str, str, str]]:
    public = _PUBLIC.fullmatch(text)
    if public:
        for kind, model in AGGREGATES.items():
            if public[1] == model.PUBLIC_PREFIX:
                sql = f"SELECT source, external_id FROM bursar.{model.__tablename__} WHERE id = %(id)s::uuid"  # noqa: S608 - our own tables
                found = connection.exec_driver_sql(sql, {"id": public[2]}).one_or_none()
                if found:
                    return [(kind, found[0], found[1])]
    by_key = connection.exec_driver_sql(_KEY, {"sources": sources, "text": text}).all()
    if by_key:
        return [(row[0], row[1], row[2]) for row in by_key]
    by_number = connection.exec_driver_sql(_NUMBER, {"text": text}).one_or_none()
    if by_number:
        return [("document", by_number[0], by_number[1])]
    named = rows_named(connection, sorted(AGGREGATES), sources, text)
    main = [row for row in named if row[0] not in SIDE]
    return main or named
