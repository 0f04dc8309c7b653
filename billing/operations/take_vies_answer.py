"""Keeps what VIES answered, and tells it to everybody who has that number (TAX-1, TAX-4). "Unavailable" changes no proof."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from billing.operations.own_row import own_row
from billing.operations.say_vat_number import copy_proof
from billing.operations.unit import UnitOfWork
from billing.rules.facts.vies import ViesFact
from billing.rules.tax.proof import due_after_answer, due_after_failure
from models.base import OWN_SOURCE
from models.bill_to import BillTo
from models.subscriber import Subscriber
from models.vies_check import ViesCheck

log = structlog.get_logger(__name__)

_WHOSE = "SELECT external_id FROM bursar.bill_to WHERE source = 'bursar' AND vat_id = %(number)s ORDER BY external_id"


def take_vies_answer(unit: UnitOfWork, fact: ViesFact) -> ViesCheck:
    """An older answer than the one that is kept changes nothing."""
    whose = _whose(unit, fact.external_id)
    _lock(unit, whose)
    row, _ = own_row(unit, ViesCheck, ViesCheck.SOURCE, fact.external_id)
    # Whoever said the number while we waited for its row has read the row as it was: he is told, too.
    late = _whose(unit, fact.external_id) - whose
    _lock(unit, late)
    if fact.outcome == "unavailable":
        _unanswered(unit, row, fact)
        return row
    if row.checked_at is not None and row.checked_at > fact.at:
        return row
    _answered(unit, row, fact)
    for ref in sorted(whose | late):
        _tell(unit, unit.row(BillTo, OWN_SOURCE, ref), row)
    return row


def _answered(unit: UnitOfWork, row: ViesCheck, fact: ViesFact) -> None:
    before = row.valid
    row.valid, row.checked_at, row.request_date = fact.outcome == "valid", fact.at, fact.request_date
    row.consultation, row.requester = fact.consultation, fact.requester
    row.asked_at, row.failures, row.error = None, 0, fact.code
    row.next_at = due_after_answer(fact.at)
    if fact.code == "INVALID_REQUESTER_INFO":
        log.error(
            "vies_requester_refused", number=fact.external_id, effect="it was checked, but without a consultation number as evidence",
            next_step="mend the seller's VAT id (`sellers.define`), then `bursar tax vies NUMBER --ask`",
        )  # fmt: skip
    if before is not row.valid:
        shown = {"valid": row.valid, "consultation": row.consultation}
        unit.audit("vat_number.checked", ViesCheck.NAME, row.id, before={"valid": before}, after=shown)


def _unanswered(unit: UnitOfWork, row: ViesCheck, fact: ViesFact) -> None:
    row.asked_at, row.failures, row.error = None, (row.failures or 0) + 1, fact.code
    row.next_at = due_after_failure(row.failures, max(fact.at, unit.now))


def _tell(unit: UnitOfWork, row: BillTo, check: ViesCheck) -> None:
    before = row.vat_id_valid
    if row.vat_id != check.external_id:
        return
    news = copy_proof(row, check)
    row.updated_at = max(row.updated_at, unit.now)
    if news:
        unit.audit("bill_to.vat_id_checked", BillTo.NAME, row.id, before={"valid": before}, after={"valid": row.vat_id_valid})


def _whose(unit: UnitOfWork, number: str) -> set[str]:
    return {row["external_id"] for row in unit.committed(_WHOSE, {"number": number})}


def _lock(unit: UnitOfWork, refs: Iterable[str]) -> None:
    """Subscribers first: they are the mutex."""
    listed = sorted(refs)
    unit.load([*((Subscriber.NAME, OWN_SOURCE, ref) for ref in listed), *((BillTo.NAME, OWN_SOURCE, ref) for ref in listed)])
