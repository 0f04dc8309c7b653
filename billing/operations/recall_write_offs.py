"""A debt that was given up stands again when what it arose by comes to nothing: else its payee would be given money twice.

He was to give back his part of a refund or a dispute, could not, and was forgiven. Then the refund fails, or the dispute is won: his
part is passed on to him, though he never gave it. So the claim stands again, and is netted from that very transfer (REFUND-4).
"""

from __future__ import annotations

from billing.operations.owe import forgiven_minor, owed_minor
from billing.operations.post_receivable import post_receivable
from billing.operations.unit import UnitOfWork
from models.payee import Payee
from models.transfer_request import TransferRequest


def recall_write_offs(unit: UnitOfWork, payee: Payee, back: TransferRequest, most_minor: int) -> None:
    """Let debts of the refund or dispute stand again that `back` gives back, at most `most_minor` of them, and book it.

    Args:
        unit: the transaction.
        payee: locked.
        back: what is to be passed on again, called `refund:REF-...` or `dispute:dp_...:2`.
        most_minor: in minor units of its currency.
    """
    _, _, rest = back.external_id.partition(":")
    cause = rest.partition(":")[0]
    left, owed = most_minor, dict(payee.owed or {})
    before = owed_minor(payee, back.currency or "")
    for key, one in owed.items():
        part = min(left, forgiven_minor(one)) if one["currency"] == back.currency and cause in key.split(":") else 0
        if part > 0:
            owed[key] = one | {"recalled_minor": one.get("recalled_minor", 0) + part}
            left -= part
    recalled = most_minor - left
    if not cause or not recalled:
        return
    payee.owed = owed
    payee.updated_at = max(payee.updated_at, unit.now)
    post_receivable(
        unit,
        "write_off_recalled",
        fact=f"{back.NAME}:{back.source}:{back.external_id}",
        source=payee.source,
        account=payee.external_id,
        amount_minor=recalled,
        currency=back.currency or "",
    )
    about = {"from": back.external_id, "amount_minor": recalled, "currency": back.currency, "owed_minor": before + recalled}
    unit.audit("payee.write_off_recalled", Payee.NAME, payee.id, before={"owed_minor": before, "currency": back.currency}, after=about)
