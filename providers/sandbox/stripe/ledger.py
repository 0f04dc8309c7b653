"""Balance transactions: the only way in which a balance changes, so that a balance is always the sum of them."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from providers.sandbox.stripe.problems import Json, refused
from providers.sandbox.stripe.world import World

CATEGORY = {
    "adjustment": "other_adjustment", "application_fee": "platform_earning", "application_fee_refund": "platform_earning_refund",
    "charge": "charge", "payment": "charge", "payment_refund": "refund", "payment_failure_refund": "charge_failure",
    "payout": "payout", "payout_cancel": "payout_reversal", "payout_failure": "payout_reversal", "refund": "refund",
    "refund_failure": "refund_failure", "topup": "topup", "transfer": "transfer", "transfer_refund": "transfer_reversal",
    "stripe_fee": "fee",
}  # fmt: skip
"""Type -> reporting category, as Stripe's page on them has it."""


def book(
    world: World, owner: str | None, kind: str, amount: int, currency: str, *, source: str | None,
    fees: Sequence[Json] = (), available_on: int | None = None, category: str | None = None, description: str | None = None,
) -> Json:  # fmt: skip
    """Write a balance transaction of `amount` (signed) less its fees, and change the balance by its net."""
    now = world.now()
    free_at = max(now, available_on or now)
    fee = sum(part["amount"] for part in fees)
    row: Json = {
        "id": world.fresh("txn"), "object": "balance_transaction", "amount": amount, "available_on": free_at,
        "balance_type": "payments", "created": now, "currency": currency, "description": description, "exchange_rate": None,
        "fee": fee, "fee_details": list(fees), "net": amount - fee, "reporting_category": category or CATEGORY[kind],
        "source": source, "status": "pending" if free_at > now else "available", "type": kind,
    }  # fmt: skip
    world.add(row, owner)
    held = world.balances.setdefault((owner, currency), [0, 0])
    if free_at > now:
        held[1] += row["net"]
        heapq.heappush(world.pending, (free_at, row["id"]))
    else:
        held[0] += row["net"]
    return row


def fee_part(kind: str, amount: int, currency: str) -> Json:
    """One line of `fee_details`."""
    application = None if kind == "stripe_fee" else "ca_sandbox"
    words = "Stripe processing fees" if kind == "stripe_fee" else "application fee"
    return {"amount": amount, "application": application, "currency": currency, "description": words, "type": kind}


def settle(world: World) -> None:
    """What was pending and is due becomes available."""
    now = world.now()
    held = world.table("balance_transaction")
    while world.pending and world.pending[0][0] <= now:
        _, name = heapq.heappop(world.pending)
        place = held.place[name]
        row = held.rows[place]
        row["status"] = "available"
        balance = world.balances[held.owner[place], row["currency"]]
        balance[0] += row["net"]
        balance[1] -= row["net"]


def available(world: World, owner: str | None, currency: str) -> int:
    """What can be paid out or transferred now."""
    return world.balances.get((owner, currency), [0, 0])[0]


def need(world: World, owner: str | None, currency: str, amount: int, *, pending: bool = False) -> None:
    """Refuse what the balance does not cover; `pending` money may count as well."""
    held = world.balances.get((owner, currency), [0, 0])
    if amount > (sum(held) if pending else held[0]):
        raise refused(
            "You have insufficient available funds in your Stripe account. Try adding funds directly to your available balance.",
            "balance_insufficient",
        )


def part_of(total: int, part: int, whole: int) -> int:
    """`total` x `part` / `whole`, half-up; for cumulative parts, so that all parts add up to the total."""
    return (2 * total * part + whole) // (2 * whole)
