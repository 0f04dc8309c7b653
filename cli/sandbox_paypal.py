"""`bursar sandbox paypal`: a person's hand on the stand-in of PayPal that runs with `bursar up`."""

from __future__ import annotations

import json

import click

from cli.roles import action
from cli.sandbox_orders import asking, fields_of, standing_in
from providers.sandbox.paypal.client import PayPalControl


@click.command("paypal")
@click.argument("order", metavar="ORDER")
@click.argument("told", metavar="[JSON]", default="{}")
@action("operator")
def paypal(order: str, told: str) -> None:
    """Give PayPal's stand-in an ORDER (docs/paypal.md), such as approve '{"order": "..."}'; prints what came of it."""
    said, base = fields_of(told), standing_in("paypal_api_base", "PayPal's credentials")
    with asking(base, "docs/paypal.md"):
        found = PayPalControl(base).tell(order, **said)
    click.echo(json.dumps(found, indent=2))
