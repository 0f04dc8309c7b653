"""`bursar sandbox anaf`: a person's hand on the stand-in of ANAF that runs with `bursar up`."""

from __future__ import annotations

import json

import click

from cli.roles import action
from cli.sandbox_orders import asking, fields_of, standing_in
from providers.sandbox.anaf.client import AnafControl


@click.command("anaf")
@click.argument("order", metavar="ORDER")
@click.argument("told", metavar="[JSON]", default="{}")
@action("operator")
def anaf(order: str, told: str) -> None:
    """Give ANAF's stand-in an ORDER (docs/e-factura.md): `login` gives a code for `bursar efactura token take`."""
    said, base = fields_of(told), standing_in("anaf_api_base", "ANAF's client id")
    with asking(base, "docs/e-factura.md"):
        found = AnafControl(base).tell(order, **said)
    click.echo(found if isinstance(found, str) else json.dumps(found, indent=2))
