"""The tax of a paper in the currency of the seller's tax office, by the rate that holds on that day (TAX-5). Frozen with the paper."""

from __future__ import annotations

from datetime import date

from billing.operations.unit import UnitOfWork
from billing.rules.paper.document import ForeignTax
from billing.rules.tax.central_bank import bank_of
from billing.rules.tax.exchange import MOST_RATE_AGE, convert
from models.seller import Seller

_NEWEST = """SELECT rate, valid_on, rate_source FROM bursar.fx_rate
             WHERE base = %(base)s AND quote = %(quote)s AND rate_source = %(rate_source)s
               AND valid_on BETWEEN %(oldest)s AND %(on)s ORDER BY valid_on DESC LIMIT 1"""
_KEPT = "fx_rates"


class NoExchangeRateError(LookupError):
    """No rate holds on that day: the paper waits for one. Nothing was issued, and money goes on."""


def foreign_tax(unit: UnitOfWork, seller: Seller, currency: str, tax_minor: int, on: date) -> ForeignTax | None:
    """The tax as the office wants it; None where the paper is in the office's own currency, or no tax is the seller's to state.

    Raises:
        NoExchangeRateError: nobody has told a rate that holds on that day and is at most seven days old.
    """
    into = seller.currency or currency
    if into == currency or not seller.vat_registered:
        return None
    found = _rate(unit, currency, into, on)
    if found is None:
        raise NoExchangeRateError(
            f"no rate from {currency} to {into} of {bank_of(into).name} holds on {on}: `fetch_fx_rates` asks for one; or record it "
            "with `fx_rates.record`. The paper is issued then"
        )
    rate, valid_on, rate_source = found
    return ForeignTax(
        currency=into, tax_minor=convert(tax_minor, currency, into, rate), rate=rate, rate_on=valid_on, rate_source=rate_source
    )


def _rate(unit: UnitOfWork, base: str, quote: str, on: date) -> tuple[str, date, str] | None:
    kept: dict[tuple[str, str, date], tuple[str, date, str] | None] = unit.kept.setdefault(_KEPT, {})
    if (base, quote, on) not in kept:
        bound = {
            "base": base, "quote": quote, "rate_source": bank_of(quote).name, "on": on, "oldest": on - MOST_RATE_AGE,
        }  # fmt: skip
        rows = unit.committed(_NEWEST, bound)
        kept[base, quote, on] = (rows[0]["rate"], rows[0]["valid_on"], rows[0]["rate_source"]) if rows else None
    return kept[base, quote, on]
