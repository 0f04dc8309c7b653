"""Keeps back a rate of exchange that looks like a misprint, and lets go of it when a rate is there (TAX-5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import structlog

from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.fx_held import FxHeld

_OPEN = """SELECT external_id FROM bursar.fx_held WHERE source = 'bursar' AND ended_at IS NULL AND rate_source = %(rate_source)s
           AND base = %(base)s AND quote = %(quote)s AND valid_on <= %(valid_on)s ORDER BY external_id"""

log = structlog.get_logger(__name__)


def hold_fx_rate(unit: UnitOfWork, about: Mapping[str, str], rate: str, *, last_rate: str, last_on: date) -> FxHeld:
    """No paper is issued by it; operators are told, once for each rate.

    Args:
        unit: the transaction.
        about: `rate_source`, `base`, `quote` and `valid_on` of the rate.
        rate: what the bank told.
        last_rate: what it moved from by more than is believed.
        last_on: the day from which that one held.
    """
    reference = f"{about['rate_source']}:{about['base']}:{about['quote']}:{about['valid_on']}"
    row, new = own_row(unit, FxHeld, OWN_SOURCE, reference)
    if row.rate == rate and row.ended_at is None and not new:
        return row
    before = row.rate
    row.rate_source, row.base, row.quote = about["rate_source"], about["base"], about["quote"]
    row.valid_on, row.rate, row.last_rate, row.last_on = date.fromisoformat(about["valid_on"]), rate, last_rate, last_on
    row.held_at, row.told_at, row.ended_at = unit.now, None, None
    unit.audit(
        "fx_rate.held_back", FxHeld.NAME, row.id, before=None if new else {"rate": before},
        after={"fx_rate": reference, "rate": rate, "last_rate": last_rate},
    )  # fmt: skip
    log.error(
        "fx_rate_held_back", fx_rate=reference, rate=rate, last_rate=last_rate, last_on=last_on.isoformat(),
        effect="it moved by more than a fifth: no paper is issued by it; the last one goes on to hold for seven days",
        next_step="look at what the bank says, then record what is right: `bursar tax record-fx`; docs/runbook/fx-rates.md",
    )  # fmt: skip
    return row


def release_fx_rates(unit: UnitOfWork, rate_source: str, base: str, quote: str, valid_on: date) -> None:
    """A rate of that day is recorded: what was kept back of it and of earlier days waits for nobody any more."""
    bound = {"rate_source": rate_source, "base": base, "quote": quote, "valid_on": valid_on}
    for found in unit.committed(_OPEN, bound):
        row = unit.row(FxHeld, OWN_SOURCE, found["external_id"])
        if row.ended_at is None:
            row.ended_at, row.updated_at = unit.now, max(row.updated_at, unit.now)
