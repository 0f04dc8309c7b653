"""Goes on with transfers that waited until their account may be given money again (PAYOUT-13)."""

from __future__ import annotations

from billing.operations.send_transfer import may_be_given, send_transfer
from billing.operations.unit import UnitOfWork
from models.account import Account
from models.payee import Payee
from models.transfer_request import TransferRequest


def resume_payee(unit: UnitOfWork, payee: Payee) -> None:
    """Send the waiting transfers if the account may have them now; called after whatever could have changed that."""
    ours = [(kind, reference) for kind, reference in payee.waiting or [] if kind == TransferRequest.NAME]
    if not ours or not may_be_given(unit.row(Account, payee.source, payee.external_id), payee):
        return
    payee.waiting = [entry for entry in payee.waiting or [] if entry[0] != TransferRequest.NAME]
    payee.updated_at = max(payee.updated_at, unit.now)
    for _, reference in ours:
        row = unit.row(TransferRequest, payee.source, reference)
        if row.status == "waiting":
            send_transfer(unit, row)
