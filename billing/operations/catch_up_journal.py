"""Books rows that were recorded before there was a journal, or whose posting an earlier version lacked: each as its row stands now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from billing.operations.post_application_fee import post_application_fee
from billing.operations.post_balance_transaction import post_balance_transaction
from billing.operations.post_charge import post_charge
from billing.operations.post_dispute import post_dispute
from billing.operations.post_payment import post_payment
from billing.operations.post_payout import post_payout
from billing.operations.post_refund import post_refund
from billing.operations.post_transfer import post_transfer
from billing.operations.unit import UnitOfWork
from models.base import AGGREGATES

POST: Mapping[str, Callable[[UnitOfWork, Any], None]] = {
    "payment": post_payment,
    "charge": post_charge,
    "refund": post_refund,
    "dispute": post_dispute,
    "transfer": post_transfer,
    "payout": post_payout,
    "application_fee": post_application_fee,
    "balance_transaction": post_balance_transaction,
}
"""Aggregate -> what books its row as it stands."""
BOOKED = tuple(POST)
"""Aggregates that are booked, in lock order."""


def catch_up_journal(unit: UnitOfWork, aggregate: str, source: str, external_id: str) -> bool:
    """Book what is not booked of this row; whether there was anything. What is booked already is not booked again.

    The unit's time should be the row's own, since it becomes the time of the legs.
    """
    row: Any = unit.row(AGGREGATES[aggregate], source, external_id)
    before = row.booked
    POST[aggregate](unit, row)
    changed: bool = row.booked != before
    return changed
