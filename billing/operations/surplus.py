"""Money that came for one of our invoices and that it did not need: the subscriber's credit, as long as that money is ours (INV-13)."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.announce_entitlements import announce_entitlements
from billing.operations.money_credit import credit_key, grant_credit
from billing.operations.unit import UnitOfWork
from billing.rules.instants import iso
from models.base import OWN_SOURCE
from models.fulfilment import Fulfilment
from models.invoice import Invoice
from models.money_credit import MoneyCredit
from models.subscriber import Subscriber

_GIVEN, _WITHDRAWN, _WHOSE = "credited_minor", "withdrawn_minor", "credited_to"
_REFUNDED, _SEEN = "refunded_minor", "refunds_minor"
_PART = "part_minor"
"""What of a payment an invoice counts that is not paid yet."""

_PAID_BY = """SELECT source, external_id FROM bursar.fulfilment
              WHERE purpose = 'invoice' AND purpose_ref = ANY (%(refs)s) AND granted_at IS NOT NULL"""


def give_surplus(unit: UnitOfWork, row: Fulfilment, subscriber_ref: str, amount_minor: int, reason: str) -> None:
    """Once per payment: `row` is its fulfilment. The subscriber is to be locked."""
    grant_credit(unit, subscriber_ref, row.currency or "", amount_minor, fact=f"payment:{row.source}:{row.external_id}", reason=reason)
    row.metadata_ = {**(row.metadata_ or {}), _GIVEN: amount_minor, _WHOSE: subscriber_ref}
    announce_entitlements(unit, subscriber_ref)


def give_parts_later(unit: UnitOfWork, invoice: Invoice) -> None:
    """This invoice ends unpaid: what was paid of it is credit. The subscriber is to be locked."""
    if invoice.amount_paid_minor:
        unit.later(_give_parts, invoice.external_id)


def _give_parts(unit: UnitOfWork, refs: Sequence[str]) -> None:
    found = [(Fulfilment.NAME, one["source"], one["external_id"]) for one in unit.committed(_PAID_BY, {"refs": list(refs)})]
    unit.load(found)
    for row in [row for row in unit.known if isinstance(row, Fulfilment) and row.purpose == "invoice" and row.purpose_ref in refs]:
        invoice = unit.row(Invoice, OWN_SOURCE, row.purpose_ref or "")
        # Nothing of a payment that paid a part was left over then, and what took none of the invoice's money is credit already.
        part = min((row.metadata_ or {}).get(_PART, row.amount_minor or 0), invoice.amount_paid_minor or 0)
        if row.status == "granted" and row.currency == invoice.currency and part and _GIVEN not in (row.metadata_ or {}):
            unit.again(invoice.external_id)
            give_surplus(unit, row, invoice.subscriber_ref or "", part, f"paid for {invoice.external_id}, which ended unpaid")


def withdraw_surplus(unit: UnitOfWork, row: Fulfilment) -> None:
    """The payment's money went back to the payer: so does its credit, as far as it is unspent."""
    said = row.metadata_ or {}
    if not said.get(_GIVEN):
        return
    unit.row(Subscriber, OWN_SOURCE, said[_WHOSE])
    taken = min(said[_GIVEN], unit.row(MoneyCredit, OWN_SOURCE, credit_key(said[_WHOSE], row.currency)).balance_minor or 0)
    if taken:
        _adjust(unit, row, said[_WHOSE], -taken, "revoked", "its payment was given back")
        row.metadata_ = {**said, _GIVEN: said[_GIVEN] - taken, _WITHDRAWN: taken}


def restore_surplus(unit: UnitOfWork, row: Fulfilment) -> None:
    """It did not go back after all."""
    said = row.metadata_ or {}
    taken = said.get(_WITHDRAWN)
    if taken:
        unit.row(Subscriber, OWN_SOURCE, said[_WHOSE])
        _adjust(unit, row, said[_WHOSE], taken, "restored", "its payment is ours again")
        row.metadata_ = {**said, _GIVEN: said[_GIVEN] + taken, _WITHDRAWN: 0}


def keep_part(row: Fulfilment, invoice: Invoice, paid_minor: int) -> None:
    """An invoice took all of this payment, and waits for more."""
    row.metadata_ = {**(row.metadata_ or {}), _PART: paid_minor, _WHOSE: invoice.subscriber_ref}


def refund_part(unit: UnitOfWork, row: Fulfilment, invoice: Invoice, back_minor: int) -> None:
    """What went back of such a payment, while the invoice still waits, is owed again."""
    said = row.metadata_ or {}
    part, borne = said.get(_PART, 0), said.get(_REFUNDED, 0)
    taken = min(back_minor, part + borne) - borne
    if taken:
        before = invoice.amount_paid_minor or 0
        invoice.amount_paid_minor, invoice.amount_remaining_minor = before - taken, (invoice.amount_remaining_minor or 0) + taken
        invoice.updated_at = max(invoice.updated_at, unit.now)
        row.metadata_ = {**said, _PART: part - taken, _REFUNDED: borne + taken}
        after = {"amount_paid_minor": before - taken, "currency": invoice.currency, "payment": row.payment_ref}
        unit.audit("invoice.part_refunded", Invoice.NAME, invoice.id, before={"amount_paid_minor": before}, after=after)


def refund_surplus(unit: UnitOfWork, row: Fulfilment, back_minor: int) -> int:
    """What of a payment's refunds its credit bears, before the invoice does: as much as is unspent when they are told of."""
    said = row.metadata_ or {}
    given, borne = said.get(_GIVEN, 0), said.get(_REFUNDED, 0)
    if row.status != "granted" or not (given or borne) or said.get(_SEEN, 0) == back_minor:
        return int(borne)
    unit.row(Subscriber, OWN_SOURCE, said[_WHOSE])
    taken = min(back_minor, given + borne) - borne
    if taken > 0:
        taken = min(taken, unit.row(MoneyCredit, OWN_SOURCE, credit_key(said[_WHOSE], row.currency)).balance_minor or 0)
    if taken:
        _adjust(unit, row, said[_WHOSE], -taken, "refunded", "a part of its payment was given back" if taken > 0 else "its refund failed")
    row.metadata_ = {**said, _GIVEN: given - taken, _REFUNDED: borne + taken, _SEEN: back_minor}
    return int(borne + taken)


def _adjust(unit: UnitOfWork, row: Fulfilment, whose: str, delta_minor: int, why: str, reason: str) -> None:
    fact = f"payment:{row.source}:{row.external_id}:{why}:{iso(unit.now)}"
    grant_credit(unit, whose, row.currency or "", delta_minor, fact=fact, kind="adjusted", reason=reason)
    announce_entitlements(unit, whose)
