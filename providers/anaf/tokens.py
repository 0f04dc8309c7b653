"""ANAF's OAuth: where a person with a qualified certificate logs in, and how the code and later the refresh token become tokens.

The login itself cannot be done by a program: the browser asks for the certificate. Access tokens live about 90 days, refresh
tokens about a year; each refresh may give a new refresh token, and then ends the old one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import requests

from core.settings import Settings
from providers.errors import Final, NotConfigured, Retryable, Unknown

_TIMEOUTS_S = (3.05, 15.0)
_ACCESS_DAYS, _REFRESH_DAYS = 90, 365
"""Where the answer does not say how long."""
_SHORTEST_S = 60
_MOST_WORD = 80


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens in the clear: they go into the sealed row and nowhere else."""

    access: str
    refresh: str
    access_ends_at: datetime
    refresh_ends_at: datetime | None
    """None: the refresh token is the one that was given, with its own end."""


def authorise_url(settings: Settings) -> str:
    """Where the person logs in; the browser then shows BURSAR_ANAF_REDIRECT_URI with `?code=...`.

    Raises:
        NotConfigured: no client id is set.
    """
    client_id, _ = _client(settings)
    query = {
        "response_type": "code", "client_id": client_id, "redirect_uri": settings.anaf_redirect_uri, "token_content_type": "jwt",
    }  # fmt: skip
    return f"{settings.anaf_login_base}/authorize?{urlencode(query)}"


def exchange(code: str, settings: Settings, now: datetime) -> Tokens:
    """The tokens for a code that the browser was given.

    Raises:
        NotConfigured, Retryable, Unknown: as `refresh`.
        Final: the code is spent or wrong: log in again.
    """
    return _tokens({"grant_type": "authorization_code", "code": code, "redirect_uri": settings.anaf_redirect_uri}, settings, now, None)


def refresh(token: str, settings: Settings, now: datetime) -> Tokens:
    """New tokens for a refresh token.

    Raises:
        NotConfigured: client id or secret is not set, or not accepted.
        Retryable: no connection: the token is as good as before.
        Unknown: the reply was lost; a token that rotates may be spent now.
        Final: the refresh token is not accepted any more: a person must log in again.
    """
    return _tokens({"grant_type": "refresh_token", "refresh_token": token}, settings, now, token)


def _client(settings: Settings) -> tuple[str, str]:
    client_id, secret = settings.anaf_client_id, settings.anaf_client_secret.get_secret_value()
    if not client_id or not secret:
        raise NotConfigured(
            "BURSAR_ANAF_CLIENT_ID and BURSAR_ANAF_CLIENT_SECRET are not set: nothing reaches ANAF, and e-Facturas wait; "
            "set them, then log in (docs/e-factura.md)"
        )
    return client_id, secret


def _tokens(form: Mapping[str, str], settings: Settings, now: datetime, kept: str | None) -> Tokens:
    try:
        answer = requests.post(
            f"{settings.anaf_login_base}/token", data={**form, "token_content_type": "jwt"}, auth=_client(settings),
            timeout=_TIMEOUTS_S, allow_redirects=False,
        )  # fmt: skip
    except requests.exceptions.ConnectTimeout:
        raise Retryable("ANAF's login server cannot be reached") from None
    except requests.RequestException as error:
        reason = getattr(error.args[0], "reason", None) if error.args else None
        if type(reason).__name__ in ("NewConnectionError", "NameResolutionError"):
            raise Retryable("ANAF's login server cannot be reached") from None
        raise Unknown(f"the reply of ANAF's login server was lost ({type(error).__name__})") from None
    if not answer.ok:
        raise _refusal(answer)
    try:
        told: dict[str, Any] = answer.json()
        rotated = told.get("refresh_token")
        ends_in = told.get("refresh_token_expires_in", told.get("refresh_expires_in"))
        new = kept is None or (rotated is not None and rotated != kept)
        return Tokens(
            access=str(told["access_token"]), refresh=str(rotated or kept),
            access_ends_at=now + _life(told.get("expires_in"), _ACCESS_DAYS),
            refresh_ends_at=now + _life(ends_in, _REFRESH_DAYS) if new or ends_in is not None else None,
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, OverflowError):
        raise Unknown("the answer of ANAF's login server has no tokens in it") from None


def _life(seconds: Any, days: int) -> timedelta:
    return timedelta(days=days) if seconds is None else timedelta(seconds=max(int(seconds), _SHORTEST_S))


def _refusal(answer: requests.Response) -> Exception:
    try:
        word = str(answer.json().get("error", "nothing more"))
    except (ValueError, AttributeError):
        word = "nothing more"
    about = f"ANAF's login server answered {answer.status_code}: {word[:_MOST_WORD]}"
    if word == "invalid_client" or answer.status_code == requests.codes.unauthorized:
        return NotConfigured(f"{about}; BURSAR_ANAF_CLIENT_ID and BURSAR_ANAF_CLIENT_SECRET are not accepted")
    if answer.status_code == requests.codes.bad_request:
        return Final(f"{about}; a person with a certificate must log in again: `bursar efactura token url`")
    return Retryable(about)
