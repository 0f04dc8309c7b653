"""A subscriber's own choice of a stored method ends when that is gone at the provider: charging it would fail for ever (PAY-6, PAY-7)."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.subscriber import Subscriber

_WHOSE = "SELECT external_id FROM bursar.subscriber WHERE payment_method_ref = %(method)s AND pay_source = %(source)s"
_OTHER = """SELECT nullif(c.default_payment_method_ref, %(method)s) AS default_ref, m.external_id AS other_ref
            FROM bursar.customer c LEFT JOIN LATERAL (
                SELECT p.external_id FROM bursar.payment_method p
                WHERE p.source = c.source AND p.customer_ref = c.external_id AND p.external_id <> %(method)s
                  AND p.detached_at IS NULL AND p.expired_at IS NULL
                  AND (p.exp_year IS NULL OR (p.exp_year, p.exp_month) >= (%(year)s, %(month)s))
                ORDER BY p.provider_created_at DESC NULLS LAST, p.external_id LIMIT 1) m ON true
            WHERE c.source = %(source)s AND c.external_id = %(customer)s"""


def method_gone(unit: UnitOfWork, source: str, method_ref: str) -> None:
    """Whoever is charged through it is charged through his customer's default from now on, or else another one that is good."""
    unit.later(_replace, f"{source}\n{method_ref}")


def _replace(unit: UnitOfWork, keys: Sequence[str]) -> None:
    for key in keys:
        source, method = key.split("\n")
        found = [one["external_id"] for one in unit.committed(_WHOSE, {"source": source, "method": method})]
        unit.load((Subscriber.NAME, OWN_SOURCE, ref) for ref in found)
        for row in [unit.row(Subscriber, OWN_SOURCE, ref) for ref in found]:
            if row.payment_method_ref != method:
                continue  # he has chosen another one meanwhile
            unit.again(key)
            bound = {"source": source, "method": method, "customer": row.pay_customer_ref, "year": unit.now.year, "month": unit.now.month}
            others = unit.committed(_OTHER, bound)
            row.payment_method_ref = others[0]["other_ref"] if others and not others[0]["default_ref"] else None
            row.updated_at = max(row.updated_at, unit.now)
            after = {"payment_method_ref": row.payment_method_ref, "because": "it was detached"}
            unit.audit("subscriber.method_promoted", Subscriber.NAME, row.id, before={"payment_method_ref": method}, after=after)
