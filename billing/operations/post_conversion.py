"""Books that a fact in one currency came to a balance in another one: through `fx`, to the last unit on both sides."""

from __future__ import annotations

from billing.operations.book import book
from billing.operations.unit import UnitOfWork
from billing.rules import bookings
from billing.rules.journal import Leg
from models.application_fee import ApplicationFee
from models.charge import Charge
from models.refund import Refund


def post_conversion(unit: UnitOfWork, row: Charge | Refund | ApplicationFee, amount_minor: int) -> None:
    """Book the conversions that balance transactions told of this row (`settled_as`).

    Args:
        unit: the transaction.
        row: the fact, of which `amount_minor` is booked.
        amount_minor: what it moves, without sign; each transaction has the sign of its own move.
    """
    if not row.settled_as or row.currency is None:
        return
    # An application fee comes to our balance, whoever paid it.
    whose = None if isinstance(row, ApplicationFee) else row.account_ref
    legs: list[Leg] = []
    for name in sorted(row.settled_as):
        settled = row.settled_as[name]
        if settled["currency"] == row.currency:
            continue
        said = amount_minor if settled["amount_minor"] > 0 else -amount_minor
        legs += bookings.conversion(
            row.source, whose, (said, row.currency), (settled["amount_minor"], settled["currency"])
        )
    book(unit, row, "conversion", legs)
