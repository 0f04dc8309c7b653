"""`bursar sandbox vies`: what the stand-in of VIES that runs with `bursar up` says of VAT numbers."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

import click
import requests

from cli.roles import action
from cli.surroundings import settings
from cli.trouble import UNAVAILABLE, USAGE, TroubleError
from providers.sandbox.vies.standin import CONTROL, INVALID, TEST_SERVICE, VALID
from providers.vies.number import NoVatNumberError, vat_number

_TIMEOUT_S = 5.0


@click.command("vies")
@click.argument("number")
@click.argument("code", type=click.Choice(sorted({VALID, INVALID, *TEST_SERVICE.values()})))
@action("operator")
def vies(number: str, code: str) -> None:
    """Let VIES's stand-in say CODE of NUMBER from now on. Every number is valid that nobody has told otherwise."""
    parts = urlsplit(settings().vies_api_base)
    if parts.hostname not in ("127.0.0.1", "localhost"):
        raise TroubleError(
            USAGE, f"BURSAR_VIES_API_BASE is {settings().vies_api_base or 'not set'}, which is no sandbox", effect="nothing was done",
            then="start a copy by `bursar up` without an address of VIES",
        )  # fmt: skip
    url = urlunsplit((parts.scheme, parts.netloc, CONTROL, "", ""))
    try:
        known = requests.get(url, timeout=_TIMEOUT_S).json()["answers"]
        told = requests.put(url, json={**known, str(vat_number(number)): code}, timeout=_TIMEOUT_S).json()
    except NoVatNumberError as error:
        raise TroubleError(USAGE, str(error), effect="nothing was done", then="mend the number") from None
    except requests.RequestException as error:
        raise TroubleError(
            UNAVAILABLE, f"the sandbox does not answer: {type(error).__name__}", effect="nothing was done", then="start it: `bursar up`"
        ) from error
    click.echo(f"{vat_number(number)} says {code} now, one of {len(told['answers'])} that were told; `bursar tax ask {number}` asks")
