"""Records refunds, ours and those made in the provider's dashboard alike: one row per refund id (REFUND-6)."""

from __future__ import annotations

from billing.operations.apply_fact import apply_fact
from billing.operations.converge_payment import converge_payment
from billing.operations.derive_refunded import derive_refunded
from billing.operations.follow_charge import follow_charge
from billing.operations.follow_refund_request import follow_refund_request
from billing.operations.link import link
from billing.operations.move_status import move_status
from billing.operations.post_refund import post_refund
from billing.operations.unit import UnitOfWork
from billing.rules.commands.bank_transfer import SOURCE
from billing.rules.facts.refund import RefundFact
from billing.rules.refunded import share
from billing.rules.states_money_out import REFUND
from models.charge import Charge
from models.payment import Payment
from models.refund import Refund


def record_refund(unit: UnitOfWork, fact: RefundFact) -> Refund:
    """Merge the refund, link charge and payment, audit a change of status, and bring the amounts given back up to date.

    A refund that fails after it counted is taken off again; one that is told twice, by `refund.*` and inside
    `charge.refunded`, is one row.
    """
    row = unit.row(Refund, fact.source, fact.external_id)
    before = row.status
    apply_fact(unit, row, fact)
    link(unit, row, charge=row.charge_ref, payment=row.payment_ref, account=row.account_ref)
    about = {
        "amount_minor": row.amount_minor,
        "currency": row.currency,
        "provider_status": row.provider_status,
        "reason": row.reason,
        "failure_reason": row.failure_reason,
        "charge": row.charge_ref,
    }
    move_status(unit, row, REFUND, before, row.status, about)
    # What only PayPal's weakly signed body told of is no refund before PayPal was asked; one that was confirmed stays what it was.
    told = {row.external_id: share(row.amount_minor, row.status)} if row.confirmed is not False else {}
    if row.charge_ref:
        charge = unit.row(Charge, row.source, row.charge_ref)
        derive_refunded(charge, charge.amount_refunded_minor, told)
        follow_charge(unit, charge, fact.payment_ref)
    elif row.payment_ref and row.source == SOURCE:
        payment = unit.row(Payment, row.source, row.payment_ref)
        derive_refunded(payment, None, told)
        converge_payment(unit, payment)  # bank transfers have no charge that would tell it
    post_refund(unit, row)
    follow_refund_request(unit, row, new=before is None)
    return row
