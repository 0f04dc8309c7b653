"""Gives money back that nobody here asked for, as any refund is given (RECON-8)."""

from __future__ import annotations

from billing.operations.adopt_payment import unknown_payment
from billing.operations.repair_wish import Wish
from billing.operations.request_refund import request_refund
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.refunds import RequestRefund
from models.finding import Finding
from models.refund_request import RefundRequest

_ENDED = frozenset({"rejected", "failed", "cancelled"})


def refund_unknown(unit: UnitOfWork, finding: Finding, wish: Wish) -> str:
    """All that is left of it goes back, by an ordinary request: its rules, its second person, its one call.

    Raises:
        Rejected: `cannot_repair`; `details.current` is the refund's own refusal.
    """
    payment = unknown_payment(unit, finding)
    assert wish.terms is not None, "whoever offers refunds knows their terms"
    key = f"recon:{1 + len(payment.refund_requests or {})}"
    command = RequestRefund(
        source=finding.source,  # type: ignore[arg-type]  # a provider that reconciliation knows
        key=key, acting_for="platform", reason="administrative", payment_ref=payment.external_id,
        note=f"{finding.external_id}: {wish.reason}",
    )  # fmt: skip
    try:
        row = request_refund(unit, command, wish.terms)
    except Rejected as refusal:
        raise Rejected("cannot_repair", refusal.message, {**refusal.details, "current": refusal.code}) from None
    return f"{RefundRequest.NAME}:{row.external_id}"


def refund_ended(unit: UnitOfWork, finding: Finding, reference: str) -> bool:
    """Whether the refund that was asked for came to nothing, so that something else may be chosen."""
    return unit.row(RefundRequest, finding.source, reference).status in _ENDED
