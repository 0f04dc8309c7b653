"""Records what the provider says about a dispute: its stage, its deadline, and what money it has moved so far."""

from __future__ import annotations

from billing.operations.apply_fact import apply_fact
from billing.operations.follow_charge import follow_charge
from billing.operations.follow_dispute import follow_dispute
from billing.operations.follow_dispute_response import follow_dispute_response
from billing.operations.link import link
from billing.operations.move_status import move_status
from billing.operations.post_dispute import post_dispute
from billing.operations.tell_disputes import tell_disputes
from billing.operations.unit import UnitOfWork
from billing.rules.disputed import entry
from billing.rules.facts.dispute import DisputeFact
from billing.rules.states_money_out import DISPUTE, dispute_outcome
from models.charge import Charge
from models.dispute import Dispute
from models.payment import Payment

_FUNDS = ("funds_withdrawn_minor", "funds_reinstated_minor")


def record_dispute(unit: UnitOfWork, fact: DisputeFact) -> Dispute:
    """Merge the dispute, link the disputed charge and payment (no other, DISPUTE-5), audit status and money apart.

    Status and money are two things (DISPUTE-4): opening, winning and losing change the status, only a withdrawal or a
    reinstatement changes the funds columns, whatever order they are told in.
    """
    row = unit.row(Dispute, fact.source, fact.external_id)
    before = row.status
    changed = apply_fact(unit, row, fact)
    link(unit, row, charge=row.charge_ref, payment=row.payment_ref, account=row.account_ref)
    about = {
        "amount_minor": row.amount_minor,
        "currency": row.currency,
        "reason": row.reason,
        "provider_status": row.provider_status,
        "outcome": dispute_outcome(row.status),
        "charge": row.charge_ref,
    }
    move_status(unit, row, DISPUTE, before, row.status, about)
    moved = {name: changed[name] for name in _FUNDS if name in changed}
    if moved:
        unit.audit(
            "dispute.funds",
            Dispute.NAME,
            row.id,
            before={name: was for name, (was, _) in moved.items()},
            after={name: now for name, (_, now) in moved.items()} | {"currency": row.currency},
        )
    post_dispute(unit, row)
    follow_dispute_response(unit, row)
    _follow(unit, row)
    return row


def _follow(unit: UnitOfWork, row: Dispute) -> None:
    """Charge and payments learn how it stands, and what follows from that. A weakly signed body alone has no effect."""
    if row.confirmed is False:
        return
    told = {row.external_id: entry(row.status, row.amount_minor, row.funds_withdrawn_minor, row.funds_reinstated_minor)}
    if row.charge_ref:
        charge = unit.row(Charge, row.source, row.charge_ref)
        tell_disputes(unit, charge, told)
        follow_charge(unit, charge, row.payment_ref)
        return
    if row.payment_ref:
        tell_disputes(unit, unit.row(Payment, row.source, row.payment_ref), told)
    follow_dispute(unit, row)
