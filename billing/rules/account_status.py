"""What an account is, from its subscriptions alone (SUB-9). Pending or unpaid invoices of other kinds change nothing (INV-6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_LIVE = frozenset({"active", "past_due", "pending_renewal", "unpaid"})
_ENDED = frozenset({"cancelled", "expired"})


@dataclass(frozen=True, slots=True)
class Held:
    """A subscription, as far as the account's status needs it. `status` is one of `states.SUBSCRIPTION`."""

    status: str | None
    free: bool


def account_status(held: Iterable[Held], *, suspended: bool, had_trial: bool) -> str:
    """One of `states_subscribers.SUBSCRIBER`.

    A suspension stands above all. A paid plan counts above the free one; the free plan is a `trial` for whoever signs up to it,
    and `free` for whoever has fallen back to it. A paid plan that waits for its first payment leaves an account that has
    another running plan as it is.
    """
    subscriptions = list(held)
    if suspended:
        return "suspended"
    paid = {one.status for one in subscriptions if not one.free}
    if paid & _LIVE:
        return "active"
    if "trialing" in paid:
        return "trial"
    if any(one.free and one.status in _LIVE for one in subscriptions):
        return "free" if had_trial or paid & _ENDED else "trial"
    if "pending" in paid:
        return "pending_payment"
    return "cancelled" if paid & (_ENDED | {"paused"}) else "free"
