"""Mails a subscriber that a plan of his runs, has changed or has ended, whoever bills it (SUB-10); once per unit, for all at once."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from billing.operations.catalogue import offers_of
from billing.operations.send_mail import Addressee, addressee, send_mail
from billing.operations.unit import UnitOfWork
from billing.rules.instants import iso
from emails.told import SubscriptionTold
from emails.values import Day
from models.base import OWN_SOURCE
from models.subscriber import Subscriber
from models.subscription import Subscription

log = structlog.get_logger(__name__)

_BEGINS = frozenset({None, "pending", "trialing"})
_ENDS = frozenset({"cancelled", "expired"})


def tell_subscription_moved(unit: UnitOfWork, row: Subscription, before: str | None) -> None:
    """After a move of a subscription's status: it runs from now on, or it has ended. One that never ran ends without a word."""
    if row.status == "active" and before in _BEGINS:
        _later(unit, "subscription_activated", row)
    elif row.status in _ENDS and before not in _BEGINS | _ENDS:
        _later(unit, "subscription_cancelled", row)


def tell_subscription_changed(unit: UnitOfWork, row: Subscription) -> None:
    """Plan, seats or cycle are others from now on."""
    _later(unit, "subscription_changed", row)


def _later(unit: UnitOfWork, mail: str, row: Subscription) -> None:
    if row.subscriber_ref:
        unit.later(_tell, f"{mail} {row.source} {row.external_id}")


def _tell(unit: UnitOfWork, keys: Sequence[str]) -> None:
    told = [(key, key.split(" ", 2)) for key in keys]
    rows = {key: unit.row(Subscription, source, external_id) for key, (_, source, external_id) in told}
    unit.load((Subscriber.NAME, OWN_SOURCE, row.subscriber_ref) for row in rows.values() if row.subscriber_ref)
    offers = offers_of(unit, [row.product_ref for row in rows.values() if row.product_ref])
    for key, (mail, _, _) in told:
        row = rows[key]
        offer = offers.get(row.product_ref or "")
        subscriber = unit.row(Subscriber, OWN_SOURCE, row.subscriber_ref or "")
        if offer is not None and offer.free:
            continue
        if not subscriber.email:
            log.info("subscriber_not_told", mail=mail, subscription=row.external_id, cause="no address is known")
            continue
        unit.again(key)
        _send(unit, mail, addressee(subscriber), row, offer.name if offer else row.plan_ref or row.external_id)


def _send(unit: UnitOfWork, mail: str, to: Addressee, row: Subscription, plan: str) -> None:
    context = SubscriptionTold(
        plan=plan, quantity=row.quantity or 1, until=Day.of(row.current_period_end) if row.current_period_end else None
    )
    again = (iso(unit.now),) if mail == "subscription_changed" else ()
    send_mail(unit, mail, to, context, row.source, row.external_id, *again, lane=f"mail:{mail}:{row.external_id}")
