"""Answers a dispute, by evidence or by accepting it: once, in time, and never by a second call for the same answer (DISPUTE-3, PAY-2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.operations.follow_dispute import WAITS_FOR_US, stand
from billing.operations.move_status import move_status
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.disputes import AcceptDispute, SubmitEvidence
from billing.rules.instants import iso
from billing.rules.states_requests import DISPUTE_RESPONSE
from models.dispute import Dispute
from models.dispute_case import DisputeCase
from models.dispute_response import DisputeResponse

_OPERATIONS: Mapping[tuple[str, str], str] = {
    ("stripe", "evidence"): "dispute.update",
    ("stripe", "accept"): "dispute.close",
    ("paypal", "evidence"): "dispute.provide_evidence",
    ("paypal", "accept"): "dispute.accept",
}


def answer_dispute(unit: UnitOfWork, command: SubmitEvidence | AcceptDispute) -> tuple[DisputeResponse, Dispute]:
    """The answer, on its way to the provider; the same reference again is the same answer.

    Raises:
        Rejected: as the command's `REFUSALS` say; nothing was called.
    """
    dispute = unit.row(Dispute, command.source, command.dispute_ref)
    evidence = dict(command.evidence) if isinstance(command, SubmitEvidence) else None
    kind = "evidence" if evidence else "accept"
    row = unit.row(DisputeResponse, command.source, command.reference)
    if not row.incomplete:
        if (row.dispute_ref, row.kind, row.evidence) != (command.dispute_ref, kind, evidence):
            raise Rejected("reference_used", f"{command.reference} is another answer's reference", {"field": "reference"})
        return row, dispute
    case = unit.row(DisputeCase, command.source, command.dispute_ref)
    _check(unit, dispute, case)
    row, _ = own_row(unit, DisputeResponse, command.source, command.reference)
    case, _ = own_row(unit, DisputeCase, command.source, command.dispute_ref)
    row.status, row.kind, row.dispute_ref, row.evidence = "requested", kind, command.dispute_ref, evidence
    row.amount_minor, row.currency = dispute.amount_minor, dispute.currency
    row.reason, row.actor, row.requested_at = command.reason, unit.actor, unit.now
    about = {"dispute": dispute.external_id, "kind": kind, "amount_minor": row.amount_minor, "currency": row.currency, "reason": row.reason}
    move_status(unit, row, DISPUTE_RESPONSE, None, row.status, about | {"fields": sorted(evidence or {})})
    case.response_ref = row.external_id
    stand(unit, dispute, case)
    unit.submit(
        _OPERATIONS[(row.source, kind)], row, values=_values(row), queue="payments", lane=f"{row.source}:{dispute.external_id}",
        account=dispute.account_ref,
    )  # fmt: skip
    return row, dispute


def _check(unit: UnitOfWork, dispute: Dispute, case: DisputeCase) -> None:
    if dispute.incomplete:
        raise Rejected("dispute_unknown", f"{dispute.source} never told of a dispute {dispute.external_id}", {"field": "dispute_ref"})
    if case.response_ref is not None:
        raise Rejected("already_answered", f"{dispute.external_id} is being answered or was", {"current": case.response_ref})
    if dispute.status not in WAITS_FOR_US:
        raise Rejected("not_open", f"{dispute.external_id} is {dispute.status}: it takes no answer", {"current": dispute.status})
    if dispute.evidence_due_at is not None and dispute.evidence_due_at <= unit.now:
        due = iso(dispute.evidence_due_at)
        raise Rejected("too_late", f"answers to {dispute.external_id} were due by {due}", {"limit": due})


def _values(row: DisputeResponse) -> dict[str, Any]:
    if row.kind == "accept":
        return {"dispute_ref": row.dispute_ref} | ({"note": row.reason} if row.source == "paypal" else {})
    return {"dispute_ref": row.dispute_ref, "evidence": row.evidence} | ({"submit": True} if row.source == "stripe" else {})
