"""`billing.payouts.*`: what the app wants paid out, and when."""

from __future__ import annotations

from billing.operations.cancel_payout import cancel_payout
from billing.operations.request_payout import request_payout
from billing.operations.schedule_payouts import schedule_payouts
from billing.operations.state_payouts import state_payouts
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.payouts import (
    CancelPayout,
    PayoutAsked,
    PayoutsScheduled,
    RequestPayout,
    SchedulePayouts,
    StatementMade,
    StatePayouts,
)
from billing.rules.facts.event import Event
from billing.rules.instants import iso
from core.ids import public_id
from models.payout_request import PayoutRequest
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def request(unit: UnitOfWork, command: RequestPayout) -> PayoutAsked:
    """A payout."""
    return _told(request_payout(unit, command))


def cancel(unit: UnitOfWork, command: CancelPayout) -> PayoutAsked:
    """No payout after all."""
    return _told(cancel_payout(unit, command))


def schedule(unit: UnitOfWork, command: SchedulePayouts) -> PayoutsScheduled:
    """Payouts by the calendar."""
    row = schedule_payouts(unit, command)
    return PayoutsScheduled(account_ref=row.external_id, schedule=row.schedule or "manual", next_due_at=iso(row.next_due_at))


def statement(unit: UnitOfWork, command: StatePayouts) -> StatementMade:
    """A month, per currency."""
    return state_payouts(unit, command)


def _told(row: PayoutRequest) -> PayoutAsked:
    amount = row.asked_minor if row.amount_minor is None else row.amount_minor
    return PayoutAsked(
        request=public_id(row.PUBLIC_PREFIX, row.id), reference=row.external_id, status=row.status or "checking", amount_minor=amount
    )
