"""A promo code on a subscription's first invoice: held while that waits for its money, used up once it is paid, else given back (PROMO-2).

The use belongs to the subscription, not to a payment: the first invoice may be tried several times, or be paid by transfer.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from billing.operations.attach_promo import belongs_to
from billing.operations.move_promo import move_promo
from billing.operations.release_promo import release_redemption
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.subscription_terms import GRACE
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.promo_redemption import PromoRedemption
from models.subscription import Subscription

log = structlog.get_logger(__name__)

_FIRST = "create"
_LONGEST_TRIAL_GRACE = timedelta(days=90)
"""A trial whose payer adds a method in its grace is converted then; what is not converted is given back at its end, not by expiry."""
_HELD_BY = """SELECT s.external_id, s.promo_ref FROM bursar.invoice i
              JOIN bursar.subscription s ON s.source = i.source AND s.external_id = i.subscription_ref
              WHERE i.source = 'bursar' AND i.external_id = %(invoice)s AND i.billing_reason = 'create' AND s.promo_ref IS NOT NULL"""


def hold_promo(unit: UnitOfWork, row: Subscription, amount: int, *, after: datetime | None = None) -> int:
    """Keep what is reserved under the subscription's `promo_ref` for its first invoice; what it takes off, in minor units.

    `after`: when that invoice will be made, if not now.

    Raises:
        Rejected: `promo_not_reserved`, `currency_differs`, `amount_not_discounted`; nothing was changed.
    """
    code = unit.row(PromoRedemption, OWN_SOURCE, row.promo_ref or "")
    expired = code.expires_at is None or code.expires_at <= unit.now
    if code.status != "reserved" or expired or code.subscriber_ref != row.subscriber_ref or code.request is not None:
        message = f"nothing is reserved for {row.subscriber_ref} under {row.promo_ref}"
        raise Rejected("promo_not_reserved", message, {"current": code.status, "field": "promo_ref"})
    if code.currency != row.currency:
        message = f"the code was reserved for an order in {code.currency}"
        raise Rejected("currency_differs", message, {"current": row.currency, "limit": code.currency, "field": "currency"})
    if code.subtotal_minor != amount:
        message = f"{row.promo_ref} was reserved for {code.subtotal_minor}, the first period costs {amount}"
        raise Rejected("amount_not_discounted", message, {"current": amount, "limit": code.subtotal_minor, "field": "promo_ref"})
    code.request_source, code.request = OWN_SOURCE, _name(row.external_id)
    made_at = unit.now if after is None else after + _LONGEST_TRIAL_GRACE
    code.expires_at, code.updated_at = made_at + GRACE + timedelta(days=1), max(code.updated_at, unit.now)
    return code.amount_off_minor or 0


def held_minor(unit: UnitOfWork, row: Subscription) -> int:
    """What the code that is held for its first invoice takes off; 0 where none is held, or no longer."""
    if row.promo_ref is None:
        return 0
    code = unit.row(PromoRedemption, OWN_SOURCE, row.promo_ref)
    return (code.amount_off_minor or 0) if code.status == "reserved" and belongs_to(code, OWN_SOURCE, _name(row.external_id)) else 0


def use_promo(unit: UnitOfWork, row: Subscription, invoice: Invoice) -> None:
    """The first invoice is paid: the use is used up. Late money takes one again; where none is left, the price that was promised
    is honoured all the same, and counted nowhere."""
    if row.promo_ref is None or invoice.billing_reason != _FIRST:
        return
    code = unit.row(PromoRedemption, OWN_SOURCE, row.promo_ref)
    if not belongs_to(code, OWN_SOURCE, _name(row.external_id)):
        return
    try:
        move_promo(unit, code, "consumed")
    except Rejected as refused:
        code.honoured_at, code.updated_at = unit.now, max(code.updated_at, unit.now)
        about = {"status": code.status, "code": code.code_ref, "subscription": row.external_id, "because": refused.code}
        unit.audit("promo.honoured", PromoRedemption.NAME, code.id, before=None, after=about)
        log.warning("promo_honoured", **about, next_step="nothing: a price that was promised was paid late, beyond the code's limit")


def give_back_promo(unit: UnitOfWork, invoice_ref: str, because: str) -> bool:
    """That invoice is void, or its money went back: if it was a subscription's first, its code's use is free again, once."""
    for one in unit.committed(_HELD_BY, {"invoice": invoice_ref}):
        code = unit.row(PromoRedemption, OWN_SOURCE, one["promo_ref"])
        if belongs_to(code, OWN_SOURCE, _name(one["external_id"])):
            return release_redemption(unit, code, because)
    return False


def _name(reference: str) -> str:
    return f"subscription:{reference}"
