"""Moves a row of our own to another status: set, checked and audited in one step, so that none of the three is forgotten.

A payment or checkout that ends without money gives the use of its promo code back here, wherever its end was heard of (PROMO-2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.operations.move_status import move_status
from billing.operations.release_promo import release_of_request
from billing.operations.unit import UnitOfWork
from billing.rules.states_money_out import Statuses
from models.base import Aggregate
from models.checkout_request import CheckoutRequest
from models.payment_request import PaymentRequest

_WITHOUT_MONEY: Mapping[str, str] = {"failed": "payment_failed", "cancelled": "payment_cancelled", "expired": "abandoned_checkout"}
"""Status of a payment or checkout -> why its promo code is released."""


def move_request(unit: UnitOfWork, row: Any, statuses: Statuses, after: str, **about: Any) -> bool:
    """Whether it moved; the same status again is no move.

    Raises:
        IllegalMoveError: the table has no such move.
    """
    assert isinstance(row, Aggregate)
    before = row.status  # type: ignore[attr-defined]  # every request has one
    if before == after:
        return False
    move_status(unit, row, statuses, before, after, about)
    row.status = after  # type: ignore[attr-defined]
    row.updated_at = max(row.updated_at, unit.now)
    because = _WITHOUT_MONEY.get(after)
    if because is not None and isinstance(row, (PaymentRequest, CheckoutRequest)) and row.promo_ref is not None:
        release_of_request(unit, row.promo_ref, row.source, f"{row.NAME}:{row.external_id}", because)
    return True
