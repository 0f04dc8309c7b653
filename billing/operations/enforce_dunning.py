"""What a policy's days end in: service is suspended, then ended, and what was owed is given up (DUN-2)."""

from __future__ import annotations

from billing.operations.close_dunning import SUSPENDED_BECAUSE, close_case, close_dunning_later, load_attempts
from billing.operations.derive_account_status import derive_later
from billing.operations.end_subscription import end_subscription
from billing.operations.follow_subscription_invoice import open_invoices
from billing.operations.move_own import move_own
from billing.operations.tell_dunning import tell_dunning
from billing.operations.unit import UnitOfWork
from billing.operations.void_invoice import void_invoice
from models.base import OWN_SOURCE
from models.dunning_case import DunningCase
from models.invoice import Invoice
from models.payment_request import PaymentRequest
from models.subscriber import Subscriber
from models.subscription import Subscription

UNPAID = "unpaid"
_ENDED = frozenset({"cancelled", "expired"})


def enforce_dunning(unit: UnitOfWork, reference: str) -> None:
    """Do what a locked case's next deadline says, if it has come. Money that is on its way, or looked for, is waited for."""
    case = unit.row(DunningCase, OWN_SOURCE, reference)
    if case.status != "open" or case.next_deadline_at is None or case.next_deadline_at > unit.now:
        return
    invoice = unit.row(Invoice, OWN_SOURCE, reference)
    if invoice.status != "pending":
        close_dunning_later(unit, reference)
    elif invoice.confirmation_since is not None or _on_its_way(unit, case):
        return
    elif case.terminate_at is not None and case.terminate_at <= unit.now:
        _terminate(unit, case, invoice)
    else:
        _suspend(unit, case)


def _on_its_way(unit: UnitOfWork, case: DunningCase) -> bool:
    """Not so where the customer is waited for, or where nothing comes of a try any more: that may last for ever."""
    request = unit.row(PaymentRequest, case.request_source or "", case.request_ref) if case.request_ref else None
    return request is not None and request.status in ("pending", "processing", "succeeded")


def _suspend(unit: UnitOfWork, case: DunningCase) -> None:
    case.suspended_at, case.next_deadline_at = unit.now, case.terminate_at
    case.updated_at = max(case.updated_at, unit.now)
    subscriber = unit.row(Subscriber, OWN_SOURCE, case.subscriber_ref or "")
    if subscriber.suspended_at is None:
        subscriber.suspended_at, subscriber.suspended_because = unit.now, SUSPENDED_BECAUSE
        about = {"suspended_because": SUSPENDED_BECAUSE, "invoice": case.external_id}
        unit.audit("subscriber.suspended", Subscriber.NAME, subscriber.id, before=None, after=about)
    if case.subscription_ref is not None:
        row = unit.row(Subscription, OWN_SOURCE, case.subscription_ref)
        if row.status in ("active", "past_due", "pending_renewal"):
            move_own(unit, row, UNPAID, invoice=case.external_id)
    derive_later(unit, case.subscriber_ref)
    tell_dunning(unit, case, "suspended", case.external_id)


def _terminate(unit: UnitOfWork, case: DunningCase, invoice: Invoice) -> None:
    tell_dunning(unit, case, "terminated", case.external_id)
    load_attempts(unit, [case.external_id])
    owed = [invoice.external_id]
    row = unit.row(Subscription, OWN_SOURCE, case.subscription_ref) if case.subscription_ref else None
    if row is not None:
        owed = sorted({*owed, *open_invoices(unit, [row.external_id])[row.external_id]})
        if row.status not in _ENDED:
            end_subscription(unit, row, "cancelled", at=unit.now, because=UNPAID, void=False)
    close_case(unit, case, "terminated", UNPAID)
    unit.load((Invoice.NAME, OWN_SOURCE, ref) for ref in owed)
    for ref in owed:
        void_invoice(unit, unit.row(Invoice, OWN_SOURCE, ref), UNPAID, status="uncollectible")
