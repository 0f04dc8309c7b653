"""What came of an answer to a dispute: told by the provider's reply and by the dispute's own events, in any order (DISPUTE-3)."""

from __future__ import annotations

from billing.operations.follow_dispute import stand
from billing.operations.move_request import move_request
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.facts.answer import AnswerFact
from billing.rules.request_tag import request_named
from billing.rules.states_requests import DISPUTE_RESPONSE
from models.dispute import Dispute
from models.dispute_case import DisputeCase
from models.dispute_response import DisputeResponse


def follow_dispute_response(unit: UnitOfWork, dispute: Dispute) -> None:
    """A dispute that carries our answer's tag is the proof that it arrived."""
    named = request_named(dispute.metadata_)
    if named is not None and named.request_type == DisputeResponse.NAME:
        row = unit.row(DisputeResponse, dispute.source, named.reference)
        if not row.incomplete and row.dispute_ref == dispute.external_id:
            _made(unit, row)


def settle_dispute_response(unit: UnitOfWork, fact: AnswerFact) -> None:
    """The provider's answer to ours. One that was refused leaves the dispute open for another."""
    row = unit.row(DisputeResponse, fact.source, fact.external_id)
    if fact.accepted:
        _made(unit, row)
        return
    if row.status != "requested" or row.dispute_ref is None:
        return
    row.failure_code, row.failure_message, row.completed_at = fact.error_code, fact.error_message, unit.now
    move_request(unit, row, DISPUTE_RESPONSE, "failed", dispute=row.dispute_ref, failure_code=row.failure_code)
    case, _ = own_row(unit, DisputeCase, row.source, row.dispute_ref)
    if case.response_ref == row.external_id:
        case.response_ref = None
        stand(unit, unit.row(Dispute, row.source, row.dispute_ref), case)


def _made(unit: UnitOfWork, row: DisputeResponse) -> None:
    if row.status != "requested":
        return
    row.completed_at = unit.now
    move_request(unit, row, DISPUTE_RESPONSE, "made", dispute=row.dispute_ref, kind=row.kind)
