"""Records the bank accounts and cards that payouts go to (PAYOUT-8)."""

from __future__ import annotations

from billing.operations.apply_fact import apply_fact
from billing.operations.link import link
from billing.operations.move_status import move_status
from billing.operations.unit import UnitOfWork
from billing.rules.facts.external_account import ExternalAccountFact
from billing.rules.states_money_out import EXTERNAL_ACCOUNT
from models.external_account import ExternalAccount


def record_external_account(unit: UnitOfWork, fact: ExternalAccountFact) -> ExternalAccount:
    """Merge the bank account or card and audit that it was added, verified, found faulty or deleted.

    Deleted is final: a snapshot from before the deletion that arrives late does not bring it back.
    """
    row = unit.row(ExternalAccount, fact.source, fact.external_id)
    before = row.status
    apply_fact(unit, row, fact)
    link(unit, row, account=row.account_ref)
    about = {"kind": row.kind, "last4": row.last4, "country": row.country}
    move_status(unit, row, EXTERNAL_ACCOUNT, before, row.status, about)
    return row
