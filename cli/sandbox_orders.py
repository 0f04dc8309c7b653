"""How `bursar sandbox paypal`, `anaf`, `vies` and `fx` reach their stand-ins: only one on this machine, and a refusal in people's words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import click
import requests

from cli.surroundings import settings
from cli.trouble import UNAVAILABLE, USAGE, TroubleError
from providers.sandbox.http.orders import SandboxRefusedError

_UNTOUCHED = "nothing was done"


def fields_of(told: str) -> dict[str, Any]:
    """An order's fields, as they were typed: one JSON object."""
    try:
        said = json.loads(told)
    except ValueError as error:
        raise click.UsageError(f"not JSON: {error}") from error
    if not isinstance(said, dict):
        raise click.UsageError("the fields are one JSON object")
    return said


def standing_in(setting: str, without: str) -> str:
    """Scheme and host of the stand-in that the setting points at.

    Raises:
        TroubleError: it points elsewhere. `without`: what `bursar up` must not be given, so that it starts one.
    """
    base = str(getattr(settings(), setting))
    parts = urlsplit(base)
    if parts.hostname not in ("127.0.0.1", "localhost"):
        raise TroubleError(
            USAGE, f"BURSAR_{setting.upper()} is {base or 'not set'}, which is no sandbox", effect=_UNTOUCHED,
            then=f"start a copy by `bursar up` without {without}",
        )  # fmt: skip
    return urlunsplit((parts.scheme, parts.netloc, "", "", ""))


@contextmanager
def asking(base: str, page: str) -> Iterator[None]:
    """Say what went wrong with an order to the stand-in at `base`, whose orders `page` lists."""
    try:
        yield
    except requests.RequestException as error:
        raise TroubleError(
            UNAVAILABLE, f"the sandbox at {base} does not answer: {type(error).__name__}", effect=_UNTOUCHED, then="start it: `bursar up`"
        ) from error
    except SandboxRefusedError as error:
        raise TroubleError(USAGE, f"the sandbox refused: {error}", effect="whatever it says itself", then=f"see {page}") from error
