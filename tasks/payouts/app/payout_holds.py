"""`billing.payout_holds.*`: money of an account that the app or an operator wants kept."""

from __future__ import annotations

from billing.operations.hold_payouts import hold_payouts
from billing.operations.release_hold import release_hold
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command, Rejected
from billing.rules.commands.payout_holds import HoldPayouts, HoldTold, ReleaseHold, hold_key
from billing.rules.facts.event import Event
from core.ids import public_id
from models.payout_hold import PayoutHold
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def open(unit: UnitOfWork, command: HoldPayouts) -> HoldTold:  # noqa: A001 - named by the command's name
    """Money is held."""
    key = hold_key(command.reference)
    known = unit.row(PayoutHold, command.source, key)
    if known.account_ref not in (None, command.account_ref):
        raise Rejected("held_for_another", f"{command.reference} holds money of another account", {"current": known.account_ref})
    row = hold_payouts(
        unit,
        command.source,
        command.account_ref,
        key=key,
        reason="operator",
        currency=command.currency,
        amount_minor=command.amount_minor,
        note=command.reason,
    )
    return HoldTold(hold=public_id(row.PUBLIC_PREFIX, row.id), status=row.status or "open")


def release(unit: UnitOfWork, command: ReleaseHold) -> HoldTold:
    """Money is free again."""
    row = release_hold(unit, command.source, hold_key(command.reference), why=command.reason)
    if row.incomplete:
        raise Rejected("hold_unknown", f"no hold has the reference {command.reference}", {"field": "reference"})
    return HoldTold(hold=public_id(row.PUBLIC_PREFIX, row.id), status=row.status or "released")
