"""The one place where a payment's outcome is decided, whoever brings the news (PAY-1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.operations.follow_checkout_request import follow_checkout_payment
from billing.operations.follow_payment_request import follow_payment_request
from billing.operations.fulfil_payment import follow_payment
from billing.operations.move_status import move_status
from billing.operations.post_payment import post_payment
from billing.operations.post_unapplied import post_unapplied
from billing.operations.share_payment import share_payment
from billing.operations.tell_refunded import tell_refunded
from billing.operations.unit import UnitOfWork
from billing.rules.payment_outcome import payment_outcome
from billing.rules.states import PAYMENT
from models.payment import Payment


def converge_payment(unit: UnitOfWork, row: Payment, charges: Mapping[str, Mapping[str, Any]] | None = None) -> None:
    """Recompute a locked payment's outcome from all that is known; `charges` are outcomes just recorded.

    Webhook, synchronous confirmation, manual approval and reconciliation all end here. The second caller finds nothing
    to change; what follows from a payment's success follows from this transition, and so happens once.
    """
    merged = {**(row.charge_outcomes or {}), **(charges or {})}
    if merged != (row.charge_outcomes or {}):
        row.charge_outcomes = merged
    before = row.status
    failure = (row.intent_failure_code, row.intent_failure_message, row.intent_decline_code)
    outcome = payment_outcome(row.intent_status, row.intent_received_minor, failure, merged)
    for name in ("status", "received_minor", "failure_code", "failure_message", "decline_code"):
        if getattr(row, name) != getattr(outcome, name):
            setattr(row, name, getattr(outcome, name))
    about = {
        "amount_minor": row.amount_minor,
        "received_minor": row.received_minor,
        "currency": row.currency,
        "failure_code": row.failure_code,
        "decline_code": row.decline_code,
    }
    move_status(unit, row, PAYMENT, before, row.status, about)
    post_payment(unit, row)
    # What follows is a function of the rows too, so that it is the same whoever comes second.
    request = follow_payment_request(unit, row) or follow_checkout_payment(unit, row)
    tell_refunded(unit, row)
    post_unapplied(unit, row)
    follow_payment(unit, row, request)
    share_payment(unit, row, request)
