"""Takes money back from a connected account, because of a refund or a dispute (REFUND-4, DISPUTE-1)."""

from __future__ import annotations

from billing.operations.move_status import move_status
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.reversible import reversible_minor
from billing.rules.states_requests import TRANSFER_REVERSAL_REQUEST
from models.base import Aggregate
from models.transfer import Transfer
from models.transfer_reversal_request import TransferReversalRequest


class OverReversedError(ValueError):
    """More would be taken back than is left of the transfer. Nothing was asked for and no money moves.

    Next step: the caller asks `reversible` first, and books the rest as owed by the account.
    """


def reversible(transfer: Transfer) -> int:
    """What of the transfer may still be taken back, in its minor units; what is under way counts as gone."""
    return reversible_minor(transfer.amount_minor, transfer.reversed_minor, transfer.reversals or {})


def reverse_transfer(
    unit: UnitOfWork, transfer: Transfer, amount_minor: int, why: str, wanted_by: Aggregate, *, part: int = 1
) -> TransferReversalRequest:
    """Ask the provider to take exactly `amount_minor` of a transfer back; the same wish again is the same request.

    What comes of it, `follow_transfer_reversal` tells the verb of `wanted_by`'s kind: made, or failed with the provider's
    code (an account that has too little is `balance_insufficient`), in which case the account owes it.

    Args:
        unit: the transaction.
        transfer: locked; its provider makes the reversal.
        amount_minor: in minor units of the transfer's currency, above zero.
        why: the reason, for people and the audit.
        wanted_by: the refund request or dispute.
        part: another number is another reversal of the same transfer for the same row.

    Raises:
        OverReversedError: the amount is not between 1 and what is left.
    """
    reference = f"{wanted_by.NAME}:{wanted_by.external_id}:{transfer.external_id}" + (f":{part}" if part > 1 else "")
    left = reversible(transfer)
    if reference not in (transfer.reversals or {}) and not 0 < amount_minor <= left:
        raise OverReversedError(
            f"{amount_minor} of transfer {transfer.external_id} cannot be taken back: {left} of {transfer.amount_minor} "
            f"{transfer.currency} minor units are left; nothing was asked for; book the rest as owed by the account"
        )
    row, new = own_row(unit, TransferReversalRequest, transfer.source, reference)
    if not new:
        return row
    row.status, row.amount_minor, row.currency = "requested", amount_minor, transfer.currency
    row.transfer_ref, row.transfer_id, row.account_ref = transfer.external_id, transfer.id, transfer.destination_ref
    row.for_type, row.for_ref, row.reason = wanted_by.NAME, wanted_by.external_id, why
    row.actor, row.requested_at = unit.actor, unit.now
    about = {"amount_minor": amount_minor, "currency": row.currency, "transfer": row.transfer_ref, "reason": why}
    move_status(unit, row, TRANSFER_REVERSAL_REQUEST, None, row.status, about)
    transfer.reversals = {**(transfer.reversals or {}), reference: {"amount_minor": amount_minor, "status": "requested"}}
    transfer.updated_at = max(transfer.updated_at, unit.now)
    unit.submit(
        "transfer_reversal.create",
        row,
        values={"transfer_ref": transfer.external_id, "amount_minor": amount_minor},
        queue="payouts",
        lane=f"{row.source}:{transfer.destination_ref or transfer.external_id}",
    )
    return row
