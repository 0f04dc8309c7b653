"""The payouts queue's scheduled runs: `<job>(context, slot_at) -> result`, called for one claimed slot.

Each works in pages, a transaction each, with rows that another run has in hand passed over: two runs at once do nothing twice,
and one that dies leaves what it has committed. What is left for lack of time, the next slot takes up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection

from billing.operations.ask_balance import ask_balance
from billing.operations.begin_turn import begin_turn, fail_turn
from billing.rules.payout_schedule import reference, turn_of
from core.clock import monotonic_s
from models.payee import Payee
from models.payout_turn import PayoutTurn
from tasks.payouts.stuck import late_payouts, stuck_requests, stuck_turns, waiting_transfers
from workers.context import Context
from workers.unit import Reference, Unit

log = structlog.get_logger(__name__)

_PAGE = 200
_BUDGET_S = 12.0
_BALANCE_AGE = timedelta(hours=24)

_DUE = """SELECT source, external_id, next_due_at, zone FROM bursar.payee WHERE next_due_at <= %(now)s AND paused IS NOT TRUE
          ORDER BY next_due_at, id LIMIT %(page)s FOR UPDATE SKIP LOCKED"""
# Accounts that had money, and whose balance nobody has looked at for a day: how else would a negative one be seen (PAYOUT-4)?
_OLD = """SELECT p.source, p.external_id FROM bursar.payee p
          WHERE p.source = 'stripe' AND (p.balances_at IS NULL OR p.balances_at < %(before)s) AND p.external_id > %(after)s
            AND EXISTS (SELECT FROM bursar.transfer t WHERE t.account_id = p.account_id)
            AND NOT EXISTS (SELECT FROM bursar.account a WHERE a.id = p.account_id AND a.authorized IS FALSE)
          ORDER BY p.external_id LIMIT %(page)s"""


def pay_out_due(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Open the turn of every account whose date has come in its own zone (PAYOUT-2, PAYOUT-7).

    A turn is decided when the provider has told the balance: an event of its own for each account, so that one that fails
    stops no other.
    """
    begun, failed, end = 0, 0, monotonic_s() + _BUDGET_S
    while True:
        with context.engine.begin() as connection:
            page = _begin(connection, context, slot_at)
        begun, failed = begun + page[0], failed + page[1]
        if sum(page) < _PAGE or monotonic_s() > end:
            return {"begun": begun, "failed": failed, "more": sum(page) == _PAGE}


def poll_stuck_payouts(context: Context, _slot_at: datetime) -> Mapping[str, Any]:
    """Ask the provider for payouts of which nothing was heard for too long, and again for balances that never came (PAYOUT-12)."""
    counts: dict[str, int] = {}
    for name, look in (("requests", stuck_requests), ("turns", stuck_turns), ("others", late_payouts), ("transfers", waiting_transfers)):
        with context.engine.begin() as connection:
            unit = _unit(connection, context, "poll_stuck_payouts")
            counts[name] = look(connection, unit, context.clock.now(), _PAGE)
            unit.flush()
    if any(counts.values()):
        log.warning("payouts_stuck", **counts)
    return counts


def refresh_balances(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Ask for balances that were not told for a day, so that an account below zero is held before anything is paid out."""
    asked, after, end = 0, "", monotonic_s() + _BUDGET_S
    while True:
        with context.engine.begin() as connection:
            bound = {"before": context.clock.now() - _BALANCE_AGE, "after": after, "page": _PAGE}
            found = connection.exec_driver_sql(_OLD, bound).all()
            unit = _unit(connection, context, "refresh_balances")
            for source, account_ref in found:
                ask_balance(unit, source, account_ref, f"refresh:{slot_at.date()}")
            unit.flush()
        asked += len(found)
        if len(found) < _PAGE or monotonic_s() > end:
            return {"asked": asked}
        after = found[-1][1]


def _begin(connection: Connection, context: Context, slot_at: datetime) -> tuple[int, int]:
    """One page: how many were begun, and how many could not be."""
    now = context.clock.now()
    found = connection.exec_driver_sql(_DUE, {"now": now, "page": _PAGE}).all()
    if not found:
        return 0, 0
    unit = _unit(connection, context, f"pay_out_due {slot_at.isoformat()}")
    unit.load([(Payee.NAME, source, account_ref) for source, account_ref, *_ in found])
    unit.load(turn for row in found for turn in _turn(*row))
    failed = 0
    for source, account_ref, *_ in found:
        unit.about(now=now, actor="bursar", reason=f"pay_out_due {slot_at.isoformat()}", inbox_id=None)
        try:
            begin_turn(unit, unit.row(Payee, source, account_ref), now)
        except (ValueError, KeyError, OSError) as error:  # one account's settings must not stop the others (PAYOUT-7)
            unit.undo()
            fail_turn(unit, unit.row(Payee, source, account_ref), now, error)
            failed += 1
            log.error(
                "payout_turn_failed", source=source, account=account_ref, error=f"{type(error).__name__}: {error}",
                effect="nothing is paid out to this account", next_step="set its schedule anew (billing.payouts.schedule.v1)",
            )  # fmt: skip
    unit.flush()
    return len(found) - failed, failed


def _turn(source: str, account_ref: str, due_at: datetime, zone: str | None) -> Iterator[Reference]:
    """The turn's row, to be locked with all others of the page; none where the zone is at fault, which `begin_turn` then says."""
    with suppress(KeyError, ValueError, OSError):
        yield PayoutTurn.NAME, source, reference(account_ref, turn_of(due_at, zone or "UTC"))


def _unit(connection: Connection, context: Context, reason: str) -> Unit:
    return Unit(connection, context.keys, now=context.clock.now(), actor="bursar", reason=reason)
