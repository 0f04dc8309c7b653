"""`bursar tax`: rates of VAT and of exchange, how a sale is taxed and why, and what VIES says of numbers (TAX-1, TAX-5)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, TypeVar

import click

from billing.operations.ask_fx_rates import ask_fx_rates
from billing.operations.check_vat_number import check_vat_number
from billing.operations.record_fx_rate import record_fx_rate
from billing.operations.tax_rates import DEFINED, define_tax_rate, laid_over
from billing.rules.commands.base import Command
from billing.rules.commands.tax import CheckVatNumber, DefineTaxRate, RecordFxRate
from billing.rules.tax.proof import proven
from billing.rules.tax.rates import RATE_KINDS, NoRateError, Rates, rate_text
from billing.rules.tax.sold_as import SoldAs
from billing.rules.tax.territory import territory
from billing.rules.tax.treatment import Buyer, Seller, treat
from cli.billing_rows import LIMIT, carry_out, rows, said
from cli.change import change
from cli.printing import facts, instant, json_line, table
from cli.roles import action
from cli.surroundings import settings
from cli.trouble import USAGE, TroubleError, nothing
from core.clock import SystemClock
from providers.fx.client import asks
from providers.vies.number import NoVatNumberError, vat_number

C = TypeVar("C", bound=Command)
R = TypeVar("R")
_UNTOUCHED = "nothing was changed"

_SELLER = "SELECT country, vat_registered, oss, postal_code FROM bursar.seller WHERE versions <> '{}'"
_CHECKS = """
    SELECT v.external_id AS number, v.valid, v.checked_at, v.request_date, v.consultation, v.requester, v.asks, v.asked_at, v.failures,
           v.error, v.next_at, (SELECT count(*) FROM bursar.bill_to b WHERE b.vat_id = v.external_id) AS subscribers
    FROM bursar.vies_check v WHERE v.versions <> '{}' AND (%(number)s::text IS NULL OR v.external_id = %(number)s)
    ORDER BY v.valid NULLS FIRST, v.failures DESC NULLS LAST, v.external_id LIMIT %(limit)s"""
_EXCHANGE = """
    SELECT rate_source AS source, base, quote, valid_on, rate, actor, false AS held FROM bursar.fx_rate WHERE versions <> '{}'
    UNION ALL SELECT rate_source, base, quote, valid_on, rate, NULL, true FROM bursar.fx_held WHERE ended_at IS NULL
    ORDER BY valid_on DESC, source, base, quote LIMIT %(limit)s"""
_KINDS = [kind for kind in RATE_KINDS if kind != "zero"]
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object a line; rates as text.")
_DAY = click.DateTime(["%Y-%m-%d"])
_ON = click.option("--on", type=_DAY, metavar="DATE", help="The tax point; today.")


@click.group()
def tax() -> None:
    """VAT: rates, how a sale is taxed, VAT numbers, rates of exchange."""


@tax.command("rate")
@click.argument("area", required=False)
@_ON
@_JSON
@action("viewer")
def rate(area: str | None, on: datetime | None, as_json: bool) -> None:
    """List the rates in force in AREA (RO, PT-20), or everywhere."""
    rates, day = _rates(), _day(on)
    found = [row for one in ([area.upper()] if area else rates.areas()) for row in rates.in_force(one, day)]
    if not found:
        raise nothing(f"no VAT rates are known for {area} on {day}", "define one: `bursar tax define-rate`")
    if as_json:
        for row in found:
            json_line({"area": row.area, "kind": row.kind, "percent": _percent(row.rate), "valid_from": row.valid_from, "note": row.note})
        return
    table(("AREA", "KIND", "PERCENT", "SINCE", "NOTE"), ((
        row.area, row.kind, _percent(row.rate), row.valid_from, row.note) for row in found))  # fmt: skip


@tax.command("define-rate")
@click.argument("area")
@click.argument("kind", type=click.Choice(_KINDS))
@click.argument("percent")
@click.option("--from", "valid_from", required=True, metavar="DATE", help="The first tax point for which it counts.")
@click.option("--reason", required=True, help="Why, such as the law; it stands in the audit with your name.")
@action("finance")
def define_rate(area: str, kind: str, percent: str, valid_from: str, reason: str) -> None:
    """Define a rate: PERCENT of KIND in AREA from a day on; `none` ends it. What was issued stays as it is."""
    command = said(
        DefineTaxRate, area=area.upper(), kind=kind, valid_from=valid_from, percent=None if percent == "none" else percent, reason=reason
    )
    told = carry_out(command, define_tax_rate, reason=command.reason, look="`bursar tax rate` lists the rates in force")
    click.echo(f"{told.tax_rate}: {told.percent or 'none'} (until now {told.before or 'unknown'})")


@tax.command("treat")
@click.argument("buyer")
@click.option("--business", is_flag=True, help="The buyer is a business; without it, a consumer.")
@click.option("--vat-id", metavar="NUMBER", help="The business's number; whether it is proven, VIES's last word says.")
@click.option("--postal-code", metavar="CODE", help="The buyer's; it tells regions with VAT of their own.")
@click.option("--goods", is_flag=True, help="Goods; without it, services.")
@click.option("--kind", type=click.Choice(list(RATE_KINDS)), default="standard", show_default=True, help="Which rate.")
@click.option("--seller", "seller_country", metavar="COUNTRY", help="Another seller, registered for VAT there.")
@_ON
@_JSON
@action("viewer")
def treatment(buyer: str, seller_country: str | None, as_json: bool, **given: Any) -> None:
    """Show how a sale to BUYER (a country, as RO) is taxed. Nothing is issued."""
    day = _day(given["on"])
    seller = Seller(country=seller_country, vat_registered=True) if seller_country else _seller()
    valid = _proven(given["vat_id"])
    try:
        to = Buyer(
            country=buyer, business=given["business"], vat_id_valid=valid, postal_code=given["postal_code"], vat_id=given["vat_id"]
        )
        found = treat(seller, to, SoldAs("goods" if given["goods"] else "service", RATE_KINDS[given["kind"]]), day, rates=_rates())
        place = territory(buyer, given["postal_code"])
    except (NoRateError, ValueError) as error:
        raise TroubleError(USAGE, str(error), effect=_UNTOUCHED, then="`bursar tax rate` lists what is known") from None
    shown = {
        "category": found.category, "percent": rate_text(found.rate), "exemption_code": found.exemption_code,
        "exemption_reason": found.exemption_reason, "place": "outside VAT" if place.outside else place.area,
        "number_proven": valid, "on": day,
    }  # fmt: skip
    if as_json:
        json_line(shown)
    else:
        facts((name.replace("_", " "), "-" if value is None else value) for name, value in shown.items())


@tax.command("vies")
@click.argument("number", required=False)
@LIMIT
@_JSON
@action("viewer")
def vies(number: str | None, limit: int, as_json: bool) -> None:
    """Show what VIES last said of NUMBER, or of all: unanswered ones first."""
    wanted = _number(number) if number else None
    found = rows(_CHECKS, number=wanted, limit=limit)
    if not found:
        raise nothing(f"VIES was never asked about {wanted or 'any number'}", "ask: `bursar tax ask NUMBER`")
    if as_json:
        for row in found:
            json_line(row)
    elif wanted:
        facts((name, "-" if value is None else value) for name, value in found[0].items())
    else:
        table(("NUMBER", "VALID", "CHECKED", "CONSULTATION", "FAILURES", "NEXT", "ERROR"), ((
            row["number"], _word(row["valid"]), _at(row["checked_at"]), row["consultation"] or "-", row["failures"] or 0,
            _at(row["next_at"]), row["error"] or "-") for row in found))  # fmt: skip


@tax.command("ask")
@click.argument("number")
@action("finance")
def ask(number: str) -> None:
    """Have VIES asked about NUMBER now, whatever is known of it. The answer is told to all who have it."""
    told = carry_out(said(CheckVatNumber, vat_id=number), check_vat_number, reason="asked at the command line", look="mend the number")
    click.echo(f"{told.vat_id}: {_word(told.valid)} so far; " + ("asked" if told.asked else "not asked, because VIES has shut us out"))


@tax.command("fx")
@LIMIT
@_JSON
@action("viewer")
def exchange(limit: int, as_json: bool) -> None:
    """List the rates of exchange, the newest first; those too that were kept back, by which no paper is issued."""
    found = rows(_EXCHANGE, limit=limit)
    if not found:
        raise nothing("no rate of exchange is recorded", "record one: `bursar tax record-fx`")
    if as_json:
        for row in found:
            json_line(row)
        return
    table(("VALID ON", "SOURCE", "PAIR", "RATE", "BY"), ((
        row["valid_on"], row["source"], f"{row['base']}/{row['quote']}", row["rate"],
        "nobody: kept back" if row["held"] else row["actor"]) for row in found))  # fmt: skip


@tax.command("ask-fx")
@action("finance")
def ask_fx() -> None:
    """Have the central bank asked now for rates that are missing, however lately it was asked. Nothing is asked that is there."""
    if not asks(settings()):
        raise nothing("in mode test no bank is asked", "record rates: `bursar tax record-fx`; BURSAR_FX_API_BASE names a stand-in")
    bank = change(lambda unit: ask_fx_rates(unit, anyway=True), reason="asked at the command line", look="`bursar tax fx` lists the rates")
    click.echo(f"{bank} is asked" if bank else "no rate is missing that the bank has told by now: nobody was asked")


@tax.command("record-fx")
@click.argument("source", type=click.Choice(["BNR", "ECB"]))
@click.argument("base")
@click.argument("quote")
@click.argument("value", metavar="RATE")
@click.option("--valid-on", required=True, metavar="DATE", help="The first day for which it holds: BNR's holds from the next day on.")
@action("finance")
def record_fx(source: str, base: str, quote: str, value: str, valid_on: str) -> None:
    """Record that one BASE is RATE of QUOTE (EUR RON 5.0898). Papers that wait for it are issued by it."""
    command = said(RecordFxRate, rate_source=source, base=base.upper(), quote=quote.upper(), valid_on=valid_on, rate=value)
    told = carry_out(command, record_fx_rate, reason="recorded at the command line", look="`bursar tax fx` lists the rates")
    click.echo(f"{told.fx_rate}: {told.rate}")


def _rates() -> Rates:
    return laid_over(rows(DEFINED))


def _seller() -> Seller:
    found = rows(_SELLER)
    if not found:
        raise nothing("no seller is defined", "name one: --seller RO; or define it, `billing.sellers.define.v1`")
    row = found[0]
    return Seller(
        country=row["country"], vat_registered=bool(row["vat_registered"]), oss=row["oss"] is not False, postal_code=row["postal_code"]
    )


def _proven(vat_id: str | None) -> bool | None:
    if vat_id is None:
        return None
    try:
        found = rows(_CHECKS, number=str(vat_number(vat_id)), limit=1)
    except NoVatNumberError:
        return False
    return proven(found[0]["valid"], found[0]["checked_at"], SystemClock().now()) if found else None


def _number(text: str) -> str:
    try:
        return str(vat_number(text))
    except NoVatNumberError as error:
        raise TroubleError(USAGE, str(error), effect=_UNTOUCHED, then="mend the number") from None


def _day(on: datetime | None) -> date:
    return (on or SystemClock().now()).date()


def _percent(rate: int | None) -> str:
    return "none" if rate is None else rate_text(rate)


def _word(valid: bool | None) -> str:
    return {True: "valid", False: "invalid", None: "unknown"}[valid]


def _at(at: datetime | None) -> str:
    return instant(at) if at else "-"
