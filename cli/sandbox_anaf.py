"""`bursar sandbox anaf`: a person's hand on the stand-in of ANAF that runs with `bursar up`."""

from __future__ import annotations

import json
from urllib.parse import urlsplit, urlunsplit

import click
import requests

from cli.roles import action
from cli.surroundings import settings
from cli.trouble import UNAVAILABLE, USAGE, TroubleError
from providers.sandbox.anaf.client import AnafControl, SandboxRefusedError

_UNTOUCHED = "nothing was done"


@click.command("anaf")
@click.argument("order", metavar="ORDER")
@click.argument("told", metavar="[JSON]", default="{}")
@action("operator")
def anaf(order: str, told: str) -> None:
    """Give ANAF's stand-in an ORDER (docs/e-factura.md): `login` gives a code for `bursar efactura token take`."""
    try:
        said = json.loads(told)
    except ValueError as error:
        raise click.UsageError(f"not JSON: {error}") from error
    if not isinstance(said, dict):
        raise click.UsageError("the fields are one JSON object")
    parts = urlsplit(settings().anaf_api_base)
    if parts.hostname not in ("127.0.0.1", "localhost"):
        raise TroubleError(
            USAGE, f"BURSAR_ANAF_API_BASE is {settings().anaf_api_base or 'not set'}, which is no sandbox", effect=_UNTOUCHED,
            then="start a copy by `bursar up` without ANAF's client id",
        )  # fmt: skip
    try:
        found = AnafControl(urlunsplit((parts.scheme, parts.netloc, "", "", ""))).tell(order, **said)
    except requests.RequestException as error:
        raise TroubleError(
            UNAVAILABLE, f"the sandbox does not answer: {type(error).__name__}", effect=_UNTOUCHED, then="start it: `bursar up`"
        ) from error
    except SandboxRefusedError as error:
        refused = f"the sandbox refused: {error}"
        raise TroubleError(USAGE, refused, effect="whatever it says itself", then="see docs/e-factura.md") from error
    click.echo(found if isinstance(found, str) else json.dumps(found, indent=2))
