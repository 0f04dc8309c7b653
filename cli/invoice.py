"""`bursar invoice`: what is owed to us, and ending what nobody is to pay (INV-7)."""

from __future__ import annotations

import click

from billing.operations.cancel_invoice import void_invoices
from billing.rules.commands.invoices import VoidInvoices
from cli.billing_rows import JSON, LIMIT, carry_out, key_of, money, rows
from cli.explain.next_own import own_next
from cli.invoice_link import pdf_link
from cli.printing import facts, json_line, table
from cli.roles import action
from cli.trouble import USAGE, TroubleError, nothing
from core.ids import public_id
from models.base import OWN_SOURCE
from models.invoice import Invoice

_COLUMNS = """source, external_id AS invoice, status, invoice_type, subscriber_ref, subscription_ref, currency, total_minor,
              amount_paid_minor, due_at, expires_at, confirmation_since, void_because"""
_FROM = "FROM bursar.invoice"
_OPEN = f"SELECT {_COLUMNS} {_FROM} WHERE source = 'bursar' AND status = 'pending' ORDER BY due_at, id LIMIT %(limit)s"
_OF = f"SELECT {_COLUMNS} {_FROM} WHERE subscriber_ref = %(subscriber)s ORDER BY created_at DESC LIMIT %(limit)s"
_SHOW = "SELECT * FROM bursar.invoice WHERE source = %(source)s AND external_id = %(ref)s AND versions <> '{}'"
_PAPERS = """SELECT number, kind, total_minor, currency, issued_on FROM bursar.document WHERE source = %(source)s AND invoice_ref = %(ref)s
             ORDER BY issued_at, id"""
_HIDDEN = frozenset(
    {"taxes", "id", "versions", "metadata", "lines", "customer_id", "account_id", "subscription_id", "booked", "settled_as", "gone_at"}
)


@click.group()
def invoice() -> None:
    """Invoices: what is owed to us; show one; void; a provider's PDF."""


invoice.add_command(pdf_link)


@invoice.command("ls")
@click.option("--subscriber", metavar="REF", help="All of one subscriber, by the app's own id, newest first. Default: our open ones.")
@LIMIT
@JSON
@action("viewer")
def ls(subscriber: str | None, limit: int, as_json: bool) -> None:
    """List our own open invoices, the longest due first; or all of one subscriber, providers' too."""
    found = rows(_OF, subscriber=subscriber, limit=limit) if subscriber else rows(_OPEN, limit=limit)
    if not found:
        raise nothing(f"{subscriber} has no invoice" if subscriber else "no invoice of ours is open", "`bursar subscriber ls`")
    if as_json:
        for row in found:
            json_line(row)
        return
    table(("INVOICE", "SOURCE", "STATUS", "FOR", "SUBSCRIBER", "TOTAL", "PAID", "DUE", "ENDS", "BECAUSE"), ((
        row["invoice"], row["source"], row["status"], row["invoice_type"], row["subscriber_ref"],
        money(row["total_minor"], row["currency"]), money(row["amount_paid_minor"], row["currency"]), row["due_at"], row["expires_at"],
        row["void_because"] or "",
    ) for row in found))  # fmt: skip


@invoice.command("show")
@click.argument("identity", metavar="INVOICE")
@JSON
@action("viewer")
def show(identity: str, as_json: bool) -> None:
    """Show one with its lines: our reference of it, Bursar's id (in_...), or `stripe:ID`."""
    source, ref = key_of(Invoice, identity)
    found = rows(_SHOW, source=source, ref=ref)
    if not found:
        raise nothing(f"there is no invoice {identity}", "a provider's is called stripe:ID; `bursar invoice ls` lists ours")
    row = found[0]
    lines = [{"description": one.get("description"), "amount_minor": one.get("amount_minor")} for one in row["lines"] or ()]
    papers = rows(_PAPERS, source=source, ref=ref)
    ahead = list(own_next({**row, "kind": "invoice"}))
    shown = {"id": public_id(Invoice.PUBLIC_PREFIX, row["id"])} | {name: row[name] for name in row if name not in _HIDDEN}
    if as_json:
        json_line({**shown, "lines": lines, "papers": papers, "next": ahead})
        return
    for name in [name for name in shown if name.endswith("_minor")]:
        shown[name.removesuffix("_minor")] = money(shown.pop(name), row["currency"]) or None
    facts((name.replace("_", " "), value) for name, value in shown.items())
    for one in lines:
        click.echo(f"line  {money(one['amount_minor'], row['currency'])}  {one['description'] or ''}".rstrip())
    for one in papers:
        click.echo(f"{one['kind'].replace('_', ' ')}  {one['number']}  {money(one['total_minor'], one['currency'])}  {one['issued_on']}")
    for sentence in ahead:
        click.echo(f"next  {sentence}")
    click.echo(f"all of it: bursar explain {source}:{ref}")


@invoice.command("void")
@click.argument("references", nargs=-1, required=True, metavar="INVOICE...")
@click.option("--reason", required=True, help="Why; it stands in the audit with your name.")
@action("finance")
def void(references: tuple[str, ...], reason: str) -> None:
    """Void open invoices of ours: none if one of them is unknown. What is paid or ended stays; money that still comes is kept (INV-13)."""
    keys = [key_of(Invoice, one) for one in references]
    if foreign := [f"{source}:{ref}" for source, ref in keys if source != OWN_SOURCE]:
        raise TroubleError(USAGE, f"{foreign[0]} is not ours", effect="nothing was voided", then="void it where it was issued")
    try:
        command = VoidInvoices(invoice_refs=tuple(ref for _, ref in keys), reason=reason)
    except ValueError as error:
        raise TroubleError(USAGE, str(error), effect="nothing was voided", then="mend the options") from None
    voided, kept = carry_out(command, void_invoices, reason=reason, look="bursar invoice ls")
    click.echo(f"{voided} voided" + (f"; these were final and stay: {', '.join(kept)}" if kept else ""))
