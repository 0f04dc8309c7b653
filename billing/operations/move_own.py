"""Changes the status of what we bill ourselves: only along declared moves, audited in the same transaction (SUB-2, INV-2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.operations.announce_entitlements import announce_entitlements
from billing.operations.derive_account_status import derive_later
from billing.operations.move_status import IllegalMoveError, move_status
from billing.operations.tell_subscription import tell_subscription_moved
from billing.operations.unit import UnitOfWork
from billing.rules.states import INVOICE, SUBSCRIPTION
from billing.rules.states_subscribers import OWN_INVOICE_MOVES, OWN_SUBSCRIPTION_MOVES
from models.invoice import Invoice
from models.subscription import Subscription

_MOVES: Mapping[str, tuple[Any, Mapping[str, frozenset[str]]]] = {
    Subscription.NAME: (SUBSCRIPTION, OWN_SUBSCRIPTION_MOVES),
    Invoice.NAME: (INVOICE, OWN_INVOICE_MOVES),
}


def move_own(unit: UnitOfWork, row: Subscription | Invoice, after: str, **about: Any) -> bool:
    """Set and audit the status of a row of source `bursar`; whether it changed. `about` is what an auditor wants beside it.

    Raises:
        IllegalMoveError: no such move is declared; the unit is rolled back, no row and no money moved.
    """
    statuses, moves = _MOVES[row.NAME]
    before = row.status
    if before == after:
        return False
    if before is not None and after not in moves[before]:
        raise IllegalMoveError(
            f"{row.NAME} {row.external_id} would go from {before} to {after}, which is not declared; nothing was changed; "
            "look at it with `bursar explain`, then decide by a command"
        )
    row.status, row.updated_at = after, max(row.updated_at, unit.now)
    move_status(unit, row, statuses, before, after, about)
    if isinstance(row, Subscription):
        derive_later(unit, row.subscriber_ref)
        tell_subscription_moved(unit, row, before)
    else:
        announce_entitlements(unit, row.subscriber_ref)
    return True
