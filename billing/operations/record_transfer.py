"""Records what the provider says about a transfer to a connected account (PAYOUT-5)."""

from __future__ import annotations

from billing.operations.apply_fact import apply_fact
from billing.operations.follow_dispute import follow_disputes
from billing.operations.follow_transfer import follow_transfer
from billing.operations.link import link
from billing.operations.move_status import move_status
from billing.operations.post_transfer import post_transfer
from billing.operations.unit import UnitOfWork
from billing.rules.facts.transfer import TransferFact
from billing.rules.states_money_out import TRANSFER, transfer_status
from models.charge import Charge
from models.transfer import Transfer


def record_transfer(unit: UnitOfWork, fact: TransferFact) -> Transfer:
    """Merge the transfer, link account and charge, and derive its status from the provider's word and the amounts."""
    row = unit.row(Transfer, fact.source, fact.external_id)
    apply_fact(unit, row, fact)
    link(unit, row, account=row.destination_ref, charge=row.charge_ref)
    status = transfer_status(row.provider_status, row.amount_minor, row.reversed_minor)
    about = {"amount_minor": row.amount_minor, "reversed_minor": row.reversed_minor, "currency": row.currency}
    move_status(unit, row, TRANSFER, row.status, status, about)
    if row.status != status:
        row.status = status
    follow_transfer(unit, row)
    post_transfer(unit, row)
    if row.charge_ref:
        follow_disputes(unit, row.source, unit.row(Charge, row.source, row.charge_ref).disputes)
    return row
