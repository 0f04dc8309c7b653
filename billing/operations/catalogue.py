"""What products are called and cost, read without locking them: thousands of renewals at once must not queue behind one plan's row.

Prices are never changed once published, and a product's name is only shown. What this unit itself has just defined counts, too.
Of a product everything is read at once, and once per unit: what it is called, grants, allows and is taxed as are asked by different verbs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from billing.operations.ask_once import ask_once
from billing.operations.unit import UnitOfWork
from billing.rules.price_in_force import PriceVersion
from models.base import OWN_SOURCE
from models.plain import new_row
from models.price import Price
from models.product import Product

_PRODUCT = """SELECT external_id, status, kind, name, free, limits, credits, seat_proration, dunning_policy_ref, supply, tax_kind,
                     tax_kinds, provider_refs FROM bursar.product"""
_PRODUCTS = _PRODUCT + " WHERE source = 'bursar' AND external_id = ANY (%(refs)s)"
_FREE = _PRODUCT + " WHERE source = 'bursar' AND free AND kind = 'plan' AND status = 'offered'"
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


def products_of(unit: UnitOfWork, refs: Iterable[str]) -> dict[str, Product]:
    """Those of the products that are defined, by reference, to be read only; one query for what this unit has not asked for before."""
    wanted = set(refs)
    read = ask_once(unit, "products", wanted, lambda new: _read(unit.committed(_PRODUCTS, {"refs": new})).items())
    found = {ref: row for ref, rows in read.items() for row in rows if row.kind is not None}
    return found | {row.external_id: row for row in _defined(unit) if row.external_id in wanted}


def free_plans(unit: UnitOfWork) -> dict[str, Product]:
    """The plans that cost nothing and are offered, by reference, to be read only; one query per unit."""
    read = ask_once(unit, "free plans", [""], lambda _: [("", row) for row in _read(unit.committed(_FREE, {})).values()])
    found = {row.external_id: row for row in (*read[""], *_defined(unit))}
    return {ref: row for ref, row in found.items() if row.free and row.kind == "plan" and row.status == "offered"}


def _read(rows: Iterable[Mapping[str, Any]]) -> dict[str, Product]:
    return {row["external_id"]: new_row(Product, **row) for row in rows}


def _defined(unit: UnitOfWork) -> list[Product]:
    return [row for row in unit.known if isinstance(row, Product) and row.source == OWN_SOURCE and not row.incomplete]


def offers_of(unit: UnitOfWork, refs: Iterable[str]) -> dict[str, Offer]:
    """Those of the products that are defined, by reference; one query at most."""
    found = products_of(unit, refs)
    return {ref: Offer(ref, row.name or ref, row.status, row.kind, bool(row.free)) for ref, row in found.items()}


def prices_of(unit: UnitOfWork, refs: Iterable[str]) -> list[PriceVersion]:
    """All published versions of these products' prices; one query at most."""
    wanted = set(refs)

    def ask(new: list[str]) -> Iterator[tuple[str, PriceVersion]]:
        for row in unit.committed(_PRICES, {"refs": new}):
            yield row["product_ref"], _version(**row)

    found = {one.reference: one for versions in ask_once(unit, "prices", wanted, ask).values() for one in versions}
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
