"""What products are called and cost, read without locking them: thousands of renewals at once must not queue behind one plan's row.

Prices are never changed once published, and a product's name is only shown. What this unit itself has just defined counts, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from billing.operations.unit import UnitOfWork
from billing.rules.price_in_force import PriceVersion
from models.price import Price
from models.product import Product

_PRODUCTS = "SELECT external_id, name, status, kind, coalesce(free, false) AS free FROM bursar.product WHERE external_id = ANY (%(refs)s)"
_PRICES = """SELECT external_id, product_ref, cycle_unit, cycle_count, currency, version, unit_amount_minor, effective_for_new_at,
                    effective_for_existing_at, coalesce(notice_days, 0) AS notice_days
             FROM bursar.price WHERE product_ref = ANY (%(refs)s) AND versions <> '{}'"""


@dataclass(frozen=True, slots=True)
class Offer:
    """A product, as far as billing shows and checks it."""

    reference: str
    name: str
    status: str | None
    kind: str | None
    free: bool


def offers_of(unit: UnitOfWork, refs: Iterable[str]) -> dict[str, Offer]:
    """Those of the products that are defined, by reference; one query."""
    wanted = set(refs)
    if not wanted:
        return {}
    read = unit.committed(_PRODUCTS, {"refs": sorted(wanted)})
    found = {
        row["external_id"]: Offer(row["external_id"], row["name"] or row["external_id"], row["status"], row["kind"], row["free"])
        for row in read
        if row["kind"] is not None
    }
    for row in unit.known:
        if isinstance(row, Product) and row.external_id in wanted and not row.incomplete:
            found[row.external_id] = Offer(row.external_id, row.name or row.external_id, row.status, row.kind, bool(row.free))
    return found


def prices_of(unit: UnitOfWork, refs: Iterable[str]) -> list[PriceVersion]:
    """All published versions of these products' prices; one query."""
    wanted = set(refs)
    if not wanted:
        return []
    found = {row["external_id"]: _version(**row) for row in unit.committed(_PRICES, {"refs": sorted(wanted)})}
    for row in unit.known:
        if isinstance(row, Price) and row.product_ref in wanted and not row.incomplete:
            found[row.external_id] = _version(**{name: getattr(row, name) for name in _COLUMNS})
    return list(found.values())


_COLUMNS = (
    "external_id", "product_ref", "cycle_unit", "cycle_count", "currency", "version", "unit_amount_minor", "effective_for_new_at",
    "effective_for_existing_at", "notice_days",
)  # fmt: skip


def _version(*, external_id: str, **values: object) -> PriceVersion:
    return PriceVersion(reference=external_id, **values)  # type: ignore[arg-type]  # the table's constraints type them
