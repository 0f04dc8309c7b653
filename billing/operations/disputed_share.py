"""Finds whose money a dispute concerns: the account that was charged, or the payee to whom a share was passed on (DISPUTE-1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from billing.operations.netted_share import netted_minor
from billing.operations.own_balance import KEPT_HERE
from billing.operations.refund_shares import request_of
from billing.operations.unit import UnitOfWork
from models.charge import Charge
from models.dispute import Dispute
from models.payment import Payment
from models.transfer import Transfer
from models.transfer_request import TransferRequest


@dataclass(frozen=True, slots=True)
class DisputedShare:
    """`direct`: the charge is the account's own, so the provider takes the money from it without our doing. `transfer`: what
    was passed on at the provider; `netted`: the share, of which a part paid his debts instead; `kept`: the share, where the
    payee's balance is kept here."""

    account_ref: str
    payment: Payment | None
    charge_minor: int | None
    direct: bool = False
    transfer: Transfer | None = None
    netted: TransferRequest | None = None
    kept: TransferRequest | None = None

    @property
    def made(self) -> tuple[int, str] | None:
        """What the payee got of it, in minor units and currency; None: nothing yet."""
        netted = netted_minor(self.netted) if self.netted is not None else 0
        if self.transfer is not None and self.transfer.amount_minor and self.transfer.currency:
            return self.transfer.amount_minor + netted, self.transfer.currency
        if self.netted is not None and self.netted.currency and netted:
            return netted, self.netted.currency
        if self.kept is not None and self.kept.status == "made" and self.kept.currency:
            return self.kept.made_minor or 0, self.kept.currency
        return None


def disputed_share(unit: UnitOfWork, dispute: Dispute) -> DisputedShare | None:
    """Whose money it is, all rows locked; None: the platform's own."""
    charge = unit.row(Charge, dispute.source, dispute.charge_ref) if dispute.charge_ref else None
    whole = (charge.amount_captured_minor or charge.amount_minor) if charge else None
    if dispute.account_ref:
        return DisputedShare(dispute.account_ref, None, whole, direct=True)
    for payment in _payments(unit, dispute, charge):
        whole = whole or payment.received_minor
        if payment.transfer_destination_ref:
            transfer = unit.row(Transfer, dispute.source, charge.transfer_ref) if charge and charge.transfer_ref else None
            return DisputedShare(payment.transfer_destination_ref, payment, whole, transfer=transfer)
        request = request_of(unit, payment)
        if request is None or request.payee_ref is None:
            continue
        share = unit.row(TransferRequest, dispute.source, payment.external_id)
        if dispute.source in KEPT_HERE:
            return DisputedShare(request.payee_ref, payment, whole, kept=share)
        transfer = unit.row(Transfer, dispute.source, share.transfer_ref) if share.transfer_ref else None
        return DisputedShare(request.payee_ref, payment, whole, transfer=transfer, netted=share)
    return None


def _payments(unit: UnitOfWork, dispute: Dispute, charge: Charge | None) -> Iterator[Payment]:
    refs = {*((charge.payment_refs if charge else None) or []), *([dispute.payment_ref] if dispute.payment_ref else [])}
    for ref in sorted(refs):
        yield unit.row(Payment, dispute.source, ref)
