"""Has the seller's central bank asked for the rates that papers need, unless they are there already (TAX-5).

The question leaves after the commit; what the bank tells comes back as an event, to `take_fx_answer`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from billing.operations.own_row import own_row
from billing.operations.parties import seller_of
from billing.operations.unit import UnitOfWork
from billing.operations.used_currencies import used_currencies
from billing.rules.tax.central_bank import Bank, bank_of
from models.fx_feed import FxFeed

ANSWER_WITHIN = timedelta(hours=6)
"""A question that is open for longer is asked again: its call has died, and people were told of that."""
_NEWEST = """SELECT base, max(valid_on) AS valid_on FROM bursar.fx_rate
             WHERE rate_source = %(bank)s AND quote = %(quote)s AND base = ANY (%(bases)s) AND valid_on <= %(upto)s
               AND versions <> '{}' GROUP BY base"""


def ask_fx_rates(unit: UnitOfWork, *, anyway: bool = False) -> str | None:
    """Ask if a rate is missing that the bank has told by now, `anyway` though the same was asked a while ago; which bank is asked."""
    seller = seller_of(unit)
    if seller is None or not seller.vat_registered or not seller.currency:
        return None
    bank, quote = bank_of(seller.currency), seller.currency
    told_on = bank.told_by(unit.now)
    newest = _newest(unit, bank, quote, bank.holds_from(told_on))
    missing = [base for base, valid_on in newest.items() if valid_on is None or valid_on < bank.holds_from(told_on)]
    if not missing:
        return None
    row, _ = own_row(unit, FxFeed, FxFeed.SOURCE, bank.name)
    if not anyway and _too_early(unit, row, missing):
        return None
    row.asks, row.asked_at, row.bases = (row.asks or 0) + 1, unit.now, missing
    row.next_at = unit.now + ANSWER_WITHIN
    # Without the rate of the day before, the newest alone leaves a gap: BNR's of today holds from tomorrow on only.
    before = bank.holds_from(bank.day_before(told_on))
    several = any(found is None or found < before for found in (newest[base] for base in missing))
    payload = {"bank": bank.name, "bases": missing, "quote": quote, "several": several}
    unit.send("fx.fetch", f"{bank.name}:{row.asks}", payload, queue="payments", lane=f"fx:{bank.name}")
    return bank.name


def _newest(unit: UnitOfWork, bank: Bank, quote: str, upto: date) -> dict[str, date | None]:
    """Each currency that is needed, with the day from which its newest rate holds; one that somebody dated ahead does not count."""
    newest: dict[str, date | None] = dict.fromkeys(base for base in used_currencies(unit) if base != quote)
    bound = {"bank": bank.name, "quote": quote, "bases": list(newest), "upto": upto}
    newest.update((row["base"], row["valid_on"]) for row in unit.committed(_NEWEST, bound))
    return newest


def _too_early(unit: UnitOfWork, row: FxFeed, missing: Sequence[str]) -> bool:
    """A question is open, or the same was asked a while ago and it is not time to ask again."""
    if row.asked_at is not None and unit.now - row.asked_at < ANSWER_WITHIN:
        return True
    return row.next_at is not None and row.next_at > unit.now and set(missing) <= set(row.bases or ())
