"""Asks that a customer be forgotten (SEC-6): refused while money is open, else begun by the run `erase_customers`."""

from __future__ import annotations

from datetime import timedelta

from billing.operations.move_status import move_status
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.customers import EraseCustomer
from billing.rules.states_privacy import ERASURE
from models.base import OWN_SOURCE
from models.erasure import Erasure
from models.subscriber import Subscriber

AGAIN_FOR = timedelta(days=91)
"""What providers tell so much later is about the past of nobody."""

# What would still move money, or be argued about, by kind.
_OPEN = """
    WITH his AS (
        SELECT c.id, c.source, c.external_id FROM bursar.customer c WHERE c.external_ref = %(ref)s
        UNION SELECT c.id, c.source, c.external_id FROM bursar.customer c JOIN bursar.subscriber s
              ON s.pay_source = c.source AND s.pay_customer_ref = c.external_id
              WHERE s.source = 'bursar' AND s.external_id = %(ref)s),
    paid AS (SELECT p.id, p.status FROM bursar.payment p JOIN his ON p.customer_id = his.id)
    SELECT 'invoices' AS kind, count(*) AS open FROM bursar.invoice i
        WHERE (i.subscriber_ref = %(ref)s OR i.customer_id IN (SELECT id FROM his)) AND i.status IN ('draft', 'pending')
    UNION ALL SELECT 'subscriptions', count(*) FROM bursar.subscription s
        WHERE (s.subscriber_ref = %(ref)s OR s.customer_id IN (SELECT id FROM his)) AND s.status NOT IN ('cancelled', 'expired')
    UNION ALL SELECT 'payments', (SELECT count(*) FROM paid WHERE status IN ('processing', 'authorised'))
        + (SELECT count(*) FROM bursar.payment_request r WHERE (r.subscriber_ref = %(ref)s
           OR (r.source, r.customer_ref) IN (SELECT source, external_id FROM his)) AND r.status IN ('pending', 'processing'))
    UNION ALL SELECT 'refunds', count(*) FROM bursar.refund_request q
        WHERE q.payment_id IN (SELECT id FROM paid) AND q.status IN ('pending', 'processing', 'approved')
    UNION ALL SELECT 'disputes', count(*) FROM bursar.dispute d
        WHERE d.payment_id IN (SELECT id FROM paid) AND (d.status LIKE '%%needs_response' OR d.status LIKE '%%under_review')
    UNION ALL SELECT 'money_credit', count(*) FROM bursar.money_credit m WHERE m.subscriber_ref = %(ref)s AND m.balance_minor <> 0"""
_ORGANISATION = "SELECT 1 AS there FROM bursar.organisation WHERE source = 'bursar' AND external_id = %(ref)s AND status = 'active'"
_CUSTOMERS = """SELECT source || ' ' || external_id AS customer FROM bursar.customer WHERE external_ref = %(ref)s
                UNION SELECT pay_source || ' ' || pay_customer_ref FROM bursar.subscriber
                      WHERE source = 'bursar' AND external_id = %(ref)s AND pay_customer_ref IS NOT NULL ORDER BY 1"""


def request_erasure(unit: UnitOfWork, command: EraseCustomer) -> Erasure:
    """The erasure, which runs from now on; asked again, it is the same one.

    Raises:
        Rejected: `unknown_subscriber`, `money_open`, `organisation_active`.
    """
    ref = command.subscriber_ref
    if unit.row(Subscriber, OWN_SOURCE, ref).incomplete:
        raise Rejected("unknown_subscriber", f"nobody was defined under {ref}", {"field": "subscriber_ref"})
    row = unit.row(Erasure, OWN_SOURCE, ref)
    if not row.incomplete:
        return row
    if unit.committed(_ORGANISATION, {"ref": ref}):
        told = f"{ref} is an organisation: delete it first (`organisations.delete`)"
        raise Rejected("organisation_active", told, {"field": "subscriber_ref"})
    still = {str(one["kind"]): int(one["open"]) for one in unit.committed(_OPEN, {"ref": ref}) if one["open"]}
    if still:
        told = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in sorted(still.items()))
        raise Rejected(
            "money_open", f"{ref} has open: {told}; nothing was erased; settle, cancel or void them first",
            {"current": sum(still.values()), "limit": 0, "open": still},
        )  # fmt: skip
    own_row(unit, Erasure, OWN_SOURCE, ref)
    row.reason, row.actor, row.requested_at, row.due_at = command.reason, unit.actor, unit.now, unit.now
    row.step, row.inbox_after, row.outbox_after, row.counts = "rows", 0, 0, {}
    row.again_until = unit.now + AGAIN_FOR
    row.customers = [one["customer"] for one in unit.committed(_CUSTOMERS, {"ref": ref})]
    row.status = "running"
    move_status(unit, row, ERASURE, None, "running", {"why": command.reason})
    return row
