"""Stripe's event types about money that goes out which are stored and not processed, each with its reason.

An ignored row is not lost: once its type has a handler, it is opened again. `event_types.py` merges this table.
"""

from __future__ import annotations

from collections.abc import Mapping

IGNORED: Mapping[str, str] = {
    "application_fee.refund.updated": "only the metadata of a fee's refund can change; `application_fee.refunded` "
    "carries the amounts",
    "balance.available": "a balance has no id and no version; it is read from Stripe when it is needed",
    "capability.updated": "`account.updated` comes with it and lists all capabilities of the account",
    "person.*": "personal data of a connected account's people, which we neither need nor keep; what Stripe wants "
    "of them is in `account.updated`",
    "topup.*": "our own money put into our own balance; reconciliation reads it as a balance transaction",
}
"""Event type, or prefix ending in `*` -> reason."""
