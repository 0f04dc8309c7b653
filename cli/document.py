"""`bursar document`: legal papers by number, those that wait, and credit notes by hand (INV-8, INV-9)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import click

from billing.operations.credit_by_hand import credit_by_hand
from billing.rules.commands.documents import CreditDocument
from billing.rules.money import AmountError, exponent, parse_minor
from billing.rules.tax.rates import rate_text
from cli.billing_rows import JSON, LIMIT, carry_out, money, rows
from cli.document_files import pdf, receipt_of, ubl
from cli.printing import facts, json_line, table
from cli.roles import action
from cli.trouble import USAGE, TroubleError, nothing
from core.ids import public_id
from models.document import IssuedDocument

_COLUMNS = """d.id, d.number, d.kind, d.issued_on, d.subscriber_ref, d.invoice_ref, d.content ->> 'corrects' AS corrects, d.currency,
              d.net_minor, d.tax_minor, d.total_minor, d.reason"""
_FROM = "FROM bursar.document d"
_LS = f"""SELECT {_COLUMNS} {_FROM}
          WHERE (%(subscriber)s::text IS NULL OR d.subscriber_ref = %(subscriber)s)
            AND (%(invoice)s::text IS NULL OR d.invoice_ref = %(invoice)s) AND (%(series)s::text IS NULL OR d.series = %(series)s)
            AND (%(year)s::int IS NULL OR d.year = %(year)s)
          ORDER BY d.issued_at DESC, d.id DESC LIMIT %(limit)s"""
_SHOW = f"""SELECT {_COLUMNS}, d.issued_at, d.tax_point_on, d.actor, d.template, d.content, b.keep_until, b.erased_at,
                   (b.content ->> 'business')::boolean AS business, b.content -> 'address' ->> 'country' AS country
            {_FROM} JOIN bursar.document_buyer b ON b.document_id = d.id
            WHERE d.number = %(name)s OR (d.source = 'bursar' AND d.external_id = %(name)s) OR d.id = %(id)s::uuid"""
_NOTES = """SELECT number, total_minor, currency, issued_on, reason FROM bursar.document
            WHERE kind = 'credit_note' AND invoice_ref = %(invoice)s ORDER BY issued_at, id"""
_INVOICE = "SELECT invoice_ref, currency, kind FROM bursar.document WHERE number = %(number)s"
_WAITING = """SELECT invoice_ref, subscriber_ref, cause, said, since FROM bursar.document_wait WHERE ended_at IS NULL
              ORDER BY since, id LIMIT %(limit)s"""


@click.group()
def document() -> None:
    """Legal papers: invoices and credit notes by number; credit one; as PDF and UBL."""


for _file in (pdf, ubl, receipt_of):
    document.add_command(_file)


@document.command("ls")
@click.option("--subscriber", metavar="REF", help="One subscriber's, by the app's own id.")
@click.option("--invoice", metavar="REF", help="Of one invoice, by its reference.")
@click.option("--series", metavar="PREFIX", help="Of one series.")
@click.option("--year", type=int, help="Of one year.")
@LIMIT
@JSON
@action("viewer")
def ls(subscriber: str | None, invoice: str | None, series: str | None, year: int | None, limit: int, as_json: bool) -> None:
    """List papers, the newest first."""
    found = rows(_LS, subscriber=subscriber, invoice=invoice, series=series, year=year, limit=limit)
    if not found:
        raise nothing("no such paper is issued", "papers are issued from the time on when a seller is defined; `bursar document waiting`")
    if as_json:
        for row in found:
            json_line(_public(row))
        return
    table(("NUMBER", "KIND", "OF", "SUBSCRIBER", "INVOICE", "NET", "TAX", "TOTAL", "CORRECTS"), ((
        row["number"], row["kind"].replace("_", " "), row["issued_on"], row["subscriber_ref"], row["invoice_ref"],
        money(row["net_minor"], row["currency"]), money(row["tax_minor"], row["currency"]), money(row["total_minor"], row["currency"]),
        row["corrects"] or "",
    ) for row in found))  # fmt: skip


@document.command("show")
@click.argument("number")
@JSON
@action("viewer")
def show(number: str, as_json: bool) -> None:
    """Show one: NUMBER, Bursar's id (doc_...) or its reference. Its buyer is on the paper itself: `bursar document pdf`."""
    public = re.fullmatch(rf"{IssuedDocument.PUBLIC_PREFIX}_([0-9a-f]{{32}})", number)
    found = rows(_SHOW, name=number, id=public and public[1])
    if not found:
        raise nothing(f"no paper is called {number!r}", "`bursar document ls` lists them")
    row = found[0]
    content = row.pop("content")
    notes = rows(_NOTES, invoice=row["invoice_ref"]) if row["kind"] == "invoice" else []
    if as_json:
        json_line(_public(row) | {name: content[name] for name in ("lines", "allowances", "taxes", "foreign_tax", "language")})
        return
    _show(row, content, notes)


