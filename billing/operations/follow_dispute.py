"""What a dispute means for us, whatever its news came in: a case for people, the payee's payout held, his share moved (DISPUTE-1, 2, 4).

A function of the merged rows, called after each merge into dispute, charge or transfer, so that any order ends the same.
"""

from __future__ import annotations

from billing.operations.disputed_share import DisputedShare, disputed_share
from billing.operations.hold_payouts import hold_payouts
from billing.operations.move_disputed_share import move_disputed_share, reversal_failed
from billing.operations.move_request import move_request
from billing.operations.own_row import own_row
from billing.operations.release_hold import release_hold
from billing.operations.unit import UnitOfWork
from billing.rules.disputed import Disputes, payees_part
from billing.rules.states_money_out import dispute_outcome
from billing.rules.states_requests import DISPUTE_CASE
from models.dispute import Dispute
from models.dispute_case import DisputeCase
from models.transfer_reversal_request import TransferReversalRequest

WAITS_FOR_US = frozenset({"needs_response", "warning_needs_response", "appeal_needs_response"})
"""Statuses in which the provider takes an answer."""


def hold_key(dispute_ref: str) -> str:
    """Under which a dispute holds payouts."""
    return f"dispute:{dispute_ref}"


def follow_dispute(unit: UnitOfWork, dispute: Dispute) -> DisputeCase | None:
    """Bring case, share and hold up to date. What only a weakly signed body told of has no effect until the provider was asked."""
    if dispute.incomplete or dispute.status is None or dispute.confirmed is False:
        return None
    case, _ = own_row(unit, DisputeCase, dispute.source, dispute.external_id)
    if case.evidence_due_at != dispute.evidence_due_at:
        case.evidence_due_at = dispute.evidence_due_at
    stand(unit, dispute, case)
    share = disputed_share(unit, dispute)
    if share is not None:
        move_disputed_share(unit, dispute, case, share)
        _hold(unit, dispute, case, share)
    return case


def stand(unit: UnitOfWork, dispute: Dispute, case: DisputeCase) -> None:
    """Whether the case waits for us, for the bank, or for nobody."""
    if dispute_outcome(dispute.status) != "open":
        status = "closed"
    else:
        if case.status == "closed" and dispute.status in WAITS_FOR_US:
            case.response_ref = None  # appealed: what was answered before is decided
        status = "open" if dispute.status in WAITS_FOR_US and case.response_ref is None else "answered"
    move_request(unit, case, DISPUTE_CASE, status, dispute=dispute.external_id, dispute_status=dispute.status)


def _hold(unit: UnitOfWork, dispute: Dispute, case: DisputeCase, share: DisputedShare) -> None:
    """Hold what may be lost and is neither taken back nor owed yet: a debt keeps money from payouts by itself, so that what is
    owed and held as well would be kept back twice."""
    contested, currency = dispute.amount_minor or 0, dispute.currency
    taken = case.taken_minor or 0
    if share.direct:
        taken = (dispute.funds_withdrawn_minor or 0) - (dispute.funds_reinstated_minor or 0)
    elif share.made is not None:
        amount, currency = share.made
        contested = payees_part(amount, contested, share.charge_minor)
    at_risk = max(0, contested - taken) if dispute_outcome(dispute.status) == "open" else 0
    if at_risk and currency:
        case.account_ref = share.account_ref
        hold_payouts(
            unit, dispute.source, share.account_ref, key=hold_key(dispute.external_id), reason="dispute", currency=currency,
            amount_minor=at_risk,
        )  # fmt: skip
    elif case.account_ref:
        why = "the money was taken back" if dispute_outcome(dispute.status) == "open" else f"the dispute ended: {dispute.status}"
        release_hold(unit, dispute.source, hold_key(dispute.external_id), why=why)


def after_dispute_reversal(unit: UnitOfWork, reversal: TransferReversalRequest) -> None:
    """A reversal that a dispute wanted was made, or failed."""
    if reversal.status == "failed":
        case, _ = own_row(unit, DisputeCase, reversal.source, reversal.for_ref or "")
        reversal_failed(unit, case, reversal)
    follow_dispute(unit, unit.row(Dispute, reversal.source, reversal.for_ref or ""))


def follow_disputes(unit: UnitOfWork, source: str, disputes: Disputes | None) -> None:
    """All disputes of a charge, after it or its transfer told something new."""
    for ref in sorted(disputes or {}):
        follow_dispute(unit, unit.row(Dispute, source, ref))
