"""`bursar sandbox fx`: how the stand-ins of BNR and the ECB that run with `bursar up` tell their rates of exchange."""

from __future__ import annotations

import click
import requests

from billing.rules.tax.central_bank import BANKS
from cli.roles import action
from cli.sandbox_orders import asking, standing_in
from providers.sandbox.fx.standin import CONTROL, SAYS

_TIMEOUT_S = 5.0


@click.command("fx")
@click.argument("bank", type=click.Choice(list(BANKS)))
@click.argument("says", type=click.Choice(SAYS))
@action("operator")
def fx(bank: str, says: str) -> None:
    """Let the stand-in of BANK be SAYS from now on: `down`, `garbage`, `misprint`, ...; `well` ends it."""
    base = standing_in("fx_api_base", "an address of the banks")
    with asking(base, "docs/tax.md"):
        answer = requests.put(base + CONTROL, json={bank: says}, timeout=_TIMEOUT_S)
        answer.raise_for_status()
    click.echo(f"{bank} is {answer.json()['says'][bank]} now; the run `fetch_fx_rates` asks within the hour")
