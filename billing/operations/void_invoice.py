"""Ends an invoice of our own that nobody is to pay any more (INV-2). Money that still comes is taken all the same (INV-13)."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.cancel_payment import NOT_CANCELLABLE, give_up_payment
from billing.operations.close_dunning import close_dunning_later
from billing.operations.credit_document import credit_later
from billing.operations.follow_subscription_invoice import recover_later
from billing.operations.money_credit import return_credit
from billing.operations.move_own import move_own
from billing.operations.subscription_promo import give_back_promo
from billing.operations.surplus import give_parts_later
from billing.operations.unit import UnitOfWork
from models.invoice import Invoice
from models.payment_request import PaymentRequest

_REQUESTS = "SELECT source, external_id FROM bursar.payment_request WHERE purpose = 'invoice' AND purpose_ref = ANY (%(refs)s)"


def void_invoice(unit: UnitOfWork, row: Invoice, because: str, *, status: str = "void") -> bool:
    """Whether it was open until now; a final one stays what it is. `status` may also be `uncollectible`.

    Attempts to collect it are given up, as far as the provider still can.
    """
    if row.status not in ("draft", "pending"):
        return False
    row.void_because = because
    if status == "void":
        row.voided_at = unit.now
    else:
        row.marked_uncollectible_at = unit.now
    move_own(unit, row, status, because=because, total_minor=row.total_minor, currency=row.currency)
    return_credit(unit, row)
    give_parts_later(unit, row)
    credit_later(unit, row)
    if row.discount_minor:
        give_back_promo(unit, row.external_id, "never_paid")
    unit.later(_stop_collecting, row.external_id)
    close_dunning_later(unit, row.external_id)
    recover_later(unit, row.subscription_ref)
    return True


def _stop_collecting(unit: UnitOfWork, refs: Sequence[str]) -> None:
    found = unit.committed(_REQUESTS, {"refs": list(refs)})
    unit.load([(PaymentRequest.NAME, one["source"], one["external_id"]) for one in found])
    for row in [row for row in unit.known if isinstance(row, PaymentRequest) and row.purpose == "invoice"]:
        if row.purpose_ref in refs and row.status not in (*NOT_CANCELLABLE, "cancelled") and not row.cancel_wanted:
            unit.again(row.purpose_ref or "")
            give_up_payment(unit, unit.row(PaymentRequest, row.source, row.external_id), "the invoice is void")
