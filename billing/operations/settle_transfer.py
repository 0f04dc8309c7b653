"""Decides what a transfer is that nobody here asked for: taken back, owed by the payee, or rightly his (RECON-8)."""

from __future__ import annotations

from billing.operations.owe import owe
from billing.operations.payee_of import payee_of
from billing.operations.repair_wish import Wish, decided, not_here
from billing.operations.reverse_transfer import reverse_transfer, reversible
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.instants import iso
from models.finding import Finding
from models.transfer import Transfer
from models.transfer_reversal_request import TransferReversalRequest


def reverse_stray(unit: UnitOfWork, finding: Finding, wish: Wish) -> str:
    """What is left of it is taken back, by an ordinary reversal; an account that has too little owes it.

    Raises:
        Rejected: `cannot_repair`.
    """
    row = reverse_transfer(unit, *_left(unit, finding), wish.reason, finding)
    return f"{TransferReversalRequest.NAME}:{row.external_id}"


def owe_stray(unit: UnitOfWork, finding: Finding, wish: Wish) -> str:
    """The payee keeps it and owes it: it is kept out of his payouts and netted from his next shares.

    Raises:
        Rejected: `cannot_repair`.
    """
    if finding.account_ref:
        payee_of(unit, finding.source, finding.account_ref)  # locked before the transfer
    transfer, left = _left(unit, finding)
    _owed(unit, transfer, left, wish.reason)
    return _adopted(unit, finding, transfer, wish)


def adopt_stray(unit: UnitOfWork, finding: Finding, wish: Wish) -> str:
    """It is the payee's own: a share that was sent by hand.

    Raises:
        Rejected: `cannot_repair`.
    """
    transfer, _ = _left(unit, finding)
    return _adopted(unit, finding, transfer, wish)


def after_stray_reversal(unit: UnitOfWork, request: TransferReversalRequest) -> None:
    """The reversal was made, or was refused: then the payee owes it, as if that had been chosen."""
    if request.status != "failed":
        return
    transfer = unit.row(Transfer, request.source, request.transfer_ref or "")
    why = request.failure_code or "refused"
    _owed(unit, transfer, request.amount_minor or 0, why)
    transfer.adopted = {
        "how": "owe", "by": request.actor, "at": iso(unit.now), "reason": f"reversal refused: {why}", "finding": request.for_ref,
    }  # fmt: skip
    _audit(unit, transfer)


def _left(unit: UnitOfWork, finding: Finding) -> tuple[Transfer, int]:
    transfer = unit.row(Transfer, finding.source, finding.object_ref or "")
    if transfer.incomplete or transfer.destination_ref is None or transfer.currency is None:
        raise not_here(finding)
    left = reversible(transfer)
    if left <= 0:
        raise Rejected("cannot_repair", f"all of {transfer.external_id} was taken back already", {"current": "reversed"})
    return transfer, left


def _owed(unit: UnitOfWork, transfer: Transfer, amount_minor: int, why: str) -> None:
    key = f"{Transfer.NAME}:{transfer.source}:{transfer.external_id}"
    account, currency = transfer.destination_ref or "", transfer.currency or ""
    owe(unit, transfer.source, account, key=key, currency=currency, amount_minor=amount_minor, why=why)


def _adopted(unit: UnitOfWork, finding: Finding, transfer: Transfer, wish: Wish) -> str:
    transfer.adopted = decided(unit, finding, wish)
    _audit(unit, transfer)
    return f"{Transfer.NAME}:{transfer.external_id}"


def _audit(unit: UnitOfWork, transfer: Transfer) -> None:
    transfer.updated_at = max(transfer.updated_at, unit.now)
    about = {"adopted": transfer.adopted, "amount_minor": transfer.amount_minor, "currency": transfer.currency}
    unit.audit("transfer.adopted", Transfer.NAME, transfer.id, before={"adopted": None}, after=about)
