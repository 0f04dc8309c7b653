"""`bursar invoice pdf-link`: where a provider shows the PDF of an invoice that it bills, asked for at this moment (INV-11)."""

from __future__ import annotations

import click

from cli.billing_rows import key_of, rows
from cli.roles import action
from cli.surroundings import settings
from cli.trouble import PROBLEMS, USAGE, TroubleError, nothing
from models.base import OWN_SOURCE
from models.invoice import Invoice
from providers.clean import json_object
from providers.errors import Final, Retryable, UnparsableBody
from providers.stripe import client
from providers.stripe.paths import path

_KNOWN = "SELECT account_ref FROM bursar.invoice WHERE source = %(source)s AND external_id = %(ref)s AND versions <> '{}'"


@click.command("pdf-link")
@click.argument("identity", metavar="INVOICE")
@action("viewer")
def pdf_link(identity: str) -> None:
    """Ask Stripe for the link to an invoice's PDF: `stripe:in_...`. Links end, so ask again each time; nothing is kept."""
    source, ref = key_of(Invoice, identity)
    if source == OWN_SOURCE:
        raise TroubleError(USAGE, f"{ref} is ours", effect="nothing was asked", then="`bursar document pdf NUMBER` writes its PDF")
    known = rows(_KNOWN, source=source, ref=ref)
    if not known or source != "stripe":
        raise nothing(f"Stripe has told of no invoice {ref}", "`bursar invoice ls --subscriber REF` lists them")
    try:
        found = json_object(client.get(path("invoice", ref), settings(), account=known[0]["account_ref"]))
    except (Retryable, Final, UnparsableBody) as error:
        raise TroubleError(PROBLEMS, str(error), effect="nothing was changed", then="try again") from None
    if not found.get("invoice_pdf"):
        raise nothing(f"{ref} has no PDF: it is {found.get('status')}", "Stripe makes one when it is finalised")
    click.echo(found["invoice_pdf"])
