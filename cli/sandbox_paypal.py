"""`bursar sandbox paypal`: a person's hand on the stand-in of PayPal that runs with `bursar up`."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import click
import requests

from cli.roles import action
from cli.surroundings import settings
from cli.trouble import UNAVAILABLE, USAGE, TroubleError
from providers.sandbox.paypal.client import PayPalControl, SandboxRefusedError

_UNTOUCHED = "nothing was done"


@click.command("paypal")
@click.argument("order", metavar="ORDER")
@click.argument("told", metavar="[JSON]", default="{}")
@action("operator")
def paypal(order: str, told: str) -> None:
    """Give PayPal's stand-in an ORDER (docs/paypal.md), such as approve '{"order": "..."}'; prints what came of it."""
    try:
        said = json.loads(told)
    except ValueError as error:
        raise click.UsageError(f"not JSON: {error}") from error
    if not isinstance(said, dict):
        raise click.UsageError("the fields are one JSON object")
    click.echo(json.dumps(_told(order, said), indent=2))


def _told(order: str, said: dict[str, Any]) -> Any:
    base = settings().paypal_api_base
    if urlsplit(base).hostname not in ("127.0.0.1", "localhost"):
        raise TroubleError(
            USAGE, f"BURSAR_PAYPAL_API_BASE is {base or 'not set'}, which is no sandbox", effect=_UNTOUCHED,
            then="start a copy by `bursar up` without PayPal's credentials",
        )  # fmt: skip
    try:
        return PayPalControl(base).tell(order, **said)
    except requests.RequestException as error:
        raise TroubleError(
            UNAVAILABLE, f"the sandbox at {base} does not answer: {type(error).__name__}", effect=_UNTOUCHED, then="start it: `bursar up`"
        ) from error
    except SandboxRefusedError as error:
        raise TroubleError(USAGE, f"the sandbox refused: {error}", effect="whatever it says itself", then="see docs/paypal.md") from error
