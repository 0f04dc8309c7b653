"""Asks the provider for an account's balance; the answer enters the inbox as an event of its own (PAYOUT-1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from billing.operations.unit import UnitOfWork

_MOST_WAITING = 500
FRESH = timedelta(minutes=10)
"""A snapshot of this age still decides about a payout; promises made since are counted against it."""


def balance_call(source: str, account_ref: str, because: str) -> dict[str, Any]:
    """The outbox row's own part; `because` makes it one call per cause."""
    lane = f"{source}:{account_ref}"
    payload = {"kind": "balance", "id": account_ref, "url": "/v1/balance", "account": account_ref, "lane": lane}
    return {"kind": f"{source}.fetch", "key": f"balance:{account_ref}:{because}", "payload": payload, "queue": "payouts", "lane": lane}


def ask_balance(unit: UnitOfWork, source: str, account_ref: str, because: str) -> None:
    """One look-up per cause."""
    call = balance_call(source, account_ref, because)
    unit.send(call["kind"], call["key"], call["payload"], queue=call["queue"], lane=call["lane"])


def waits(waiting: Sequence[Any] | None, kind: str, reference: str) -> list[Any]:
    """The account's waiting list with this entry, once. A list full of its kind takes no more: the run finds waiting shares a little
    later. Payouts wait for nobody but the balance, and no run would put them here again: shares keep none of them out."""
    entry = [kind, reference]
    known = [one for one in waiting or [] if one != entry]
    return [*known, entry] if sum(one[0] == kind for one in known) < _MOST_WAITING else known
