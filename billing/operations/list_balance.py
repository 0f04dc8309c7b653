"""Reads balances at Stripe move by move: asks for a page, remembers how far it came, asks for the next."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.facts.balance_transaction import BalancePageFact
from models.balance_transaction import BalanceList

PLATFORM = "platform"
_LIST = "/v1/balance_transactions?limit=100"


def list_balance(unit: UnitOfWork, source: str, account: str | None, slot_at: datetime) -> None:
    """Ask for what is new in a balance since it was read last, once per slot; the first time for all of it, newest first."""
    row, _ = own_row(unit, BalanceList, source, account or PLATFORM)
    row.asked_at = slot_at
    _ask(unit, row, "newer" if row.newest_ref else "older", row.newest_ref, slot_at.isoformat())


def follow_balance_list(unit: UnitOfWork, fact: BalancePageFact) -> None:
    """A page was read and booked: remember its newest move, and ask for the next page."""
    row, _ = own_row(unit, BalanceList, fact.source, fact.external_id)
    if fact.newest_at is not None and (row.newest_at is None or fact.newest_at >= row.newest_at):
        row.newest_ref, row.newest_at = fact.newest_ref, fact.newest_at
    if fact.next_ref is not None:
        _ask(unit, row, fact.way, fact.next_ref, fact.next_ref)


def _ask(unit: UnitOfWork, row: BalanceList, way: str, beyond: str | None, because: str) -> None:
    account = None if row.external_id == PLATFORM else row.external_id
    direction = "starting_after" if way == "older" else "ending_before"
    unit.send(
        f"{row.source}.fetch",
        key=f"balance_transactions:{row.external_id}:{way}:{because}",
        payload={
            "kind": f"balance_transactions.{way}",
            "id": row.external_id,
            "url": _LIST if beyond is None else f"{_LIST}&{direction}={quote(beyond, safe='')}",
            "account": account,
        },
        queue="payments",
        lane=f"{row.source}:{row.external_id}",
    )
