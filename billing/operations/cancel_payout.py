"""Calls a payout back that the provider has made and not sent yet (PAYOUT-1)."""

from __future__ import annotations

from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.payouts import CancelPayout
from models.payout import Payout
from models.payout_request import PayoutRequest

_STILL_THERE = frozenset({"pending", "on_hold", "in_transit"})


def cancel_payout(unit: UnitOfWork, command: CancelPayout) -> PayoutRequest:
    """Ask the provider to cancel it; the request moves when the provider says that it did.

    Raises:
        Rejected: `payout_unknown`, `too_late`.
    """
    row = unit.row(PayoutRequest, command.source, command.reference)
    if row.incomplete:
        raise Rejected("payout_unknown", f"no payout has the reference {command.reference}", {"field": "reference"})
    if row.status == "cancelled":
        return row
    payout = unit.row(Payout, row.source, row.payout_ref) if row.payout_ref else None
    if payout is None or payout.status not in _STILL_THERE:
        raise Rejected("too_late", "the payout cannot be called back now", {"current": row.status})
    unit.audit("payout_request.cancel", PayoutRequest.NAME, row.id, before={"status": row.status}, after={"why": command.reason})
    unit.submit(
        "payout.cancel",
        row,
        values={"payout_ref": payout.external_id},
        account=row.account_ref,
        queue="payouts",
        lane=f"{row.source}:{row.account_ref}",
    )
    return row
