"""How a refund stands, as all commands about refunds tell the app."""

from __future__ import annotations

from billing.rules.commands.refunds import RefundAsked
from core.ids import public_id
from models.refund_request import RefundRequest


def refund_asked(row: RefundRequest) -> RefundAsked:
    """The request as it stands now."""
    return RefundAsked(
        request=public_id(row.PUBLIC_PREFIX, row.id),
        reference=row.external_id,
        status=row.status or "pending",
        amount_minor=row.amount_minor or 0,
        currency=row.currency or "",
        fee_minor=row.fee_minor or 0,
        transfer_minor=row.transfer_minor or 0,
    )
