"""Keeps what a version of a price is called at a provider (PRICE-9)."""

from __future__ import annotations

from billing.operations.assign_price import published
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.price_links import LinkPrice
from models.base import OWN_SOURCE
from models.price_link import PriceLink
from models.product import Product

_USED = """SELECT price_ref FROM bursar.price_link WHERE provider = %(provider)s AND provider_ref = %(ref)s AND price_ref <> %(price)s"""


def link_price(unit: UnitOfWork, command: LinkPrice) -> PriceLink:
    """The link. Whoever is billed at that name is the product's subscriber, so its `provider_refs` get it, too.

    Raises:
        Rejected: `unknown_price`, `linked_already`.
    """
    version = published(unit, command.price, "price")
    used = unit.committed(_USED, {"provider": command.source, "ref": command.provider_ref, "price": command.price})
    if used:
        current = used[0]["price_ref"]
        raise Rejected("linked_already", f"{command.provider_ref} is {current} already", {"current": current, "field": "provider_ref"})
    row, new = own_row(unit, PriceLink, OWN_SOURCE, f"{command.source}:{command.price}")
    if new or row.provider_ref != command.provider_ref:
        before = None if new else {"provider_ref": row.provider_ref}
        row.provider, row.price_ref, row.provider_ref = command.source, version.reference, command.provider_ref
        row.actor, row.reason, row.updated_at = unit.actor, command.reason, max(row.updated_at, unit.now)
        after = {"external_id": row.external_id, "provider_ref": row.provider_ref, "reason": command.reason}
        unit.audit("price.linked", PriceLink.NAME, row.id, before=before, after=after)
    product = unit.row(Product, OWN_SOURCE, version.product_ref)
    if not product.incomplete and command.provider_ref not in (product.provider_refs or ()):
        product.provider_refs = [*(product.provider_refs or ()), command.provider_ref]
        product.relink_asked_at, product.relink_after = unit.now, None
        product.updated_at = max(product.updated_at, unit.now)
    return row
