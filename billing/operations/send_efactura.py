"""Sends a queued document to the ministry, or refuses it ourselves: what we know to be wrong is not sent (TAX-3).

The bytes are kept, and with them their digest and the deadline, before anything is sent.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from billing.operations.move_efactura import move_efactura
from billing.operations.romanian_holidays import romanian_holidays
from billing.operations.unit import UnitOfWork
from billing.rules.paper.document import Document
from billing.rules.paper.working_days import alarm, deadline
from core.ids import new_id
from models.efactura import Efactura, EfacturaPaper

QUEUE = "maintenance"
_ROMANIA = "RO"
_MOST_ERROR = 4000


def lane_of(row: Efactura) -> str:
    """Calls and answers of one document stand in one line."""
    return f"anaf:{row.external_id}"


def send_efactura(unit: UnitOfWork, row: Efactura, document: Document, ubl: bytes, wrong: Sequence[str]) -> None:
    """Reserve the upload of these bytes; or, where `wrong` says why not, refuse them.

    Args:
        unit: the transaction.
        row: the locked row; one that is not queued any more is left alone.
        document: what is sent.
        ubl: it in UBL.
        wrong: which rules it breaks; empty: none that we know.
    """
    if row.status != "queued":
        return
    holidays = romanian_holidays(document.tax_point_on.year) | romanian_holidays(document.issued_on.year)
    row.kind, row.number, row.issued_on = document.kind, document.number, document.issued_on
    row.deadline_at = deadline(document.issued_on, document.tax_point_on, holidays)
    if row.alarm is None:
        row.alarm_at = alarm(document.issued_on, document.tax_point_on, holidays)
    row.b2c, row.abroad = not document.buyer.business, document.buyer.address.country != _ROMANIA
    row.cif, row.upload_index, row.download_id, row.papers_at, row.decided_at = fiscal_number(document), None, None, None, None
    problems = list(wrong) if row.cif else [*wrong, "the seller has no fiscal number (CUI)"]
    if problems:
        row.error, row.alarm_at = "\n".join(problems)[:_MOST_ERROR], unit.now
        move_efactura(unit, row, "refused_locally", problems=len(problems))
        return
    row.error, row.sha256 = None, hashlib.sha256(ubl).hexdigest()
    attempt = row.attempt or 1
    unit.add(_paper(unit, row, attempt, "ubl", ubl))
    unit.submit(
        "efactura.upload", row, attempt=attempt, queue=QUEUE, lane=lane_of(row),
        values={
            "kind": row.kind, "cif": row.cif, "b2c": row.b2c, "abroad": row.abroad, "number": row.number, "sha256": row.sha256,
            "paper_attempt": attempt,
        },
    )  # fmt: skip
    move_efactura(unit, row, "uploading", sha256=row.sha256)


def fiscal_number(document: Document) -> str | None:
    """The seller's CUI, digits only."""
    for said in (document.seller.vat_id, document.seller.tax_number):
        found = re.fullmatch(r"(?:RO)?\s*(\d{2,13})", (said or "").strip(), re.IGNORECASE)
        if found:
            return found[1]
    return None


def keep_paper(unit: UnitOfWork, row: Efactura, kind: str, content: bytes) -> None:
    """Keep what came back for this attempt, byte by byte."""
    unit.add(_paper(unit, row, row.attempt or 1, kind, content))


def _paper(unit: UnitOfWork, row: Efactura, attempt: int, kind: str, content: bytes) -> EfacturaPaper:
    return EfacturaPaper(
        id=new_id(unit.now), efactura_ref=row.external_id, attempt=attempt, kind=kind, content=content,
        sha256=hashlib.sha256(content).hexdigest(), kept_at=unit.now,
    )  # fmt: skip
