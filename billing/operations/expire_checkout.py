"""Closes a checkout that nobody has paid; the provider decides, as a payer may be quicker."""

from __future__ import annotations

from billing.operations.attempt_payment import QUEUE
from billing.operations.move_request import move_request
from billing.operations.start_checkout import lane_of
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.checkout import ExpireCheckout
from billing.rules.states_charges import CHECKOUT_REQUEST
from models.checkout_request import CheckoutRequest


def expire_checkout(unit: UnitOfWork, command: ExpireCheckout) -> CheckoutRequest:
    """The request: expired at once at PayPal (an order that is not captured takes nothing), at Stripe when it says so.

    Raises:
        Rejected: `unknown_request`, `not_open`.
    """
    row = unit.row(CheckoutRequest, command.source, command.reference)
    if row.incomplete:
        raise Rejected("unknown_request", f"no checkout was started as {command.reference} at {command.source}", {"field": "reference"})
    if row.status in ("expired", "failed") or row.expire_wanted:
        return row
    if row.status in ("approved", "completed") or row.checkout_ref is None:
        raise Rejected("not_open", f"{row.external_id} is {row.status}", {"current": row.status})
    row.note = command.reason
    if row.source == "paypal":
        row.completed_at, row.url = unit.now, None
        move_request(unit, row, CHECKOUT_REQUEST, "expired", reason=command.reason)
        return row
    row.expire_wanted = True
    row.updated_at = max(row.updated_at, unit.now)
    unit.submit("checkout_session.expire", row, values={"session_ref": row.checkout_ref}, queue=QUEUE, lane=lane_of(row))
    return row
