"""Defines a plan or a package of credits, or sets it anew. Who has it keeps the price that he has (PRICE-1)."""

from __future__ import annotations

from billing.operations.move_status import move_status
from billing.operations.own_row import own_row
from billing.operations.product_tax import sold_anew
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.products import DefineProduct
from billing.rules.states_subscribers import PRODUCT
from models.base import OWN_SOURCE
from models.product import Product

_SAID = (
    "kind", "free", "credits", "credit_validity_months", "trial_days", "trial_needs_method", "trial_grace_days",
    "trial_notice_days", "dunning_policy_ref", "seat_proration", "supply", "tax_kind",
)  # fmt: skip
_FREE = "SELECT external_id FROM bursar.product WHERE free AND kind = 'plan' AND status = 'offered' AND external_id <> %(own)s"


def define_product(unit: UnitOfWork, command: DefineProduct) -> Product:
    """The product as the command wants it; the same again changes nothing.

    Raises:
        Rejected: `kind_differs`, `free_plan_exists`.
    """
    known = unit.row(Product, OWN_SOURCE, command.reference)
    if known.kind not in (None, command.kind):
        raise Rejected("kind_differs", f"{command.reference} is a {known.kind}", {"current": known.kind, "field": "kind"})
    if command.free and not command.retired:
        others = {one["external_id"] for one in unit.committed(_FREE, {"own": command.reference})}
        others |= {one.external_id for one in unit.known if isinstance(one, Product) and one.free and one.status == "offered"}
        if others := others - {command.reference}:
            raise Rejected("free_plan_exists", f"{min(others)} is the free plan", {"current": min(others), "limit": 1})
    row, new = own_row(unit, Product, OWN_SOURCE, command.reference)
    before = None if new else _terms(row)
    for name in _SAID:
        setattr(row, name, getattr(command, name))
    row.name, row.limits, row.tax_kinds = command.title, dict(command.limits or {}), dict(command.tax_kinds or {}) or None
    sold_anew(unit, row)
    named, row.provider_refs = row.provider_refs, sorted(set(command.provider_refs)) or None
    if named != row.provider_refs:
        row.relink_asked_at, row.relink_after = unit.now, None  # the run relink_products goes through providers' subscriptions
    was, row.status = row.status, "retired" if command.retired else "offered"
    move_status(unit, row, PRODUCT, was, row.status, {"reason": command.reason})
    if before is not None and before != _terms(row):
        unit.audit("product.changed", Product.NAME, row.id, before=before, after={**_terms(row), "reason": command.reason})
    return row


def _terms(row: Product) -> dict[str, object]:
    return {name: getattr(row, name) for name in (*_SAID, "name", "limits", "tax_kinds", "provider_refs")}
