"""The payer is back from a checkout: asks the provider how it stands. The answer goes the way of any event (PAY-1, EVENT-4)."""

from __future__ import annotations

from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.checkout import ConfirmCheckout
from models.checkout_request import CheckoutRequest
from providers.paypal import paths as paypal
from providers.stripe import paths as stripe

_OVER = frozenset({"completed", "expired", "failed"})


def confirm_checkout(unit: UnitOfWork, command: ConfirmCheckout) -> CheckoutRequest:
    """The request as it is known now; what is still open is looked at, once per command.

    Raises:
        Rejected: `unknown_request`, `not_yet_made`.
    """
    row = unit.row(CheckoutRequest, command.source, command.reference)
    if row.incomplete:
        raise Rejected("unknown_request", f"no checkout was started as {command.reference} at {command.source}", {"field": "reference"})
    if row.status in _OVER:
        return row
    if row.checkout_ref is None:
        raise Rejected("not_yet_made", f"{command.reference} is being made at {command.source}", {"current": row.status})
    kind = "order" if row.source == "paypal" else "checkout.session"
    show = paypal.path if row.source == "paypal" else stripe.path
    lane = f"{row.source}:{row.checkout_ref}"
    address = {"path" if row.source == "paypal" else "url": show(kind, row.checkout_ref)}
    payload = {"kind": kind, "id": row.checkout_ref, "account": None, "lane": lane, **address}
    unit.send(f"{row.source}.fetch", f"{kind}:{row.checkout_ref}:confirm:{unit.now.isoformat()}", payload, queue="payments", lane=lane)
    return row
