"""Draws the numbers of legal papers as the last thing before the commit, and writes the papers with them (INV-8).

A series' row is locked from the draw to the commit, so all who issue stand in one line there: the draw is one statement per series,
for all papers of the transaction, and only what needs the numbers comes after it. What is rolled back has drawn nothing: no gaps.
The series also keeps time: its papers are never dated before those that they follow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, LiteralString, NamedTuple, cast
from uuid import UUID

from sqlalchemy import Connection, Table

from billing.rules.paper.unnumbered import Unnumbered
from billing.rules.paper.when import TEMPLATE, number_text
from core.crypto import KeyRing
from core.ids import new_id
from models.audit import AUDIT, audit_row
from models.base import OWN_SOURCE
from models.bulk import insert_rows
from models.document import DOCUMENT_BUYER, IssuedDocument, frozen

_DRAW: LiteralString = """
    INSERT INTO bursar.series AS s (prefix, year, next, last_at, last_on) VALUES (%(prefix)s, %(year)s, 1 + %(count)s, %(at)s, %(on)s)
    ON CONFLICT (prefix, year) DO UPDATE SET next = s.next + %(count)s,
        last_at = greatest(s.last_at + interval '1 microsecond', %(at)s), last_on = greatest(s.last_on, %(on)s)
    RETURNING s.next - %(count)s AS first, s.last_at, s.last_on"""


class Asked(NamedTuple):
    """A paper, and in whose name it is issued."""

    paper: Unnumbered
    actor: str
    reason: str
    inbox_id: int | None


class _Asked(NamedTuple):
    paper: Unnumbered
    actor: str
    reason: str
    inbox_id: int | None
    content: dict[str, Any]
    buyer: dict[str, Any]


class _Drawn(NamedTuple):
    asked: _Asked
    id: UUID
    no: int
    issued_at: datetime
    issued_on: date


def issue(connection: Connection, keys: KeyRing, asked: Sequence[Asked]) -> None:
    """Draw the numbers, in the order of time within each series, and write papers, buyers and audit. Then commit, at once."""
    by_series: dict[tuple[str, int], list[_Asked]] = defaultdict(list)
    # All that needs no number is done before: from the draw on, others wait.
    for one in sorted((_Asked(*one, *frozen(one.paper.document)) for one in asked), key=lambda one: one.paper.at):
        by_series[(one.paper.series, one.paper.document.issued_on.year)].append(one)
    # In one order, whoever draws: else two transactions with two series each would wait for one another.
    drawn = [numbered for series in sorted(by_series) for numbered in _draw(connection, series, by_series[series])]
    documents, buyers, audit = [], [], []
    for done in drawn:
        document, buyer = _rows(done)
        documents.append(document)
        buyers.append(buyer)
        audit.append(_audit(keys, done, document))
    insert_rows(connection, cast("Table", IssuedDocument.__table__), documents)
    insert_rows(connection, DOCUMENT_BUYER, buyers)
    insert_rows(connection, AUDIT, audit)


def _draw(connection: Connection, series: tuple[str, int], asked: Sequence[_Asked]) -> list[_Drawn]:
    prefix, year = series
    last = asked[-1].paper
    on = max(one.paper.document.issued_on for one in asked)
    bound = {"prefix": prefix, "year": year, "count": len(asked), "at": last.at, "on": on}
    first, at, issued_on = connection.exec_driver_sql(_DRAW, bound).one()
    ids = sorted(new_id(at) for _ in asked)  # numbers rise with (issued_at, id)
    return [_Drawn(one, ids[no - first], no, at, issued_on) for no, one in enumerate(asked, first)]


def _rows(drawn: _Drawn) -> tuple[dict[str, Any], dict[str, Any]]:
    """The paper's row, with its number and the day that its series is at, and its buyer's."""
    paper, document, issued_on = drawn.asked.paper, drawn.asked.paper.document, drawn.issued_on.isoformat()
    number = number_text(paper.series, drawn.issued_on.year, drawn.no)
    content = drawn.asked.content | {"number": number, "issued_on": issued_on}
    if document.due_on is not None:
        content["due_on"] = max(document.due_on, drawn.issued_on).isoformat()
    row = {
        "id": drawn.id, "source": OWN_SOURCE, "external_id": paper.reference, "versions": {"own": {}}, "created_at": paper.at,
        "updated_at": paper.at, "kind": document.kind, "series": paper.series, "year": drawn.issued_on.year, "no": drawn.no,
        "number": number, "issued_at": drawn.issued_at, "issued_on": drawn.issued_on, "tax_point_on": document.tax_point_on,
        "invoice_ref": paper.invoice_ref, "corrects_ref": paper.corrects_ref, "subscriber_ref": paper.subscriber_ref,
        "country": document.seller.address.country, "currency": document.currency, "net_minor": document.net_minor,
        "tax_minor": document.tax_minor, "total_minor": document.total_minor, "reason": document.reason, "actor": drawn.asked.actor,
        "template": TEMPLATE, "content": content, "locked_at": drawn.issued_at,
    }  # fmt: skip
    return row, {"document_id": drawn.id, "content": drawn.asked.buyer, "keep_until": paper.keep_until(drawn.issued_on), "erased_at": None}


def _audit(keys: KeyRing, drawn: _Drawn, row: dict[str, Any]) -> dict[str, Any]:
    """AUDIT-1: the number was drawn, and the paper issued. Nothing personal: the audit is kept for ever."""
    said = {
        "kind": row["kind"], "number": row["number"], "issued_on": drawn.issued_on.isoformat(), "invoice": row["invoice_ref"],
        "corrects": drawn.asked.paper.document.corrects, "total_minor": row["total_minor"], "tax_minor": row["tax_minor"],
        "currency": row["currency"],
    }  # fmt: skip
    return audit_row(
        keys, uid=new_id(drawn.issued_at), at=drawn.issued_at, actor=drawn.asked.actor, reason=drawn.asked.reason,
        action="document.issued", object_type=IssuedDocument.NAME, object_id=str(row["id"]), before=None,
        after={name: value for name, value in said.items() if value is not None}, inbox_id=drawn.asked.inbox_id,
    )  # fmt: skip
