"""Opens an account's turn when its scheduled date has come, and asks the provider for its balance first (PAYOUT-2)."""

from __future__ import annotations

from datetime import datetime

from billing.operations.ask_balance import ask_balance, waits
from billing.operations.move_status import move_status
from billing.operations.own_balance import KEPT_HERE
from billing.operations.own_row import own_row
from billing.operations.take_turn import take_turn
from billing.operations.unit import UnitOfWork
from billing.rules.payout_schedule import Schedule, next_due, reference, turn_of
from billing.rules.states_requests import PAYOUT_TURN
from models.payee import Payee
from models.payout_turn import PayoutTurn


def begin_turn(unit: UnitOfWork, payee: Payee, now: datetime) -> PayoutTurn | None:
    """The turn of a locked payee that is due, once per account and local date; then the next due date.

    Dates that were missed are one turn: the first of them empties the balance. An account that is not due has none.
    """
    if payee.next_due_at is None or payee.next_due_at > now:
        return None
    zone = payee.zone or "UTC"
    slot_on = turn_of(payee.next_due_at, zone)
    payee.next_due_at = next_due(Schedule(payee.schedule or "manual", payee.schedule_day, zone), now)  # type: ignore[arg-type]
    payee.updated_at = max(payee.updated_at, now)
    row, new = own_row(unit, PayoutTurn, payee.source, reference(payee.external_id, slot_on))
    if not new:
        return row
    row.status, row.account_ref, row.slot_on, row.requested_at = "checking", payee.external_id, slot_on, now
    move_status(unit, row, PAYOUT_TURN, None, "checking", {"account": payee.external_id, "slot_on": slot_on.isoformat()})
    if payee.source in KEPT_HERE:
        take_turn(unit, payee, row)
        return row
    payee.waiting = waits(payee.waiting, PayoutTurn.NAME, row.external_id)
    ask_balance(unit, payee.source, payee.external_id, f"payout_turn:{slot_on}")
    return row


def fail_turn(unit: UnitOfWork, payee: Payee, now: datetime, error: Exception) -> PayoutTurn:
    """An account that could not even be begun: its turn says why, and it stays out of the runs until it is set up anew."""
    slot_on = turn_of(payee.next_due_at or now, "UTC")
    payee.next_due_at = None
    payee.updated_at = max(payee.updated_at, now)
    row, _ = own_row(unit, PayoutTurn, payee.source, reference(payee.external_id, slot_on))
    before, row.status, row.account_ref, row.slot_on = row.status, "done", payee.external_id, slot_on
    row.outcomes = {"*": {"outcome": "failed", "error": f"{type(error).__name__}: {error}"}}
    row.requested_at, row.completed_at = row.requested_at or now, now
    move_status(unit, row, PAYOUT_TURN, before, "done", {"account": payee.external_id, "outcomes": row.outcomes})
    return row
