"""One object as a provider lists it, in the few words that reconciliation compares; the columns of `recon_staged`, in order."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class ReconRow(NamedTuple):
    """A listed object. Amounts in minor units of `currency`."""

    object: str
    """payment, charge, refund, dispute, transfer, payout, application_fee, balance_transaction, payout_line, link (this
    object belongs to `parent_ref` in the account's books); of PayPal's report payout_return and movement (a line that changed the
    balance), under the ids of their transactions."""
    external_id: str
    account_ref: str | None
    """The connected account in whose name it was listed; None: the platform."""
    amount_minor: int | None
    fee_minor: int | None = None
    """The application fee of a payment or charge; of a balance transaction or movement what the provider kept."""
    back_minor: int | None = None
    """What went back of it so far."""
    currency: str | None = None
    status: str | None = None
    """In our words."""
    said: str | None = None
    """The status in the provider's words; of a balance transaction its reporting category."""
    kind: str | None = None
    """Of a balance transaction its type; of other objects what the checks need to know (`automatic`)."""
    parent_ref: str | None = None
    """The payment of a charge, the charge of a refund, the destination of a transfer, the source of a balance transaction."""
    txn_ref: str | None = None
    """The balance transaction of an object; of a payout's line the payout."""
    customer_ref: str | None = None
    request: str | None = None
    """Why it exists, where it says so: our request's tag, an invoice, a source payment."""
    created_at: datetime | None = None


COLUMNS = ReconRow._fields
