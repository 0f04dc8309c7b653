"""Follows an e-Factura at the ministry: taken in, in work, decided, and the papers of the decision (TAX-3)."""

from __future__ import annotations

from billing.operations.move_efactura import move_efactura
from billing.operations.send_efactura import keep_paper
from billing.operations.unit import UnitOfWork
from billing.rules.facts.answer import AnswerFact
from billing.rules.facts.efactura import EfacturaPapersFact, EfacturaStatusFact
from billing.rules.paper.poll_plan import local_day, next_poll, tomorrow
from models.efactura import Efactura


def settle_upload(unit: UnitOfWork, fact: AnswerFact) -> None:
    """The ministry has taken the upload in, or refused it at its door."""
    row = unit.row(Efactura, fact.source, fact.external_id)
    if row.status not in ("uploading", "unknown") or not fact.submission.endswith(f":{row.attempt}"):
        return
    row.uploaded_at = unit.now
    if not fact.accepted:
        _rejected(unit, row, fact.error_message or fact.error_code or "refused")
        return
    row.upload_index = fact.object_ref
    row.polls, row.polled_on, row.polled_that_day = 0, local_day(unit.now), 0
    row.next_poll_at = next_poll(0, 0, unit.now)
    move_efactura(unit, row, "processing", upload_index=row.upload_index)


def record_status(unit: UnitOfWork, fact: EfacturaStatusFact) -> None:
    """What the ministry says of the upload. An answer about an earlier attempt, or after the decision, changes nothing."""
    row = unit.row(Efactura, fact.source, fact.external_id)
    if row.status != "processing" or row.attempt != fact.attempt:
        return
    if fact.state == "quota":
        row.next_poll_at = tomorrow(unit.now)
    elif fact.state == "processing":
        row.next_poll_at = next_poll(row.polls or 0, _asked_today(unit, row), unit.now)
    else:
        row.download_id, row.decided_at = fact.download_id, unit.now
        # Its papers are fetched next, as patiently as the decision was asked for.
        row.polls, row.next_poll_at = 0, unit.now if fact.download_id else None
        if fact.state == "accepted":
            row.alarm_at, row.error = None, None
            move_efactura(unit, row, "accepted", upload_index=row.upload_index, download_id=row.download_id)
        else:
            _rejected(unit, row, fact.errors or "the ministry's reasons are in its answer")


def record_papers(unit: UnitOfWork, fact: EfacturaPapersFact) -> None:
    """The ministry's answer and signature of a decision, kept as they came."""
    row = unit.row(Efactura, fact.source, fact.external_id)
    if row.attempt != fact.attempt or row.papers_at is not None or row.status not in ("accepted", "rejected"):
        return
    if fact.answer is None:
        row.next_poll_at = tomorrow(unit.now)
        return
    keep_paper(unit, row, "answer", fact.answer)
    if fact.signature is not None:
        keep_paper(unit, row, "signature", fact.signature)
    row.papers_at, row.next_poll_at, row.updated_at = unit.now, None, unit.now
    if row.status == "rejected" and fact.errors:
        row.error = fact.errors


def _rejected(unit: UnitOfWork, row: Efactura, why: str) -> None:
    row.error, row.decided_at, row.alarm_at = why, unit.now, unit.now
    move_efactura(unit, row, "rejected", error=why[:500], upload_index=row.upload_index)


def _asked_today(unit: UnitOfWork, row: Efactura) -> int:
    return (row.polled_that_day or 0) if row.polled_on == local_day(unit.now) else 0
