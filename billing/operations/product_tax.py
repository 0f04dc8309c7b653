"""What tax takes products for: read once per unit, whatever number of lines asks (TAX-1)."""

from __future__ import annotations

from collections.abc import Iterable

from billing.operations.catalogue import products_of
from billing.operations.unit import UnitOfWork
from billing.rules.tax.sold_as import SERVICE, SoldAs, sold_as
from models.product import Product

_KEPT = "product_tax"


def know_products(unit: UnitOfWork, refs: Iterable[str]) -> dict[str, SoldAs]:
    """How these products are sold, by reference, and all that were asked for before; one query at most for what is new."""
    kept: dict[str, SoldAs] = unit.kept.setdefault(_KEPT, {})
    if wanted := set(refs) - kept.keys():
        kept.update(dict.fromkeys(wanted, SERVICE))  # a product that nobody has defined
        kept.update({ref: product_sold_as(row) for ref, row in products_of(unit, wanted).items()})
    return kept


def product_sold_as(row: Product) -> SoldAs:
    """How a product is sold."""
    return sold_as(row.supply, row.tax_kind, row.tax_kinds)


def sold_anew(unit: UnitOfWork, row: Product) -> None:
    """From here on this unit's lines take the product as it is now."""
    unit.kept.setdefault(_KEPT, {})[row.external_id] = product_sold_as(row)
