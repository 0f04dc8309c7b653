"""Takes in the VAT number that a bill-to row names: brought to one form, its check digits looked at, VIES asked (TAX-1, TAX-4)."""

from __future__ import annotations

from datetime import datetime

from billing.operations.ask_vies import ask_vies
from billing.operations.unit import UnitOfWork
from billing.rules.tax.territory import is_member
from models.bill_to import BillTo
from models.vies_check import ViesCheck
from providers.vies.number import NoVatNumberError, vat_number


def say_vat_number(unit: UnitOfWork, row: BillTo) -> None:
    """Bring what is known of the number to a locked row that has just been said.

    A member state's number whose check digits are wrong is known not to be valid, and VIES is not asked. Of a number from
    elsewhere nothing is known, and nothing hangs on it.
    """
    if row.vat_id is None:
        _set(row, valid=None, checked_at=None, consultation=None)
        return
    try:
        number = vat_number(row.vat_id)
    except NoVatNumberError:
        wrong = is_member(row.vat_id.strip()[:2]) or None
        _set(row, valid=False if wrong else None, checked_at=unit.now if wrong else None, consultation=None)
        return
    row.vat_id = str(number)
    copy_proof(row, ask_vies(unit, number))


def copy_proof(row: BillTo, check: ViesCheck) -> bool:
    """What VIES said of the row's number; whether that is news. How long it holds, its reader decides (`proven`)."""
    return _set(row, valid=check.valid, checked_at=check.checked_at, consultation=check.consultation if check.valid else None)


def _set(row: BillTo, *, valid: bool | None, checked_at: datetime | None, consultation: str | None) -> bool:
    news = row.vat_id_valid is not valid
    row.vat_id_valid, row.vat_checked_at, row.vies_consultation = valid, checked_at, consultation
    return news
