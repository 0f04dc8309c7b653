"""Records a bank transfer that a customer says he made; money it is only when somebody has seen it (PAY-8, INBOX-14)."""

from __future__ import annotations

from billing.operations.own_row import own_row
from billing.operations.record_payment import record_payment
from billing.operations.submit_bank_transfer import report
from billing.operations.unit import UnitOfWork
from billing.rules.commands.bank_transfer import SOURCE, ReportTransfer
from billing.rules.commands.base import MOST_MINOR, Rejected
from billing.rules.facts.base import Version
from billing.rules.facts.payment import PaymentFact
from models.bank_transfer import BankTransfer
from models.payment import Payment


def report_transfer(unit: UnitOfWork, command: ReportTransfer) -> Payment:
    """The payment in `processing`; one that is confirmed already stays so.

    Raises:
        Rejected: `amount_out_of_bounds` (PAY-12), `reported_otherwise`.
    """
    if not 0 < command.amount_minor <= MOST_MINOR:
        raise Rejected(
            "amount_out_of_bounds",
            f"a transfer is between 1 and {MOST_MINOR} minor units",
            {"current": command.amount_minor, "limit": MOST_MINOR},
        )
    row = unit.row(Payment, SOURCE, command.reference)
    known = (row.amount_minor, row.currency)
    if not row.incomplete and known != (command.amount_minor, command.currency):
        raise Rejected(
            "reported_otherwise",
            f"{command.reference} is known with another amount",
            {"current": {"amount_minor": row.amount_minor, "currency": row.currency}, "field": "reference"},
        )
    transfer, _ = own_row(unit, BankTransfer, SOURCE, command.reference)
    if command.pays is not None and transfer.pays is None:
        transfer.pays = command.pays
    report(unit, transfer, command.amount_minor, command.currency)
    return record_payment(unit, _fact(unit, command))


def _fact(unit: UnitOfWork, command: ReportTransfer) -> PaymentFact:
    """Of the first phase: whatever an operator confirms is newer, whichever comes first."""
    return PaymentFact(
        source=SOURCE,
        external_id=command.reference,
        version=Version(0, unit.now, 0, "reported"),
        kind="bank_transfer",
        intent_status="processing",
        provider_status="reported",
        amount_minor=command.amount_minor,
        currency=command.currency,
        confirmed=False,
        metadata_={"pays": command.pays},
        provider_created_at=unit.now,
    )
