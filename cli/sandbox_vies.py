"""`bursar sandbox vies`: what the stand-in of VIES that runs with `bursar up` says of VAT numbers."""

from __future__ import annotations

import click
import requests

from cli.roles import action
from cli.sandbox_orders import asking, standing_in
from cli.trouble import USAGE, TroubleError
from providers.sandbox.vies.standin import CONTROL, INVALID, TEST_SERVICE, VALID
from providers.vies.number import NoVatNumberError, vat_number

_TIMEOUT_S = 5.0


@click.command("vies")
@click.argument("number")
@click.argument("code", type=click.Choice(sorted({VALID, INVALID, *TEST_SERVICE.values()})))
@action("operator")
def vies(number: str, code: str) -> None:
    """Let VIES's stand-in say CODE of NUMBER from now on. Every number is valid that nobody has told otherwise."""
    base = standing_in("vies_api_base", "an address of VIES")
    url = base + CONTROL
    with asking(base, "docs/tax.md"):
        try:
            known = requests.get(url, timeout=_TIMEOUT_S).json()["answers"]
            told = requests.put(url, json={**known, str(vat_number(number)): code}, timeout=_TIMEOUT_S).json()
        except NoVatNumberError as error:
            raise TroubleError(USAGE, str(error), effect="nothing was done", then="mend the number") from None
    click.echo(f"{vat_number(number)} says {code} now, one of {len(told['answers'])} that were told; `bursar tax ask {number}` asks")
