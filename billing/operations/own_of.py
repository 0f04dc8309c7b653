"""What a mirrored subscription is to us: whose it is, and which of our products it is for (SUB-8, SUB-9)."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.derive_account_status import derive_later
from billing.operations.settle_known import settle_known_later
from billing.operations.unit import UnitOfWork
from models.customer import Customer
from models.product import Product
from models.subscription import Subscription

_PRODUCTS = "SELECT external_id, provider_refs FROM bursar.product WHERE provider_refs ?| %(named)s ORDER BY external_id"


def own_of(unit: UnitOfWork, row: Subscription) -> None:
    """Derive `subscriber_ref` and `product_ref` anew from what the provider said and the app linked; unknown stays None."""
    before = row.subscriber_ref
    row.subscriber_ref = unit.row(Customer, row.source, row.customer_ref).external_ref if row.customer_ref else None
    if row.subscriber_ref and row.subscriber_ref != before:
        settle_known_later(unit, row)
    if row.subscriber_ref:
        unit.later(_derive_products, f"{row.source} {row.external_id}")


def named_products(row: Subscription) -> set[str]:
    """The provider's ids of what it is for: plan, prices and products of its items."""
    said = [item.get(name) for item in row.items or [] for name in ("price_ref", "product_ref")]
    return {one for one in (row.plan_ref, *said) if isinstance(one, str) and one}


def _derive_products(unit: UnitOfWork, keys: Sequence[str]) -> None:
    rows = [unit.row(Subscription, *key.split(" ", 1)) for key in keys]
    named = sorted(set().union(*map(named_products, rows)))
    ours = [(found["external_id"], set(found["provider_refs"])) for found in unit.committed(_PRODUCTS, {"named": named})]
    ours += [(row.external_id, set(row.provider_refs or ())) for row in unit.known if isinstance(row, Product)]
    for row in rows:
        before = row.product_ref
        row.product_ref = next((ref for ref, theirs in ours if theirs & named_products(row)), None)
        if row.product_ref != before:
            settle_known_later(unit, row)
        derive_later(unit, row.subscriber_ref)
