"""Has VIES asked about a VAT number, unless its word still holds (TAX-1). The question leaves after the commit."""

from __future__ import annotations

from billing.operations.own_row import own_row
from billing.operations.parties import seller_of
from billing.operations.unit import UnitOfWork
from billing.rules.tax.proof import ANSWER_WITHIN
from models.vies_check import ViesCheck
from providers.vies.number import VatNumber

_BLOCKED = "SELECT 1 FROM bursar.outbox WHERE kind = 'vies.fetch' AND state = 'dead' AND error_class = 'ViesBlockedError' LIMIT 1"

_OPEN = "SELECT 1 FROM bursar.outbox WHERE kind = 'vies.fetch' AND key = %(key)s AND state IN ('received', 'processing', 'waiting')"
"""A call that waits for a setting waits for as long as it takes; a second one beside it would ask the same."""


def ask_vies(unit: UnitOfWork, number: VatNumber, *, anyway: bool = False) -> ViesCheck:
    """What is known of the number; asked for if it is due, or `anyway`. A question that is open is not asked twice.

    While VIES has shut us out (a dead call says so) nothing is asked; the number is due when that call is out of the way.
    """
    row, new = own_row(unit, ViesCheck, ViesCheck.SOURCE, str(number))
    open_since = row.asked_at
    if open_since is not None and unit.now - open_since < ANSWER_WITHIN:
        return row
    if not (new or anyway) and row.next_at is not None and row.next_at > unit.now:
        return row
    if unit.committed(_BLOCKED, {}):
        row.next_at = unit.now
        return row
    if open_since is not None and unit.committed(_OPEN, {"key": _key(number, row)}):
        row.next_at = unit.now + ANSWER_WITHIN
        return row
    row.asks, row.asked_at, row.next_at = (row.asks or 0) + 1, unit.now, unit.now + ANSWER_WITHIN
    seller = seller_of(unit)
    payload = {"number": str(number), "requester": seller.vat_id if seller else None}
    unit.send("vies.fetch", _key(number, row), payload, queue="payments", lane=f"vies:{number}")
    return row


def _key(number: VatNumber, row: ViesCheck) -> str:
    return f"{number}:{row.asks}"
