"""What nobody can charge waits for its payer: the subscription keeps running for its grace, and he is reminded (SUB-7, DUN-8)."""

from __future__ import annotations

from billing.operations.collect_invoice import collectable
from billing.operations.move_own import move_own
from billing.operations.open_dunning import dun_unpaid_renewal
from billing.operations.unit import UnitOfWork
from billing.rules.subscription_terms import GRACE
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.subscriber import Subscriber
from models.subscription import Subscription


def wait_for_payer(unit: UnitOfWork, row: Subscription, invoice: Invoice) -> None:
    """Called for a period's new invoice, after it was asked for; what is charged, or paid already, is left alone.

    One that is past due has a dunning case, whose end may be paid away while this invoice is not: it gets an end of its own.
    """
    subscriber = unit.row(Subscriber, OWN_SOURCE, row.subscriber_ref or "")
    if invoice.status != "pending" or (row.collection != "manual" and collectable(subscriber)):
        return
    if row.status == "active":
        row.grace_until = unit.now + GRACE
        move_own(unit, row, "pending_renewal", invoice=invoice.external_id)
        dun_unpaid_renewal(unit, invoice)
    elif row.status == "past_due":
        dun_unpaid_renewal(unit, invoice, ends=True)
