"""Ties a reserved promo code to the request that takes the discounted price, so that its end decides about the use (PROMO-2)."""

from __future__ import annotations

from datetime import datetime

from billing.operations.move_promo import move_promo
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from models.base import OWN_SOURCE
from models.checkout_request import CheckoutRequest
from models.payment_request import PaymentRequest
from models.promo_redemption import PromoRedemption


def attach_promo(
    unit: UnitOfWork, request: PaymentRequest | CheckoutRequest, reference: str, *, amount_minor: int, until: datetime
) -> None:
    """Check that the reservation fits, and keep it for this request; its use is consumed or released with it.

    Args:
        unit: the transaction.
        request: which takes the money; new.
        reference: of the reservation.
        amount_minor: what is asked for, in minor units of the request's currency: the order's total less the discount.
        until: how long the payer may take; the reservation stands at least as long.

    Raises:
        Rejected: `promo_not_reserved`, `promo_in_use`, `currency_differs`, `amount_not_discounted`; nothing was changed.
    """
    row = unit.row(PromoRedemption, OWN_SOURCE, reference)
    if row.status != "reserved" or row.expires_at is None or row.expires_at <= unit.now:
        current = "expired" if row.status == "reserved" else row.status
        details = {"current": current, "field": "promo_ref"}
        raise Rejected("promo_not_reserved", f"no use of a code is reserved for {reference}", details)
    if row.request is not None and not belongs_to(row, request.source, request_name(request)):
        raise Rejected("promo_in_use", f"{reference} belongs to another payment", {"current": row.request, "field": "promo_ref"})
    if row.currency != request.currency:
        details = {"current": request.currency, "limit": row.currency, "field": "currency"}
        raise Rejected("currency_differs", f"the code was reserved for an order in {row.currency}", details)
    due = (row.subtotal_minor or 0) - (row.amount_off_minor or 0)
    if amount_minor != due:
        message = f"{reference} comes to {due} {row.currency} after its code"
        raise Rejected("amount_not_discounted", message, {"current": amount_minor, "limit": due, "field": "amount_minor"})
    row.request_source, row.request = request.source, request_name(request)
    row.expires_at, row.updated_at = max(row.expires_at, until), max(row.updated_at, unit.now)


def retake_promo(unit: UnitOfWork, request: PaymentRequest, until: datetime) -> None:
    """The payment is tried again: take the use again that its failure gave back.

    Raises:
        Rejected: `promo_used_up`, `promo_used_by_customer`, `promo_in_use`: it is not to be had any more; nothing was changed.
    """
    if request.promo_ref is None:
        return
    row = unit.row(PromoRedemption, OWN_SOURCE, request.promo_ref)
    if not belongs_to(row, request.source, request_name(request)):
        raise Rejected("promo_in_use", f"{row.external_id} belongs to another payment", {"current": row.request, "field": "promo_ref"})
    if row.status in ("released", "expired"):
        move_promo(unit, row, "reserved")
    if row.status == "reserved":
        row.expires_at = max(row.expires_at or until, until)


def request_name(request: PaymentRequest | CheckoutRequest) -> str:
    """As fulfilments and redemptions name a request."""
    return f"{request.NAME}:{request.external_id}"


def belongs_to(row: PromoRedemption, source: str, request: str | None) -> bool:
    """Whether the use is this request's: an order's name may have passed on to another payment."""
    return row.request is not None and (row.request_source, row.request) == (source, request)
