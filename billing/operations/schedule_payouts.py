"""Sets how an account is paid out: schedule, smallest payouts, pause (PAYOUT-2, PAYOUT-3)."""

from __future__ import annotations

from billing.operations.payee_of import payee_of
from billing.operations.resume_payee import resume_payee
from billing.operations.unit import UnitOfWork
from billing.rules.commands.payouts import SchedulePayouts
from billing.rules.instants import iso
from billing.rules.payout_schedule import Schedule, next_due
from models.payee import Payee


def schedule_payouts(unit: UnitOfWork, command: SchedulePayouts) -> Payee:
    """All settings anew. The same again changes nothing, also not a due date that has come and waits for its run."""
    row = payee_of(unit, command.source, command.account_ref)
    before = _told(row)
    same_dates = (row.schedule, row.schedule_day, row.zone) == (command.schedule, command.day, command.zone)
    row.schedule, row.schedule_day, row.zone = command.schedule, command.day, command.zone
    row.minimums, row.paused = dict(command.minimums_minor or {}), command.paused
    if command.external_ref is not None:
        row.external_ref = command.external_ref
    if not same_dates:
        row.next_due_at = next_due(Schedule(command.schedule, command.day, command.zone), unit.now)
    after = _told(row)
    if after != before:
        unit.audit("payee.scheduled", Payee.NAME, row.id, before=before, after=after)
    resume_payee(unit, row)
    return row


def _told(row: Payee) -> dict[str, object]:
    return {
        "schedule": row.schedule,
        "day": row.schedule_day,
        "zone": row.zone,
        "minimums_minor": row.minimums or {},
        "paused": bool(row.paused),
        "external_ref": row.external_ref,
        "next_due_at": iso(row.next_due_at),
    }
