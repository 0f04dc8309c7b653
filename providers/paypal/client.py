"""Look-ups at PayPal's API. Only GET: money is moved elsewhere, under an idempotency key."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import requests

from core.clock import monotonic_s
from core.settings import Settings
from providers.errors import Final, NotConfigured, Retryable

_TIMEOUTS_S = (3.05, 10.0)
"""To connect, and between bytes."""
_RENEW_EARLY_S = 60.0
_BASES = {"live": "https://api-m.paypal.com", "sandbox": "https://api-m.sandbox.paypal.com"}


@dataclass(slots=True)
class _Token:
    value: str = ""
    ends_s: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


_TOKENS: dict[tuple[str, str], _Token] = {}


def get(path: str, settings: Settings) -> bytes:
    """The bytes of `GET path`, with an access token that is kept until shortly before its end.

    Raises:
        Retryable: no credentials, no connection, time-out, rate limit, PayPal's own error; reading again is harmless.
        Final: PayPal has no such resource, or will not show it to us.
    """
    base = settings.paypal_api_base or _BASES[settings.paypal_environment]
    answer = _get(base + path, _token(base, settings))
    if answer.status_code == requests.codes.unauthorized:
        # Revoked before its time: one new token, one more try.
        answer = _get(base + path, _token(base, settings, stale=True))
    if answer.ok:
        return answer.content
    about = (
        f"PayPal answered {answer.status_code} to GET {path} (debug id {answer.headers.get('paypal-debug-id', 'none')})"
    )
    if answer.status_code in (requests.codes.forbidden, requests.codes.not_found, requests.codes.unprocessable):
        raise Final(f"{about}: what the webhook said stays unconfirmed; look for the object in PayPal's dashboard")
    raise Retryable(about)


def _get(url: str, token: str) -> requests.Response:
    try:
        return requests.get(
            url, headers={"Authorization": f"Bearer {token}"}, timeout=_TIMEOUTS_S, allow_redirects=False
        )
    except requests.RequestException as error:
        raise Retryable(f"PayPal cannot be reached: {type(error).__name__}") from None


def _token(base: str, settings: Settings, *, stale: bool = False) -> str:
    client_id, secret = settings.paypal_client_id, settings.paypal_client_secret.get_secret_value()
    if not client_id or not secret:
        raise NotConfigured(
            "BURSAR_PAYPAL_CLIENT_ID and BURSAR_PAYPAL_CLIENT_SECRET are not set: what PayPal's webhooks tell "
            "stays unconfirmed; set them, then replay"
        )
    held = _TOKENS.setdefault((base, client_id), _Token())
    with held.lock:
        if stale or monotonic_s() >= held.ends_s:
            held.value, held.ends_s = _new_token(base, client_id, secret)
        return held.value


def _new_token(base: str, client_id: str, secret: str) -> tuple[str, float]:
    try:
        answer = requests.post(
            f"{base}/v1/oauth2/token",
            auth=(client_id, secret),
            data={"grant_type": "client_credentials"},
            timeout=_TIMEOUTS_S,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        raise Retryable(f"PayPal cannot be reached for a token: {type(error).__name__}") from None
    if not answer.ok:
        raise Retryable(
            f"PayPal answered {answer.status_code} to the request for a token; check the client id and secret"
        )
    try:
        told = answer.json()
        return str(told["access_token"]), monotonic_s() + max(0.0, float(told["expires_in"]) - _RENEW_EARLY_S)
    except (ValueError, KeyError, TypeError):
        raise Retryable("PayPal's answer to the request for a token is not what it documents") from None
