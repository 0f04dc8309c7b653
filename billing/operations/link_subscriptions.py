"""The app said whose a provider's customer is: his subscriptions there are that subscriber's from now on (SUB-9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

from billing.operations.ask_once import ask_once
from billing.operations.derive_account_status import derive_later
from billing.operations.own_of import own_of
from billing.operations.unit import UnitOfWork
from models.customer import Customer
from models.subscription import Subscription

_THEIRS = "SELECT customer_id, external_id FROM bursar.subscription WHERE customer_id = ANY (%(customers)s)"


def link_subscriptions(unit: UnitOfWork, customer: Customer, before: str | None) -> None:
    """Derive anew what is said of all his subscriptions; whoever had them before loses them."""
    found = subscriptions_of(unit, [customer])[customer.id]
    unit.load([(Subscription.NAME, customer.source, ref) for ref in found])
    for ref in found:
        own_of(unit, unit.row(Subscription, customer.source, ref))
    derive_later(unit, before)


def subscriptions_of(unit: UnitOfWork, customers: Iterable[Customer]) -> dict[UUID, list[str]]:
    """The provider's subscriptions of these locked customers, by the customers' ids; one query at most."""

    def ask(new: list[UUID]) -> Iterator[tuple[UUID, str]]:
        for row in unit.committed(_THEIRS, {"customers": new}):
            yield row["customer_id"], row["external_id"]

    return ask_once(unit, "subscriptions of customers", [row.id for row in customers], ask)
