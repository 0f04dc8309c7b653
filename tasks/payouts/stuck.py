"""Finds payouts of which nothing was heard for too long; the run `poll_stuck_payouts` is the only caller (PAYOUT-12).

Rows are locked one by one and passed over where somebody else has them. Each is asked for again only after its time, and the
answer enters the inbox like any event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from billing.operations.ask_balance import ask_balance
from billing.operations.send_transfer import may_be_given, send_transfer
from billing.operations.unit import UnitOfWork
from models.account import Account
from models.payee import Payee
from models.payout_request import PayoutRequest
from models.payout_turn import PayoutTurn
from models.transfer_request import TransferRequest
from providers.paypal import paths as paypal
from providers.stripe import paths as stripe
from workers.unit import Unit

_WAITS = {"checking": timedelta(minutes=15), "requested": timedelta(hours=1), "in_transit": timedelta(days=1)}
"""How long each may last before the provider is asked, and between two times of asking."""
_ARRIVED = timedelta(days=2)
_TRIES = 8
"""Attempts of a transfer that the provider refuses because of its account, before only a change of its rights tries again."""
_ADDRESS: Mapping[str, tuple[str, str, Callable[[str, str], str]]] = {
    "stripe": ("url", "payout", stripe.path),
    "paypal": ("path", "payouts-item", paypal.path),
}
"""Provider -> how its look-ups name a payout's address and kind."""

_REQUESTS = """
    SELECT source, external_id FROM bursar.payout_request
    WHERE status IN ('checking', 'requested', 'in_transit') AND coalesce(polled_at, requested_at) < %(now)s - CASE status
          WHEN 'checking' THEN %(checking)s::interval WHEN 'requested' THEN %(requested)s::interval ELSE %(in_transit)s::interval END
    ORDER BY coalesce(polled_at, requested_at), id LIMIT %(page)s FOR UPDATE SKIP LOCKED"""
_TURNS = """
    SELECT source, external_id FROM bursar.payout_turn
    WHERE status = 'checking' AND coalesce(polled_at, requested_at) < %(now)s - %(checking)s::interval
    ORDER BY coalesce(polled_at, requested_at), id LIMIT %(page)s FOR UPDATE SKIP LOCKED"""
# Shares that wait although nothing that we know of stands in their way: told to nobody when it went, or beyond the account's list.
_WAITING = """
    SELECT r.source, r.external_id, r.account_ref FROM bursar.transfer_request r
    JOIN bursar.account a ON a.source = r.source AND a.external_id = r.account_ref
    JOIN bursar.payee p ON p.source = r.source AND p.external_id = r.account_ref
    WHERE r.status = 'waiting' AND r.attempt <= %(tries)s AND r.updated_at < %(now)s - %(waiting)s::interval
      AND a.authorized IS NOT FALSE AND coalesce(a.capabilities ->> 'transfers', 'active') = 'active'
      AND NOT EXISTS (SELECT FROM jsonb_each(coalesce(p.holds, '{}')) AS h
                      WHERE h.value ->> 'reason' = 'operator' AND h.value ->> 'currency' IS NULL)
    ORDER BY r.requested_at, r.id LIMIT %(page)s FOR UPDATE OF r SKIP LOCKED"""
# Payouts that others made (the provider's own schedule, its dashboard). Asked for once a day, by the call's key.
_LATE = """
    SELECT source, external_id, account_ref FROM bursar.payout
    WHERE status IN ('pending', 'in_transit', 'on_hold') AND arrival_on < %(before)s AND source = ANY(%(sources)s)
      AND NOT EXISTS (SELECT FROM bursar.outbox o WHERE o.kind = payout.source || '.fetch'
                      AND o.key = 'payout:' || payout.external_id || ':late:' || %(today)s)
    ORDER BY arrival_on, id LIMIT %(page)s FOR UPDATE SKIP LOCKED"""


def stuck_requests(connection: Connection, unit: Unit, now: datetime, page: int) -> int:
    """Ask for the payouts that we made; how many. Of one that has no id yet, the machine finds out itself what became of it."""
    found = connection.exec_driver_sql(_REQUESTS, {"now": now, "page": page, **_WAITS}).all()
    unit.load((PayoutRequest.NAME, source, reference) for source, reference in found)
    for source, reference in found:
        row = unit.row(PayoutRequest, source, reference)
        row.polled_at = now
        if row.status == "checking":
            ask_balance(unit, source, row.account_ref or "", f"{row.NAME}:{reference}:{now.isoformat()}")
        elif row.payout_ref:
            _fetch(unit, source, row.payout_ref, row.account_ref, now.isoformat())
    return len(found)


def stuck_turns(connection: Connection, unit: Unit, now: datetime, page: int) -> int:
    """Ask for balances that never came; how many."""
    found = connection.exec_driver_sql(_TURNS, {"now": now, "page": page, "checking": _WAITS["checking"]}).all()
    unit.load((PayoutTurn.NAME, source, reference) for source, reference in found)
    for source, reference in found:
        row = unit.row(PayoutTurn, source, reference)
        row.polled_at = now
        ask_balance(unit, source, row.account_ref or "", f"{row.NAME}:{reference}:{now.isoformat()}")
    return len(found)


def waiting_transfers(connection: Connection, unit: Unit, now: datetime, page: int) -> int:
    """Send shares that nothing stands in the way of any more; how many. One that is refused again and again is left to people."""
    bound = {"now": now, "page": page, "tries": _TRIES, "waiting": _WAITS["requested"]}
    found = connection.exec_driver_sql(_WAITING, bound).all()
    unit.load((kind, source, account_ref) for source, _, account_ref in found for kind in (Account.NAME, Payee.NAME))
    unit.load((TransferRequest.NAME, source, reference) for source, reference, _ in found)
    for source, reference, account_ref in found:
        payee = unit.row(Payee, source, account_ref)
        row = unit.row(TransferRequest, source, reference)
        if row.status == "waiting" and may_be_given(unit.row(Account, source, account_ref), payee):
            payee.waiting = [entry for entry in payee.waiting or [] if entry != [TransferRequest.NAME, reference]]
            send_transfer(unit, row)
    return len(found)


def late_payouts(connection: Connection, unit: Unit, now: datetime, page: int) -> int:
    """Ask for payouts of others that should have arrived; how many."""
    today = now.date().isoformat()
    bound = {"before": now.date() - _ARRIVED, "today": today, "page": page, "sources": list(_ADDRESS)}
    found = connection.exec_driver_sql(_LATE, bound).all()
    for source, payout_ref, account_ref in found:
        _fetch(unit, source, payout_ref, account_ref, f"late:{today}")
    return len(found)


def _fetch(unit: UnitOfWork, source: str, payout_ref: str, account_ref: str | None, because: str) -> None:
    name, kind, path = _ADDRESS[source]
    lane = f"{source}:{account_ref or payout_ref}"
    payload = {"kind": kind, "id": payout_ref, "account": account_ref, "lane": lane, name: path(kind, payout_ref)}
    unit.send(f"{source}.fetch", f"payout:{payout_ref}:{because}", payload, queue="payouts", lane=lane)
