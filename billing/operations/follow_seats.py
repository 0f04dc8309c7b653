"""Compares what a provider says of a quantity with what we asked for; what differs is reported and never echoed (SEAT-3, SEAT-9)."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from billing.operations.seat_count import plan_sync
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.organisation import Organisation
from models.subscriber import Subscriber
from models.subscription import Subscription
from models.subscription_request import SubscriptionRequest

log = structlog.get_logger(__name__)

_ORGANISATIONS = """SELECT external_id FROM bursar.organisation
                    WHERE external_id = ANY (%(refs)s) AND status = 'active' AND quantity_mode = 'follow'"""
_ASKED = """SELECT external_id FROM bursar.subscription_request
            WHERE source = %(source)s AND subscription_ref = %(ref)s AND status = 'pending' AND action = 'quantity'"""


def follow_seats(unit: UnitOfWork, row: Subscription) -> None:
    """A subscription was told of, or its quantity was refused: compare at the unit's end."""
    if row.subscriber_ref:
        unit.later(_compare, f"{row.source} {row.external_id}")


def asked_under_way(unit: UnitOfWork, row: Subscription) -> bool:
    """Whether the provider has not answered yet what was asked of this quantity."""
    known = {one.external_id: one.status for one in unit.known if isinstance(one, SubscriptionRequest) and one.source == row.source}
    found = unit.committed(_ASKED, {"source": row.source, "ref": row.external_id})
    return any(known.get(one["external_id"], "pending") == "pending" for one in found)


def _compare(unit: UnitOfWork, keys: Sequence[str]) -> None:
    rows = {key: unit.row(Subscription, *key.split(" ", 1)) for key in keys}
    refs = sorted({row.subscriber_ref for row in rows.values() if row.subscriber_ref})
    ours = {one["external_id"] for one in unit.committed(_ORGANISATIONS, {"refs": refs})}
    unit.load((model.NAME, OWN_SOURCE, ref) for model in (Subscriber, Organisation) for ref in sorted(ours))
    for key, row in rows.items():
        if row.subscriber_ref and row.subscriber_ref in ours:
            unit.again(key)
            _see(unit, unit.row(Organisation, OWN_SOURCE, row.subscriber_ref), row)


def _see(unit: UnitOfWork, organisation: Organisation, row: Subscription) -> None:
    if (organisation.subscription_source, organisation.subscription_ref) != (row.source, row.external_id):
        # Another subscription than the one that was set last: it may be a new one, and gets its number.
        if row.ended_at is None and row.status not in ("cancelled", "expired"):
            organisation.asked_quantity = None
            plan_sync(unit, organisation)
        return
    if row.quantity is None or asked_under_way(unit, row):
        return
    if row.quantity == organisation.asked_quantity:
        organisation.told_quantity = organisation.differs_since = None
    elif row.quantity != organisation.told_quantity:
        organisation.told_quantity, organisation.differs_since = row.quantity, organisation.differs_since or unit.now
        about = {"subscription": row.external_id, "asked": organisation.asked_quantity, "told": row.quantity}
        unit.audit("organisation.quantity_differs", Organisation.NAME, organisation.id, before=None, after=about)
        log.warning(
            "seats_differ", organisation=organisation.external_id, **about, effect="the provider bills another number of seats",
            next_step="find out who changed it there; the nightly repair sets it back",
        )  # fmt: skip
