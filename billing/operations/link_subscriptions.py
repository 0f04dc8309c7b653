"""The app said whose a provider's customer is: his subscriptions there are that subscriber's from now on (SUB-9)."""

from __future__ import annotations

from billing.operations.derive_account_status import derive_later
from billing.operations.own_of import own_of
from billing.operations.unit import UnitOfWork
from models.customer import Customer
from models.subscription import Subscription

_THEIRS = "SELECT external_id FROM bursar.subscription WHERE customer_id = %(customer)s"


def link_subscriptions(unit: UnitOfWork, customer: Customer, before: str | None) -> None:
    """Derive anew what is said of all his subscriptions; whoever had them before loses them."""
    found = unit.committed(_THEIRS, {"customer": customer.id})
    unit.load([(Subscription.NAME, customer.source, row["external_id"]) for row in found])
    for one in found:
        own_of(unit, unit.row(Subscription, customer.source, one["external_id"]))
    derive_later(unit, before)
