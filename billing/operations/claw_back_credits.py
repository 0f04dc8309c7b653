"""Takes back unspent credits of a package whose money went back, once (REFUND-13); and gives them back if the money is ours again.

What was spent already is written down as a shortfall: no balance is ever negative.
"""

from __future__ import annotations

from billing.operations.claw_back_part import PART
from billing.operations.credit_ledger import account_of, change_lot
from billing.operations.grant_package import grant_bought_package, lot_of_fulfilment, lot_of_invoice
from billing.operations.unit import UnitOfWork
from billing.rules.credits import worth
from billing.rules.invoice_life import late_reference
from models.base import OWN_SOURCE
from models.credit_lot import CreditLot
from models.fulfilment import Fulfilment
from models.invoice import Invoice


def claw_back_credits(unit: UnitOfWork, fulfilment: Fulfilment) -> bool:
    """Whether this call did it; False for what is no credit package, or was clawed back before."""
    package = _package(unit, fulfilment)
    if package is None or fulfilment.credits_clawed_back_at is not None:
        return False
    fulfilment.credits_clawed_back_at, fulfilment.clawback_minor = unit.now, fulfilment.amount_minor
    lot = _lot(unit, fulfilment)
    if lot is not None:
        account = account_of(unit, lot.subscriber_ref or "")
        taken, granted = lot.remaining or 0, lot.amount or 0
        change_lot(unit, account, lot, -taken, kind="clawback", fact=f"clawback:{account.entries}:{lot.external_id}")
        lot.clawed_back = taken
        parts = (fulfilment.metadata_ or {}).get(PART, 0)
        fulfilment.clawback_shortfall_minor = worth(fulfilment.amount_minor or 0, granted, granted - taken - parts)
    _tell(unit, fulfilment, "credits.clawed_back", package, lot)
    return True


def give_back_credits(unit: UnitOfWork, fulfilment: Fulfilment) -> bool:
    """The money is ours again (the refund failed, the dispute was won), and so the credits are the buyer's; whether this call did it.

    They are valid as long as they would have been. What expired meanwhile stays away.
    """
    if fulfilment.credits_clawed_back_at is None:
        return False
    lot = _lot(unit, fulfilment)
    if lot is not None:
        account = account_of(unit, lot.subscriber_ref or "")
        if lot.expires_at is None or lot.expires_at > unit.now:
            change_lot(unit, account, lot, lot.clawed_back or 0, kind="refund", fact=f"given_back:{account.entries}:{lot.external_id}")
        lot.clawed_back = None
    elif fulfilment.purpose == "credit_package":
        grant_bought_package(unit, fulfilment)  # revoked before it was granted
    _tell(unit, fulfilment, "credits.given_back", fulfilment.purpose_ref, lot)
    fulfilment.credits_clawed_back_at = fulfilment.clawback_minor = fulfilment.clawback_shortfall_minor = None
    return True


def _package(unit: UnitOfWork, fulfilment: Fulfilment) -> str | None:
    """What this payment bought, if that is a package of credits."""
    if fulfilment.purpose == "credit_package":
        return fulfilment.purpose_ref or ""
    invoice = _invoice(unit, fulfilment)
    return None if invoice is None else invoice.product_ref or ""


def _invoice(unit: UnitOfWork, fulfilment: Fulfilment) -> Invoice | None:
    """The invoice for a package that this payment paid: a second payment of one bought nothing, a late one paid a new one for it."""
    if fulfilment.purpose != "invoice" or not fulfilment.purpose_ref:
        return None
    named = unit.row(Invoice, OWN_SOURCE, fulfilment.purpose_ref)
    if named.invoice_type != "credit_package" or named.payment_ref == fulfilment.payment_ref:
        return named if named.invoice_type == "credit_package" else None
    if named.status == "paid":
        return None
    ref = late_reference(named.external_id, fulfilment.external_id)
    late = unit.find(Invoice, OWN_SOURCE, [ref]).get(ref)  # a part of an invoice that waits, or ended, has paid none
    return late if late is not None and late.payment_ref == fulfilment.payment_ref else None


def _lot(unit: UnitOfWork, fulfilment: Fulfilment) -> CreditLot | None:
    invoice = _invoice(unit, fulfilment)
    ref = lot_of_fulfilment(fulfilment) if invoice is None else lot_of_invoice(invoice.external_id)
    lot = unit.row(CreditLot, OWN_SOURCE, ref)
    return None if lot.incomplete else lot


def _tell(unit: UnitOfWork, fulfilment: Fulfilment, action: str, package: str | None, lot: CreditLot | None) -> None:
    after = {
        "package": package, "external_ref": fulfilment.external_ref, "amount_minor": fulfilment.clawback_minor,
        "currency": fulfilment.currency, "credits": lot.clawed_back if lot else None,
        "shortfall_minor": fulfilment.clawback_shortfall_minor,
    }  # fmt: skip
    unit.audit(action, Fulfilment.NAME, fulfilment.id, before=None, after=after)
