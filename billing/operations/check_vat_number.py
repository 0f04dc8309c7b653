"""Asks VIES about a number because somebody wants to know now (TAX-1)."""

from __future__ import annotations

from billing.operations.ask_vies import ask_vies
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.tax import CheckVatNumber, VatNumberAsked
from providers.vies.number import NoVatNumberError, vat_number


def check_vat_number(unit: UnitOfWork, command: CheckVatNumber) -> VatNumberAsked:
    """What is known now; the answer follows.

    Raises:
        Rejected: `no_vat_number`.
    """
    try:
        number = vat_number(command.vat_id)
    except NoVatNumberError as error:
        raise Rejected("no_vat_number", str(error), {"field": "vat_id"}) from None
    row = ask_vies(unit, number, anyway=True)
    return VatNumberAsked(
        vat_id=str(number), valid=row.valid, checked_at=row.checked_at.isoformat() if row.checked_at else None,
        asked=row.asked_at is not None,
    )  # fmt: skip
