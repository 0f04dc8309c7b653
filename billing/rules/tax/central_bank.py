"""Whose rates of exchange a tax office takes, when they are told, from which day they hold, and what a pair comes to (TAX-5).

BNR tells on banking days, shortly after 13:00 in Bucharest, how many lei a unit of each currency is; a rate holds from the next day on.
The ECB tells around 16:00 in Frankfurt how many units of each currency a euro is; it is "the latest rate published" (VAT directive,
article 91) from that day on. On their holidays they tell nothing, and what they told last goes on to hold: no calendar is kept here,
the bank itself is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from billing.rules.tax.exchange import quotient, rate_of

BankName = Literal["BNR", "ECB"]
_DAY = timedelta(days=1)
_SATURDAY = 5
_AGAIN = (timedelta(minutes=50), timedelta(minutes=50), timedelta(hours=2), timedelta(hours=4), timedelta(hours=6))
"""The run comes by each hour: a little less than whole hours, so that no slot is missed by a second."""
MOST_MOVE = (1, 5)
"""A fifth: a currency that moves by more within a day is in the news, and a misprint is the likelier cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """A central bank that tells rates. `tells_at`: the local time by which a working day's are there, with a few minutes to spare."""

    name: BankName
    currency: str
    zone: str
    tells_at: time
    holds_after: timedelta

    def holds_from(self, told_on: date) -> date:
        """The first day for which holds what was told on a day."""
        return told_on + self.holds_after

    def told_by(self, at: datetime) -> date:
        """The newest day whose rates are to be had at an instant, if it was no holiday."""
        local = at.astimezone(ZoneInfo(self.zone))
        return _working_day(local.date() if local.time() >= self.tells_at else local.date() - _DAY)

    def day_before(self, day: date) -> date:
        """The working day before."""
        return _working_day(day - _DAY)

    def today(self, at: datetime) -> date:
        """The day that it is for the bank."""
        return at.astimezone(ZoneInfo(self.zone)).date()

    def tells_next(self, at: datetime) -> datetime:
        """The next instant at which rates are to be had that were not before, if that day is no holiday."""
        day = self.today(at)
        while True:
            told_at = datetime.combine(day, self.tells_at, ZoneInfo(self.zone))
            if day.weekday() < _SATURDAY and told_at > at:
                return told_at
            day += _DAY


BNR = Bank(name="BNR", currency="RON", zone="Europe/Bucharest", tells_at=time(13, 5), holds_after=_DAY)
ECB = Bank(name="ECB", currency="EUR", zone="Europe/Berlin", tells_at=time(16, 5), holds_after=timedelta(0))
BANKS: Mapping[str, Bank] = {bank.name: bank for bank in (BNR, ECB)}


def bank_of(currency: str) -> Bank:
    """Whose rates the tax office of a currency takes: elsewhere in the EU the central bank's are as good as the country's own."""
    return BNR if currency == BNR.currency else ECB


def pair_rate(bank: Bank, told: Mapping[str, str], base: str, quote: str) -> str | None:
    """How many units of `quote` one of `base` is; None: the bank tells no such rate.

    `told` is as the bank says it: lei for ONE unit (BNR), units for one euro (ECB). What BNR tells is taken as it is, and so is what
    the ECB tells of a euro; any other pair of the ECB's is the quotient of what it tells of both, with nine decimals, half up.
    """
    try:
        if bank is BNR:
            return rate_of(told[base]) if quote == BNR.currency else None
        if base == ECB.currency:
            return rate_of(told[quote])
        return quotient("1" if quote == ECB.currency else told[quote], told[base])
    except (KeyError, ValueError):
        return None


def due_again(tries: int, at: datetime, bank: Bank) -> datetime:
    """When a bank is asked again that could not be reached, or had not told yet, so many times in a row (1 and more)."""
    return min(at + _AGAIN[min(tries, len(_AGAIN)) - 1], max(bank.tells_next(at), at + _AGAIN[0]))


def _working_day(day: date) -> date:
    """The day, or the Friday before a weekend."""
    while day.weekday() >= _SATURDAY:
        day -= _DAY
    return day