def _show(row: Mapping[str, Any], content: Mapping[str, Any], notes: Sequence[Mapping[str, Any]]) -> None:
    currency = row["currency"]
    buyer = "erased" if row["erased_at"] else f"{'a business' if row['business'] else 'a consumer'} in {row['country'] or '?'}"
    facts([
        ("number", row["number"]), ("kind", row["kind"].replace("_", " ")), ("id", public_id(IssuedDocument.PUBLIC_PREFIX, row["id"])),
        ("issued on", row["issued_on"]), ("at", row["issued_at"]), ("tax point", row["tax_point_on"]), ("invoice", row["invoice_ref"]),
        ("subscriber", row["subscriber_ref"]), ("buyer", buyer), ("kept until", row["keep_until"]), ("corrects", row["corrects"]),
        ("reason", row["reason"]), ("net", money(row["net_minor"], currency)), ("tax", money(row["tax_minor"], currency)),
        ("total", money(row["total_minor"], currency)), ("payable", money(content["payable_minor"], currency)), ("by", row["actor"]),
    ])  # fmt: skip
    for one in content["lines"]:
        click.echo(f"line  {money(one['net_minor'], currency)}  {one['description']}")
    for part in content["taxes"]:
        kind = f"{part['tax']['category']} {rate_text(part['tax']['rate'])} %"
        click.echo(f"tax   {money(part['tax_minor'], currency)} on {money(part['taxable_minor'], currency)}  {kind}")
    if foreign := content["foreign_tax"]:
        shown = money(foreign["tax_minor"], foreign["currency"])
        click.echo(f"tax   {shown}, at {foreign['rate']} of {foreign['rate_source']} of {foreign['rate_on']}")
    for note in notes:
        click.echo(f"credited  {note['number']}  {money(note['total_minor'], note['currency'])}  {note['issued_on']}  {note['reason']}")
    click.echo(f"all of it: bursar explain {row['number']}")


@document.command("waiting")
@LIMIT
@JSON
@action("viewer")
def waiting(limit: int, as_json: bool) -> None:
    """List invoices whose papers are kept back, and what they wait for."""
    found = rows(_WAITING, limit=limit)
    if not found:
        raise nothing("no paper is kept back", "`bursar document ls` lists what is issued")
    if as_json:
        for row in found:
            json_line(row)
        return
    table(("INVOICE", "SUBSCRIBER", "WAITS FOR", "SINCE", "SAID"), ((
        row["invoice_ref"], row["subscriber_ref"], row["cause"].removeprefix("no_").replace("_", " "), row["since"], row["said"],
    ) for row in found))  # fmt: skip


@document.command("credit")
@click.argument("number")
@click.option("--amount", metavar="DECIMAL", help="With tax, in the invoice's currency; without it, all that is left.")
@click.option("--reference", required=True, help="A name for this credit note; the same again is the same one.")
@click.option("--reason", required=True, help="Why; it is printed on the credit note, and stands in the audit with your name.")
@action("finance")
def credit(number: str, amount: str | None, reference: str, reason: str) -> None:
    """Take back the invoice NUMBER, or a part of it, by a credit note. No money moves: refund it by itself."""
    found = rows(_INVOICE, number=number)
    if not found or found[0]["kind"] != "invoice":
        raise nothing(f"no invoice has the number {number!r}", "`bursar document ls` lists them")
    currency = found[0]["currency"]
    try:
        minor = None if amount is None else parse_minor(amount, exponent(currency))
        command = CreditDocument(invoice_ref=found[0]["invoice_ref"], reference=reference, reason=reason, amount_minor=minor)
    except (AmountError, ValueError) as error:
        raise TroubleError(USAGE, str(error), effect="nothing was credited", then="mend the options") from None
    told = carry_out(command, credit_by_hand, reason=reason, look=f"bursar document show {number}")
    click.echo(f"{money(told.amount_minor, currency)} of {number} credited; {money(told.left_minor, currency)} of it is left")
    click.echo(f"its number: bursar document ls --invoice {told.invoice_ref}")


def _public(row: Mapping[str, Any]) -> dict[str, Any]:
    return dict(row) | {"id": public_id(IssuedDocument.PUBLIC_PREFIX, row["id"])}
