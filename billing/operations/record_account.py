"""Records what the provider says about a connected account: above all, whether it may take money and be paid out."""

from __future__ import annotations

from billing.operations.apply_fact import apply_fact
from billing.operations.follow_account import follow_account
from billing.operations.unit import UnitOfWork
from billing.rules.facts.account import AccountFact
from models.account import Account

_RIGHTS = ("charges_enabled", "payouts_enabled", "authorized")


def record_account(unit: UnitOfWork, fact: AccountFact) -> Account:
    """Merge the account and audit a change of what it may do (PAYOUT-13: nothing is paid out while it is disabled)."""
    row = unit.row(Account, fact.source, fact.external_id)
    changed = apply_fact(unit, row, fact)
    moved = {name: changed[name] for name in _RIGHTS if name in changed}
    if moved:
        unit.audit(
            "account.rights",
            Account.NAME,
            row.id,
            before={name: before for name, (before, _) in moved.items()},
            after={name: after for name, (_, after) in moved.items()} | {"disabled_reason": row.disabled_reason},
        )
    follow_account(unit, row, rights_changed=bool(moved) or "capabilities" in changed)
    return row
