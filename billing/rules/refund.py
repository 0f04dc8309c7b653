"""What may go back of a payment, and which part of it the platform and the payee bear (REFUND-1, REFUND-3, REFUND-4, DISPUTE-4).

All amounts are minor units of the payment's currency. Parts are cumulative: what all refunds so far come to is rounded once,
half-up, and a refund takes the difference to what stands already. So parts of odd amounts add up exactly, whatever the order,
and the refund that makes it whole takes the remainder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from billing.rules.money import share_half_up

FeePolicy = Literal["none", "proportional", "full"]
"""What of the platform's fee goes back: nothing, in proportion, or all of it with the first refund (REFUND-3)."""

Requests = Mapping[str, Mapping[str, Any]]
"""Reference of a refund of ours -> `entry`, as the payment remembers it."""

_STANDING = frozenset({"pending", "made"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a refund is not made: for the command's answer."""

    code: str
    message: str
    current: int | str | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """A payment as refunds see it. `withdrawn_minor`: what disputes hold of it now (DISPUTE-4)."""

    status: str | None
    confirmed: bool
    paid_at: datetime | None
    received_minor: int
    refunded_minor: int
    pending_minor: int
    withdrawn_minor: int

    @property
    def left_minor(self) -> int:
        """What can still go back: never below zero."""
        return max(0, self.received_minor - self.refunded_minor - self.pending_minor - self.withdrawn_minor)


def entry(amount_minor: int, fee_minor: int, transfer_minor: int, state: str, **more: Any) -> dict[str, Any]:
    """One refund of a payment. `state`: `pending` until it counts at the provider, `made`, or `undone`."""
    return {"amount_minor": amount_minor, "fee_minor": fee_minor, "transfer_minor": transfer_minor, "state": state, **more}


def pending_minor(requests: Requests | None) -> int:
    """What is asked for and not yet among the provider's refunds."""
    total: int = sum(one["amount_minor"] for one in (requests or {}).values() if one["state"] == "pending")
    return total


def eligible(paid: Paid, amount_minor: int | None, now: datetime, window: timedelta) -> int | Refusal:
    """The amount to refund (None asks for all that is left), or why not. Nothing is called before this says yes.

    Args:
        paid: the payment.
        amount_minor: what is wanted; None: all that is left.
        now: when it is asked.
        window: how long after the payment refunds are made.
    """
    if paid.status != "succeeded" or not paid.confirmed:
        return Refusal("not_refundable", "only a payment whose money has surely come can be refunded", paid.status or "unknown")
    if paid.paid_at is not None and now > paid.paid_at + window:
        return Refusal("too_late", f"payments are refunded for {window.days} days", (now - paid.paid_at).days, window.days)
    left = paid.left_minor
    if left == 0 and paid.withdrawn_minor:
        return Refusal("disputed", "the bank holds what is left of it because of a dispute", paid.withdrawn_minor, 0)
    if left == 0:
        return Refusal("nothing_left", "all of it went back already, or is on its way", paid.refunded_minor + paid.pending_minor, 0)
    wanted = left if amount_minor is None else amount_minor
    if wanted <= 0:
        return Refusal("amount_out_of_bounds", "a refund is at least one minor unit", wanted, left)
    if wanted > left:
        return Refusal("over_refund", f"only {left} of {paid.received_minor} minor units are left to refund", wanted, left)
    return wanted


def cumulative(total_minor: int, back_minor: int, whole_minor: int) -> int:
    """What of `total_minor` belongs to `back_minor` of `whole_minor`: half-up, all of it once all went back."""
    if whole_minor <= 0 or back_minor >= whole_minor:
        return total_minor
    return share_half_up(total_minor, back_minor, whole_minor)


def fee_back(policy: FeePolicy, fee_minor: int, back_minor: int, whole_minor: int) -> int:
    """What of the fee went back in all, once `back_minor` of the payment did."""
    if policy == "none" or back_minor <= 0:
        return 0
    return fee_minor if policy == "full" else cumulative(fee_minor, back_minor, whole_minor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """How the payment was divided. `gross`: the payee got the whole and paid the fee out of it (a destination charge), so both
    parts go back; else he got it less the fee, and gives back what the platform does not bear."""

    whole_minor: int
    fee_minor: int = 0
    transfer_minor: int = 0
    gross: bool = True


@dataclass(frozen=True, slots=True)
class Parts:
    """Of one refund: what the platform gives back of its fee, and what the payee gives back of his share."""

    fee_minor: int
    transfer_minor: int


def parts(shares: Shares, policy: FeePolicy, amount_minor: int, before_minor: int, requests: Requests | None) -> Parts:
    """The parts of one refund.

    Args:
        shares: how the payment was divided.
        policy: what of the fee goes back.
        amount_minor: the refund.
        before_minor: what went back before it, or is on its way, whoever asked for it.
        requests: our own refunds among these, with the parts that they took. For the others (made in the provider's
            dashboard) the parts that belong to them are left alone: who made them decided about them (REFUND-6).
    """
    standing = [one for one in (requests or {}).values() if one["state"] in _STANDING]
    others = max(0, before_minor - sum(one["amount_minor"] for one in standing))
    target, said = _borne(shares, policy, before_minor + amount_minor), _borne(shares, policy, others)
    return Parts(
        max(0, target.fee_minor - said.fee_minor - sum(one["fee_minor"] for one in standing)),
        max(0, target.transfer_minor - said.transfer_minor - sum(one["transfer_minor"] for one in standing)),
    )


def _borne(shares: Shares, policy: FeePolicy, back_minor: int) -> Parts:
    """What platform and payee bear in all, once so much went back."""
    fee = fee_back(policy, shares.fee_minor, back_minor, shares.whole_minor)
    if shares.gross:
        return Parts(fee, cumulative(shares.transfer_minor, back_minor, shares.whole_minor))
    return Parts(fee, min(shares.transfer_minor, max(0, back_minor - fee)))
