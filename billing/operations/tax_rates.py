"""The rates of VAT that hold here: the package's table with what was defined laid over it (TAX-1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.commands.tax import DefineTaxRate, TaxRateDefined, day
from billing.rules.tax.rates import PACKAGE_RATES, RATE_KINDS, NoRateError, RateRow, Rates, parse_rate, rate_text
from models.base import OWN_SOURCE
from models.tax_rate import TaxRate

DEFINED = "SELECT area, kind, valid_from, rate, note FROM bursar.tax_rate WHERE source = 'bursar' AND versions <> '{}'"
"""What was defined here."""
_KEPT = "tax_rates"


def rates_of(unit: UnitOfWork) -> Rates:
    """All rates, read without a lock and once per unit."""
    if _KEPT not in unit.kept:
        unit.kept[_KEPT] = laid_over(unit.committed(DEFINED, {}))
    rates: Rates = unit.kept[_KEPT]
    return rates


def laid_over(rows: Iterable[Mapping[str, Any]]) -> Rates:
    """The package's table with these rows of `DEFINED` over it."""
    return PACKAGE_RATES.with_rows(
        RateRow(area=row["area"], kind=RATE_KINDS[row["kind"]], valid_from=row["valid_from"], rate=row["rate"], note=row["note"] or "")
        for row in rows
    )


def define_tax_rate(unit: UnitOfWork, command: DefineTaxRate) -> TaxRateDefined:
    """A rate from a day on; for a day that has one it is corrected, and the audit keeps what it was."""
    kind, valid_from = RATE_KINDS[command.kind], day(command.valid_from, "valid_from")
    try:
        before = rate_text(rates_of(unit).rate(command.area, kind, valid_from))
    except NoRateError:
        before = None
    row, new = own_row(unit, TaxRate, OWN_SOURCE, f"{command.area}:{command.kind}:{command.valid_from}")
    rate = None if command.percent is None else parse_rate(command.percent)
    if new or row.rate != rate:
        row.area, row.kind, row.valid_from, row.rate = command.area, command.kind, valid_from, rate
        row.note, row.actor = command.reason, unit.actor
        unit.kept.pop(_KEPT, None)
        unit.audit(
            "tax_rate.defined", TaxRate.NAME, row.id, before={"percent": before},
            after={"tax_rate": row.external_id, "percent": command.percent, "reason": command.reason},
        )  # fmt: skip
    return TaxRateDefined(tax_rate=row.external_id, percent=command.percent, before=before)
