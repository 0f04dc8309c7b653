"""Takes in that a customer paid by bank transfer; money it is only when somebody has seen it (PAY-8, PAY-15)."""

from __future__ import annotations

from billing.operations.hold_expiry import hold_expiry
from billing.operations.move_request import move_request
from billing.operations.own_row import own_row
from billing.operations.record_payment import record_payment
from billing.operations.unit import UnitOfWork
from billing.rules.commands.bank_transfer import SOURCE
from billing.rules.commands.bank_transfers import SubmitBankTransfer
from billing.rules.commands.base import Rejected
from billing.rules.facts.base import UNSET, Version
from billing.rules.facts.payment import PaymentFact
from billing.rules.payment_methods import methods_in, offered
from billing.rules.purpose import declaration
from billing.rules.states_requests import BANK_TRANSFER
from models.bank_transfer import BankTransfer
from models.payment import Payment

METHOD = "bank_transfer"
OPEN = frozenset({"submitted", "pending_approval"})
_TOLD = ("country", "pays", "proof_ref", "purpose", "purpose_ref", "external_ref")


def submit_bank_transfer(unit: UnitOfWork, command: SubmitBankTransfer) -> BankTransfer:
    """The transfer in `pending_approval`; one that is approved already stays so, and what it is for is granted now.

    Raises:
        Rejected: `method_not_offered`, `reported_otherwise`, `decided`.
    """
    if not offered(METHOD, command.country):
        limit = methods_in(command.country)
        raise Rejected("method_not_offered", f"no bank transfers in {command.country}", {"field": "country", "limit": limit})
    payment = unit.row(Payment, SOURCE, command.reference)
    known = (payment.amount_minor, payment.currency)
    if not payment.incomplete and known != (command.amount_minor, command.currency):
        current = {"amount_minor": payment.amount_minor, "currency": payment.currency}
        details = {"current": current, "field": "reference"}
        raise Rejected("reported_otherwise", f"{command.reference} is known with another amount", details)
    row, _ = own_row(unit, BankTransfer, SOURCE, command.reference)
    if row.status not in (None, "approved", *OPEN):
        raise Rejected("decided", f"{command.reference} is {row.status}", {"current": row.status})
    for name in _TOLD:
        if getattr(command, name) is not None:
            setattr(row, name, getattr(command, name))
    if row.status == "approved":
        record_payment(unit, payment_fact(unit, row, Version(2, unit.now, 1, "declared")))
        return row
    report(unit, row, command.amount_minor, command.currency)
    hold_expiry(unit, row)
    move_request(unit, row, BANK_TRANSFER, "pending_approval", **about(row))
    record_payment(unit, payment_fact(unit, row, Version(0, unit.now, 1, "submitted"), "processing"))
    return row


def report(unit: UnitOfWork, row: BankTransfer, amount_minor: int, currency: str) -> None:
    """A customer says that money is on its way. A transfer that was decided stays so; waiting counts from the newest report."""
    if row.status not in (None, *OPEN):
        return
    row.amount_minor, row.currency, row.actor, row.submitted_at = amount_minor, currency, unit.actor, unit.now
    if row.status is None:
        move_request(unit, row, BANK_TRANSFER, "submitted", **about(row))


def payment_fact(unit: UnitOfWork, row: BankTransfer, version: Version, status: str = "succeeded") -> PaymentFact:
    """The transfer as a payment of this status: `succeeded` once somebody has seen the money, `processing` or `cancelled` else."""
    seen = status == "succeeded"
    amount = row.arrived_minor if seen and row.arrived_minor is not None else row.amount_minor
    return PaymentFact(
        source=SOURCE, external_id=row.external_id, version=version, kind=METHOD, intent_status=status,
        provider_status=version.event_id, amount_minor=amount, currency=row.currency, confirmed=seen,
        intent_received_minor=amount if seen else UNSET,
        metadata_={"pays": row.pays, **declaration(row.purpose, row.purpose_ref)},
        provider_created_at=unit.now,
    )  # fmt: skip


def about(row: BankTransfer) -> dict[str, object]:
    """What an auditor wants beside a move."""
    return {"amount_minor": row.amount_minor, "arrived_minor": row.arrived_minor, "currency": row.currency, "reason": row.reason}
