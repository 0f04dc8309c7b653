"""Records a rate of exchange that a central bank has told (TAX-5)."""

from __future__ import annotations

from billing.operations.hold_fx_rate import release_fx_rates
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.commands.tax import FxRateRecorded, RecordFxRate, day
from models.base import OWN_SOURCE
from models.fx_rate import FxRate


def record_fx_rate(unit: UnitOfWork, command: RecordFxRate) -> FxRateRecorded:
    """The rate of a day; for a day that has one it is corrected, and the audit keeps what it was.

    What was kept back of that day or an earlier one as a likely misprint waits for nobody any more.
    """
    row, new = own_row(unit, FxRate, OWN_SOURCE, f"{command.rate_source}:{command.base}:{command.quote}:{command.valid_on}")
    before = row.rate
    if new or before != command.rate:
        row.rate_source, row.base, row.quote = command.rate_source, command.base, command.quote
        row.valid_on, row.rate, row.actor = day(command.valid_on, "valid_on"), command.rate, unit.actor
        unit.audit(
            "fx_rate.recorded", FxRate.NAME, row.id, before=None if new else {"rate": before},
            after={"fx_rate": row.external_id, "rate": command.rate},
        )  # fmt: skip
    release_fx_rates(unit, command.rate_source, command.base, command.quote, day(command.valid_on, "valid_on"))
    return FxRateRecorded(fx_rate=row.external_id, rate=command.rate)
