"""Records what the provider says about a payout. The journal books it by status: once out, at most once back."""

from __future__ import annotations

from billing.operations.apply_fact import apply_fact
from billing.operations.follow_payout import follow_payout
from billing.operations.link import link
from billing.operations.move_status import move_status
from billing.operations.post_payout import post_payout
from billing.operations.unit import UnitOfWork
from billing.rules.facts.payout import PayoutFact
from billing.rules.states_money_out import PAYOUT
from models.payout import Payout


def record_payout(unit: UnitOfWork, fact: PayoutFact) -> Payout:
    """Merge the payout, link the account whose money it is, audit a change of status (PAYOUT-6).

    Paid is not final: a failure that comes after it wins, and one that came before it stays, so the funds come back
    exactly once. Once failed, returned or cancelled, `failed_at` is when the provider said so first.
    """
    row = unit.row(Payout, fact.source, fact.external_id)
    before, acted_on = row.status, None if row.confirmed is False else row.status
    apply_fact(unit, row, fact)
    link(unit, row, account=row.account_ref)
    about = {
        "amount_minor": row.amount_minor,
        "currency": row.currency,
        "provider_status": row.provider_status,
        "failure_code": row.failure_code,
    }
    move_status(unit, row, PAYOUT, before, row.status, about)
    follow_payout(unit, row, acted_on)
    post_payout(unit, row)
    return row
