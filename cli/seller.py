"""`bursar seller`: who issues the papers of what we bill (INV-10)."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from billing.operations.define_seller import define_seller
from billing.rules.commands.sellers import DefineSeller
from cli.billing_rows import JSON, carry_out, rows
from cli.printing import facts, json_line
from cli.roles import action
from cli.trouble import USAGE, TroubleError, nothing

_SHOW = "SELECT * FROM bursar.seller WHERE versions <> '{}'"
_SERIES = """SELECT prefix, year, next, last_on FROM bursar.series WHERE prefix IN (%(invoices)s, %(notes)s) ORDER BY prefix, year DESC"""
_HIDDEN = frozenset({"id", "source", "external_id", "versions"})


@click.group()
def seller() -> None:
    """The seller: show it, define it."""


@seller.command("show")
@JSON
@action("viewer")
def show(as_json: bool) -> None:
    """Show the seller, and where its series stand."""
    found = rows(_SHOW)
    if not found:
        raise nothing("no seller is defined, so no legal papers are issued", "bursar seller define FILE")
    row = {name: value for name, value in found[0].items() if name not in _HIDDEN}
    series = rows(_SERIES, invoices=row["invoice_series"], notes=row["credit_note_series"])
    if as_json:
        json_line(row | {"series": series})
        return
    facts((name.replace("_", " "), value) for name, value in row.items())
    for one in series:
        click.echo(f"series  {one['prefix']}-{one['year']}: {one['next'] - 1} papers, the last of {one['last_on']}")


@seller.command("define")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--reason", required=True, help="Why; it stands in the audit with your name.")
@action("finance")
def define(file: Path, reason: str) -> None:
    """Set the seller anew as FILE says: a JSON object of the fields of `billing.sellers.define.v1` (docs/commands.md)."""
    try:
        said = msgspec.json.decode(file.read_bytes(), type=dict[str, object])
        if unknown := sorted(said.keys() - set(DefineSeller.__dataclass_fields__)):
            raise ValueError(f"{unknown[0]} is no field of a seller")
        command = msgspec.convert(said | {"reason": reason}, DefineSeller)
    except (msgspec.MsgspecError, ValueError) as error:
        raise TroubleError(USAGE, f"{file}: {error}", effect="nothing was changed", then="mend the file") from None
    row = carry_out(command, define_seller, reason=reason, look="bursar seller show")
    click.echo(f"{row.name} issues {row.invoice_series} invoices and {row.credit_note_series} credit notes; prices are {row.prices}")
