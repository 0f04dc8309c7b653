"""Tells a customer that his price changes, or that the one he keeps ends, once each (PRICE-3, PRICE-7)."""

from __future__ import annotations

from datetime import datetime

from billing.operations.move_request import move_request
from billing.operations.own_row import own_row
from billing.operations.send_mail import addressee, send_mail
from billing.operations.unit import UnitOfWork
from billing.rules.price_in_force import PriceVersion
from billing.rules.states_prices import PRICE_NOTICE
from emails.told import PriceChanges, PriceLockEnds
from emails.values import Amount, Day
from models.base import OWN_SOURCE
from models.price_assignment import PriceAssignment
from models.price_notice import PriceNotice
from models.subscriber import Subscriber
from models.subscription import Subscription


def tell_price_change(
    unit: UnitOfWork, row: Subscription, version: PriceVersion, *, product: str, from_minor: int, to_minor: int, changes_at: datetime,
    approve: bool = False,
) -> bool:  # fmt: skip
    """Tell the subscriber of a locked subscription of a version; whether it was this call that did. Where no address is known he is
    not told, and so does not pay more.

    Args:
        unit: the transaction.
        row: his subscription.
        version: which he is to pay.
        product: what it is called.
        from_minor: what a period costs, in minor units.
        to_minor: what it will.
        changes_at: the first period that may cost that.
        approve: whether a provider bills it and he has to agree there (PRICE-9).
    """
    subscriber = unit.row(Subscriber, OWN_SOURCE, row.subscriber_ref or "")
    notice, new = own_row(unit, PriceNotice, OWN_SOURCE, f"{subscriber.external_id}:{version.reference}")
    if not new and (notice.status != "no_address" or not subscriber.email):
        return False
    notice.subscriber_ref, notice.price_ref, notice.subscription_ref = subscriber.external_id, version.reference, row.external_id
    notice.from_minor, notice.to_minor, notice.currency = from_minor, to_minor, version.currency
    notice.changes_at, notice.asked_at = changes_at, unit.now
    about = {"price": version.reference, "subscription": row.external_id, "from_minor": from_minor, "to_minor": to_minor}
    if not subscriber.email:
        move_request(unit, notice, PRICE_NOTICE, "no_address", **about)
        return False
    context = PriceChanges(
        product=product, before=Amount.of(from_minor, version.currency), after=Amount.of(to_minor, version.currency),
        changes_on=Day.of(changes_at), approve=approve,
    )  # fmt: skip
    notice.mail_key = _mail(unit, "price_changes", subscriber, version.reference, context)
    move_request(unit, notice, PRICE_NOTICE, "asked", **about)
    return True


def warn_of_end(unit: UnitOfWork, row: PriceAssignment, product: str) -> bool:
    """Tell the subscriber of a locked assignment that it ends (PRICE-7); whether it was this call that did."""
    subscriber = unit.row(Subscriber, OWN_SOURCE, row.subscriber_ref or "")
    if row.status != "active" or row.warned_at is not None or row.expires_at is None or not subscriber.email:
        return False
    row.warned_at, row.updated_at = unit.now, max(row.updated_at, unit.now)
    currency = row.currency or ""
    context = PriceLockEnds(product=product, price=Amount.of(row.unit_amount_minor or 0, currency), ends_on=Day.of(row.expires_at))
    about = f"{row.external_id}:{row.expires_at:%Y-%m-%d}"
    _mail(unit, "price_lock_ends", subscriber, about, context)
    unit.audit("price.end_told", PriceAssignment.NAME, row.id, before=None, after={"external_id": row.external_id})
    return True


def _mail(unit: UnitOfWork, mail: str, to: Subscriber, about: str, context: PriceChanges | PriceLockEnds) -> str:
    return send_mail(unit, mail, addressee(to), context, about, lane=f"mail:{mail}:{about}")
