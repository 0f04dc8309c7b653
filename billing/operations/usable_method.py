"""Which stored method of a subscriber can be charged: his own, his customer's default, or any other that is still good (TRIAL-2, PAY-6)."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.collect_invoice import collectable
from billing.operations.unit import UnitOfWork
from models.subscriber import Subscriber

_GOOD = """SELECT c.source, c.external_id AS customer, coalesce(c.default_payment_method_ref, m.external_id) AS method
           FROM bursar.customer c LEFT JOIN LATERAL (
               SELECT p.external_id FROM bursar.payment_method p
               WHERE p.source = c.source AND p.customer_ref = c.external_id AND p.detached_at IS NULL AND p.expired_at IS NULL
                 AND (p.exp_year IS NULL OR (p.exp_year, p.exp_month) >= (%(year)s, %(month)s))
               ORDER BY p.provider_created_at DESC NULLS LAST, p.external_id LIMIT 1) m ON true
           WHERE c.source = ANY (%(sources)s) AND c.external_id = ANY (%(refs)s)"""


def usable_methods(unit: UnitOfWork, subscribers: Sequence[Subscriber]) -> dict[str, str]:
    """Subscriber -> the method that would be charged; those without one are left out. One query."""
    asked = [one for one in subscribers if collectable(one)]
    own = {one.external_id: one.payment_method_ref for one in asked if one.payment_method_ref}
    rest = [one for one in asked if one.external_id not in own]
    if not rest:
        return own
    bound = {
        "sources": sorted({one.pay_source or "" for one in rest}), "refs": sorted({one.pay_customer_ref or "" for one in rest}),
        "year": unit.now.year, "month": unit.now.month,
    }  # fmt: skip
    found = {(row["source"], row["customer"]): row["method"] for row in unit.committed(_GOOD, bound) if row["method"]}
    theirs = {one.external_id: found.get((one.pay_source or "", one.pay_customer_ref or "")) for one in rest}
    return own | {ref: method for ref, method in theirs.items() if method is not None}
