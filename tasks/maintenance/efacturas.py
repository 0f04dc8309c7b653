"""What the maintenance queue's runs do with e-Facturas: send what is queued, ask after what is there, note what nobody can say (TAX-3).

All of it is due rows: a run that was missed, or a worker that died, costs time and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from billing.operations.ask_efactura import ask_efacturas
from billing.operations.move_efactura import move_efactura
from billing.operations.send_efactura import QUEUE, send_efactura
from billing.operations.unit import UnitOfWork
from billing.rules.paper.document import Document
from models.bulk import insert_rows
from models.document import thawed
from models.efactura import Efactura
from models.outbox import OUTBOX
from providers.anaf.check import wrong_with
from providers.anaf.ubl.compose import compose
from tasks.maintenance.anaf_token import RENEW_BEFORE
from workers.context import Context
from workers.paging import Paged
from workers.unit import Reference

_SOURCE = "anaf"
_DOCUMENTS = """SELECT d.external_id, d.content, b.content AS buyer FROM bursar.document d
                LEFT JOIN bursar.document_buyer b ON b.document_id = d.id
                WHERE d.source = 'bursar' AND d.external_id = ANY(%(refs)s)"""
_TO_RENEW = """SELECT login FROM bursar.anaf_token
               WHERE login = %(login)s AND access_ends_at < %(before)s AND refresh_ends_at > %(now)s"""
_QUEUED = """SELECT e.queued_at AS due_at, e.id, e.external_id AS item FROM bursar.efactura e
             WHERE e.status = 'queued' AND e.queued_at <= %(now)s AND (e.queued_at, e.id) > (%(after_at)s, %(after_id)s)
             ORDER BY e.queued_at, e.id LIMIT %(page)s FOR UPDATE OF e SKIP LOCKED"""
_DUE = """SELECT e.next_poll_at AS due_at, e.id, e.external_id AS item FROM bursar.efactura e
          WHERE e.next_poll_at <= %(now)s AND (e.next_poll_at, e.id) > (%(after_at)s, %(after_id)s)
          ORDER BY e.next_poll_at, e.id LIMIT %(page)s FOR UPDATE OF e SKIP LOCKED"""
_LOST = """SELECT s.unknown_at AS due_at, e.id, e.external_id AS item
           FROM bursar.submission s JOIN bursar.efactura e ON e.id = s.request_id
           WHERE s.source = 'anaf' AND s.state = 'unknown' AND s.attempt = e.attempt AND e.status = 'uploading'
             AND s.unknown_at <= %(now)s AND (s.unknown_at, e.id) > (%(after_at)s, %(after_id)s)
           ORDER BY s.unknown_at, e.id LIMIT %(page)s FOR UPDATE OF e SKIP LOCKED"""


def _references(row: Row[Any]) -> Iterator[Reference]:
    yield Efactura.NAME, _SOURCE, row.item


def _send(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    found = _documents(unit, [row.item for row in rows])
    for one in rows:
        document = found.get(one.item)
        if document is None:
            raise LookupError(f"no issued document has the reference {one.item}; nothing was sent")
        ubl = compose(document)
        send_efactura(unit, unit.row(Efactura, _SOURCE, one.item), document, ubl, wrong_with(document, ubl))


def _documents(unit: UnitOfWork, refs: list[str]) -> Mapping[str, Document]:
    """Issued documents do not change, so they are read without a lock."""
    return {one["external_id"]: thawed(one["content"], one["buyer"]) for one in unit.committed(_DOCUMENTS, {"refs": refs})}


def _ask(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    ask_efacturas(unit, [unit.row(Efactura, _SOURCE, one.item) for one in rows])


def _note(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    for one in rows:
        row = unit.row(Efactura, _SOURCE, one.item)
        if row.status == "uploading":
            move_efactura(unit, row, "unknown")


SEND = Paged(job="send_efacturas", due=_QUEUED, references=_references, work=_send)
ASK = Paged(job="ask_efacturas", due=_DUE, references=_references, work=_ask)
NOTE = Paged(job="ask_efacturas", due=_LOST, references=_references, work=_note)


def renew_token(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Ask for new tokens when the access token ends soon, at most once a day; the call is the outbox's."""
    now, login = context.clock.now(), context.settings.anaf_client_id
    if not login:
        return {"skipped": "BURSAR_ANAF_CLIENT_ID is not set"}
    with context.engine.begin() as connection:
        bound = {"login": login, "before": now + RENEW_BEFORE, "now": now}
        if not connection.exec_driver_sql(_TO_RENEW, bound).scalar():
            return {"asked": 0}
        call = {
            "kind": "anaf.fetch", "key": f"token:{slot_at.date().isoformat()}", "queue": QUEUE, "lane": "anaf:token",
            "payload": {"what": "token"}, "inbox_id": None, "created_at": now, "fair_at": now, "next_at": now,
        }  # fmt: skip
        made = insert_rows(connection, OUTBOX, [call], once_by=("kind", "key"), returning=("id",))
    return {"asked": len(made)}
