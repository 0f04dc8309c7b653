"""Records what a central bank told (TAX-5): what it told of used currencies, once, and nothing that looks like a misprint.

A rate that a person or the app recorded is their word and stays, whatever the bank tells of that day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import structlog

from billing.operations.hold_fx_rate import hold_fx_rate
from billing.operations.own_row import own_row
from billing.operations.record_fx_rate import record_fx_rate
from billing.operations.unit import UnitOfWork
from billing.rules.commands.tax import RecordFxRate
from billing.rules.facts.fx import FxFact
from billing.rules.tax.central_bank import BANKS, MOST_MOVE, Bank, due_again, pair_rate
from billing.rules.tax.exchange import MOST_RATE_AGE, middle_rate, moved_more
from models.base import OWN_SOURCE
from models.fx_feed import FxFeed
from models.fx_rate import FxRate

_KNOWN = """SELECT valid_on, rate, actor FROM bursar.fx_rate
            WHERE rate_source = %(bank)s AND base = %(base)s AND quote = %(quote)s AND versions <> '{}' ORDER BY valid_on DESC LIMIT 30"""
_NOT_YET = "NOT_YET"
_HELD = "HELD_BACK"

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Pair:
    """What is known of a pair: by the day from which it holds, (rate, who recorded it)."""

    bank: Bank
    base: str
    quote: str
    known: dict[date, tuple[str, str | None]]


def take_fx_answer(unit: UnitOfWork, fact: FxFact) -> FxFeed:
    """Record, and settle when the bank is asked again. An older answer than the last one changes nothing."""
    bank = BANKS[fact.external_id]
    row, _ = own_row(unit, FxFeed, FxFeed.SOURCE, bank.name)
    if row.answered_at is not None and row.answered_at > fact.at:
        return row
    row.asked_at, row.answered_at = None, fact.at
    if fact.outcome == "unavailable":
        _nothing_new(row, fact, bank, fact.code)
        log.warning(
            "fx_rates_unavailable", bank=bank.name, code=fact.code, tries=row.tries, next_at=row.next_at,
            effect="the last rates go on to hold for seven days; after that papers wait", next_step="none: it is asked again by itself",
        )  # fmt: skip
        return row
    told_on = max(fact.days)
    held = [_take(unit, _pair(unit, bank, base, fact.quote), fact.days) for base in fact.bases]
    row.unlisted = sorted(base for base in fact.bases if pair_rate(bank, fact.days[told_on], base, fact.quote) is None)
    row.told_on = max(row.told_on or told_on, told_on)
    if any(held):
        _nothing_new(row, fact, bank, _HELD)
    elif told_on < bank.told_by(fact.at):
        _nothing_new(row, fact, bank, _NOT_YET)
    else:
        row.tries, row.error, row.next_at = 0, None, bank.tells_next(fact.at)
    if row.unlisted:
        log.error(
            "fx_rate_unlisted", bank=bank.name, currencies=row.unlisted, quote=fact.quote, effect="papers in them wait",
            next_step="record a rate by hand: `bursar tax record-fx`; docs/runbook/fx-rates.md",
        )  # fmt: skip
    return row


def _nothing_new(row: FxFeed, fact: FxFact, bank: Bank, code: str | None) -> None:
    row.tries, row.error = (row.tries or 0) + 1, code
    row.next_at = due_again(row.tries, fact.at, bank)


def _pair(unit: UnitOfWork, bank: Bank, base: str, quote: str) -> _Pair:
    rows = unit.committed(_KNOWN, {"bank": bank.name, "base": base, "quote": quote})
    return _Pair(bank, base, quote, {row["valid_on"]: (row["rate"], row["actor"]) for row in rows})


def _take(unit: UnitOfWork, pair: _Pair, days: Mapping[date, Mapping[str, str]]) -> bool:
    """Record a pair's rates of the last week, the oldest first; whether the newest was kept back. An odd one before it is left out."""
    told = {day: rate for day in sorted(days) if (rate := pair_rate(pair.bank, days[day], pair.base, pair.quote)) is not None}
    newest, held = max(days), False
    for told_on, rate in told.items():
        valid_on = pair.bank.holds_from(told_on)
        if told_on < newest - MOST_RATE_AGE or not _is_news(unit, pair, valid_on, rate):
            continue
        last_on, last_rate = _last(pair, valid_on, told)
        if not moved_more(last_rate, rate, MOST_MOVE):
            command = RecordFxRate(**_about(pair, valid_on), rate=rate)
            if not _recorded_meanwhile(unit, command):
                record_fx_rate(unit, command)
                pair.known[valid_on] = (rate, unit.actor)
        elif told_on == newest:
            hold_fx_rate(unit, _about(pair, valid_on), rate, last_rate=last_rate, last_on=last_on)
            held = True
    return held


def _is_news(unit: UnitOfWork, pair: _Pair, valid_on: date, rate: str) -> bool:
    """Whether it is not recorded yet, or was told otherwise before; what a person or the app recorded is never overwritten."""
    there = pair.known.get(valid_on)
    if there is None:
        return True
    if there[0] != rate and there[1] != unit.actor:
        log.warning("fx_rate_differs", **_about(pair, valid_on), told=rate, recorded=there[0], by=there[1], effect="none: the latter stays")
    return there[0] != rate and there[1] == unit.actor


def _recorded_meanwhile(unit: UnitOfWork, command: RecordFxRate) -> bool:
    """Whether somebody recorded it since we looked: the row is locked now."""
    (reference,) = command.references()
    row = unit.row(FxRate, OWN_SOURCE, reference[2])
    return not row.incomplete and row.actor != unit.actor


def _last(pair: _Pair, valid_on: date, told: Mapping[date, str]) -> tuple[date, str]:
    """What a rate is compared with: that of its day or of the day before; where nothing is known, what the bank tells of most days."""
    last_on = max((day for day in pair.known if day <= valid_on), default=None)
    return (valid_on, middle_rate(told.values())) if last_on is None else (last_on, pair.known[last_on][0])


def _about(pair: _Pair, valid_on: date) -> dict[str, Any]:
    return {"rate_source": pair.bank.name, "base": pair.base, "quote": pair.quote, "valid_on": valid_on.isoformat()}
