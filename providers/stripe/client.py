"""Stripe's API through its SDK: reading is harmless; what moves money is sent under a stored key and body only (PAY-2)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import requests
import stripe

from core.settings import Settings
from providers.clean import json_object
from providers.errors import Final, KeySpent, NotConfigured, NotThere, RateLimited, Retryable, Unknown

_TIMEOUTS_S = 10
_PAGE = 99
"""Objects a page; Stripe gives one more at most."""


def get(path: str, settings: Settings, *, account: str | None = None, query: Mapping[str, Any] | None = None) -> bytes:
    """The bytes of `GET path`, in the platform's name or a connected account's.

    Raises:
        Retryable: no key, no connection, time-out, rate limit, Stripe's own error; reading again is harmless.
        NotThere: Stripe has no such object.
        Final: Stripe will not show it to us.
    """
    client = _configured(settings, "the object is not looked up and no row changes")
    try:
        answer = client.raw_request("get", path, **(query or {}), **_options(account))
    except (stripe.InvalidRequestError, stripe.PermissionError, stripe.AuthenticationError) as error:
        refusal = NotThere if error.http_status == 404 and error.code == "resource_missing" else Final
        raise refusal(
            f"Stripe refused GET {path} ({error.http_status}): {error.user_message or error.code}; check the key's rights, then replay"
        ) from None
    except stripe.RateLimitError as error:
        raise RateLimited(f"Stripe asks for patience at GET {path}", _retry_after_s(error)) from None
    except stripe.StripeError as error:
        raise Retryable(f"Stripe did not answer GET {path}: {type(error).__name__} {error.http_status or ''}") from None
    # The text as Stripe sent it: its parsed form turns decimals into something else.
    return _bytes(answer.body)


def pages(
    path: str, settings: Settings, *, account: str | None = None, query: Mapping[str, Any] | None = None
) -> Iterator[list[dict[str, Any]]]:
    """All pages of a list, newest first, to the end.

    Raises:
        Retryable, Final: as `get`.
    """
    asked: dict[str, Any] = {"limit": _PAGE, **(query or {})}
    while True:
        page = json_object(get(path, settings, account=account, query=asked))
        found = page["data"]
        if found:
            yield found
        if not page.get("has_more") or not found:
            return
        asked["starting_after"] = found[-1]["id"]


def post(path: str, body: str, settings: Settings, *, key: str, account: str | None = None) -> tuple[int, bytes]:
    """(status, body) of `POST path` with these parameters (JSON text) under this idempotency key; 4xx are answers too.

    A path may begin with another method, as in `DELETE /v1/subscriptions/sub_1`.

    Raises:
        NotConfigured, RateLimited, Retryable: it surely was not done.
        KeySpent: Stripe repeats a stored error of its own under this key (it stores even a 500).
        Unknown: time-out, lost reply, Stripe's own error, or the same key is in work.
        Final: the key belongs to other parameters.
    """
    client = _configured(settings, "nothing is sent and no money moves")
    try:
        method, _, bare = path.rpartition(" ")
        answer = client.raw_request(method.lower() or "post", bare, **json.loads(body), **_options(account), idempotency_key=key)
    except stripe.StripeError as error:
        return _refused(path, key, error)
    return int(answer.code), _bytes(answer.body)


def _refused(path: str, key: str, error: stripe.StripeError) -> tuple[int, bytes]:
    """The answer that this error is, or what is known of the call without one."""
    about, status = f"POST {path} under {key}", error.http_status
    if isinstance(error, stripe.RateLimitError):
        raise RateLimited(f"Stripe asks for patience: {about} was not done", _retry_after_s(error)) from None
    if isinstance(error, stripe.IdempotencyError):
        raise Final(
            f"Stripe has {key} for other parameters: {about} was not done now; somebody else uses our keys. "
            "No second call is made; look at the key in Stripe's log, then settle the request by hand"
        ) from None
    if isinstance(error, stripe.AuthenticationError):
        raise NotConfigured(f"Stripe does not accept BURSAR_STRIPE_API_KEY: {about} was not done; it waits for a good key") from None
    if isinstance(error, stripe.APIConnectionError):
        if _never_left(error):
            raise Retryable(f"Stripe cannot be reached: {about} was not sent") from None
        raise Unknown(f"the reply to {about} was lost; the same key is sent again") from None
    if status is not None and 400 <= status < 500 and status != requests.codes.conflict:
        return status, _bytes(error.http_body or "{}")
    headers = {name.lower(): value for name, value in dict(error.headers or {}).items()}
    if headers.get("idempotent-replayed") == "true":
        raise KeySpent(f"Stripe repeats its stored error {status} to {about}; the object is looked up") from None
    raise Unknown(f"Stripe answered {status} to {about}; the same key is sent again") from None


def _never_left(error: stripe.APIConnectionError) -> bool:
    """Whether there was no connection at all."""
    cause = error.__cause__
    if isinstance(cause, (requests.exceptions.ConnectTimeout, requests.exceptions.SSLError)):
        return True
    reason = getattr(cause.args[0], "reason", None) if isinstance(cause, requests.ConnectionError) and cause.args else None
    return type(reason).__name__ in ("NewConnectionError", "NameResolutionError")


def _retry_after_s(error: stripe.StripeError) -> float | None:
    told = {name.lower(): value for name, value in dict(error.headers or {}).items()}.get("retry-after", "")
    return float(told) if told.isdigit() else None


def _options(account: str | None) -> dict[str, str]:
    return {"stripe_account": account} if account else {}


def _bytes(body: bytes | str) -> bytes:
    return body if isinstance(body, bytes) else body.encode()


def _configured(settings: Settings, effect: str) -> stripe.StripeClient:
    key = settings.stripe_api_key.get_secret_value()
    if not key:
        raise NotConfigured(f"BURSAR_STRIPE_API_KEY is not set: {effect}; set it, and this is tried again")
    return _client(key, settings.stripe_api_base)


_SESSIONS: dict[str, requests.Session] = {}


def reach_by(base: str, session: requests.Session) -> None:
    """Calls to the address `base` go through `session`: a simulation's stand-in answers in this process, without a socket."""
    _SESSIONS[base] = session
    _client.cache_clear()


@cache
def _client(key: str, base: str) -> stripe.StripeClient:
    """One per key and address; its connections are kept, one per thread."""
    return stripe.StripeClient(
        key,
        base_addresses={"api": base},
        http_client=stripe.RequestsClient(timeout=_TIMEOUTS_S, verify_ssl_certs=True, session=_SESSIONS.get(base)),
        # Repeats are ours, with the stored key: the SDK's own would hide what came of the first one.
        max_network_retries=0,
    )
