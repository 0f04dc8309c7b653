"""PayPal's API: reading is harmless; what moves money is sent under a stored key and body only (PAY-2)."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass, field
from typing import Any

import requests

from core.clock import monotonic_s
from core.settings import Settings
from providers.errors import Final, KeySpent, NotConfigured, NotThere, RateLimited, Retryable, Unknown

_TIMEOUTS_S = (3.05, 10.0)
"""To connect, and between bytes."""
_POST_TIMEOUTS_S = (3.05, 20.0)
"""Captures wait for the payer's bank."""
_RENEW_EARLY_S = 60.0
_BASES = {"live": "https://api-m.paypal.com", "sandbox": "https://api-m.sandbox.paypal.com"}
_LONGEST_V1_ID = 38
_PART = "bursar-evidence"
_NO_SUCH = frozenset({"RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID"})
"""PayPal's own word for it, which a 404 of something between PayPal and us does not have."""
_IN_WORK = frozenset({"PREVIOUS_REQUEST_IN_PROGRESS", "PREVIOUS_REQUEST_IS_IN_PROGRESS", "RESOURCE_CONFLICT"})
_SPENT = frozenset({"DUPLICATE_REQUEST_ID", "ORDER_ALREADY_CAPTURED", "PAYPAL_REQUEST_ID_PREVIOUSLY_USED"})
"""Business errors that say: this, or the like of it, was done before. What it made is looked up."""


@dataclass(slots=True)
class _Token:
    value: str = ""
    ends_s: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


_TOKENS: dict[tuple[str, str], _Token] = {}
_SESSIONS: dict[str, requests.Session] = {}


def reach_by(base: str, session: requests.Session) -> None:
    """Calls to the address `base` go through `session`: a simulation's stand-in answers in this process, without a socket."""
    _SESSIONS[base] = session
    for held in [key for key in _TOKENS if key[0] == base]:
        del _TOKENS[held]  # another stand-in's


def get(path: str, settings: Settings, *, query: dict[str, str] | None = None) -> bytes:
    """The bytes of `GET path`, with an access token that is kept until shortly before its end.

    Raises:
        NotConfigured, RateLimited, Retryable: no credentials, no connection, time-out, rate limit, PayPal's own error;
            reading again is harmless.
        NotThere: PayPal says that it has no such resource.
        Final: it will not show it to us.
    """
    base = _base(settings)
    answer = _get(base + path, _token(base, settings), query)
    if answer.status_code == requests.codes.unauthorized:
        # Revoked before its time: one new token, one more try.
        answer = _get(base + path, _token(base, settings, stale=answer.request.headers["Authorization"]), query)
    if answer.ok:
        return answer.content
    named = issues(answer.content)
    said = ", ".join(sorted(named)) or "nothing more"
    about = f"PayPal answered {answer.status_code} to GET {path}: {said} (debug id {debug_id(answer)})"
    if answer.status_code == requests.codes.too_many_requests:
        raise RateLimited(about, _retry_after_s(answer))
    if answer.status_code in (requests.codes.bad_request, requests.codes.forbidden, requests.codes.not_found, requests.codes.unprocessable):
        refused = NotThere if answer.status_code == requests.codes.not_found and named & _NO_SUCH else Final
        raise refused(f"{about}: what the webhook said stays unconfirmed; look for the object in PayPal's dashboard")
    raise Retryable(about)


def post(path: str, body: str, settings: Settings, *, key: str) -> tuple[int, bytes]:
    """(status, body) of `POST path` with exactly these bytes under this key; 4xx are answers too.

    Raises:
        NotConfigured, RateLimited, Retryable: it surely was not done.
        KeySpent: PayPal says that it was done before, and not under this key with this body: look it up.
        Unknown: time-out, lost reply, PayPal's own error, or the same key is in work.
    """
    base = _base(settings)
    answer = _post(base, path, body, key, _token(base, settings))
    if answer.status_code == requests.codes.unauthorized:
        answer = _post(base, path, body, key, _token(base, settings, stale=answer.request.headers["Authorization"]))
    about = f"POST {path} under {key} (debug id {debug_id(answer)})"
    if answer.status_code == requests.codes.unauthorized:
        raise NotConfigured(f"PayPal does not accept a token that it has just given: {about} was not done; it waits for good credentials")
    if answer.status_code == requests.codes.too_many_requests:
        raise RateLimited(f"PayPal asks for patience: {about} was not done", _retry_after_s(answer))
    if answer.status_code in (requests.codes.request_timeout, requests.codes.conflict) or answer.status_code >= 500:
        raise Unknown(f"PayPal answered {answer.status_code} to {about}; the same key is sent again")
    if not 200 <= answer.status_code < 500 or 300 <= answer.status_code < 400:
        raise Unknown(f"PayPal answered {answer.status_code} to {about}, which it does not document; the same key is sent again")
    said = issues(answer.content) if answer.status_code >= 400 else frozenset()
    if said & _IN_WORK:
        raise Unknown(f"an earlier {about} is still in work; the same key is sent again")
    if said & _SPENT:
        raise KeySpent(f"PayPal answers {', '.join(sorted(said))} to {about}; what was made is looked up")
    return answer.status_code, answer.content


def request_id(path: str, key: str) -> str:
    """The `PayPal-Request-Id` of a key: itself (v2 takes 108 characters), or what follows from it where v1 takes 38."""
    return key if not path.startswith("/v1/") or len(key) <= _LONGEST_V1_ID else hashlib.sha256(key.encode()).hexdigest()[:_LONGEST_V1_ID]


def issues(body: bytes) -> frozenset[str]:
    """The words by which PayPal says what was wrong: the error's name, and the issue of each detail."""
    try:
        told = json.loads(body)
    except ValueError:
        return frozenset()
    if not isinstance(told, dict):
        return frozenset()
    details = told.get("details")
    found = [told.get("name"), *(one.get("issue") for one in (details if isinstance(details, list) else ()) if isinstance(one, dict))]
    return frozenset(one for one in found if isinstance(one, str))


def debug_id(answer: requests.Response) -> str:
    """What PayPal's support asks for."""
    return str(answer.headers.get("paypal-debug-id", "none"))


def _base(settings: Settings) -> str:
    return settings.paypal_api_base or _BASES[settings.paypal_environment]


def _ask(method: str, url: str, **how: Any) -> requests.Response:
    reached = next((held for base, held in _SESSIONS.items() if url.startswith(base)), None)
    send = requests.request if reached is None else reached.request
    return send(method, url, **how)


def _get(url: str, token: str, query: dict[str, str] | None) -> requests.Response:
    try:
        return _ask(
            "GET", url, params=query, headers={"Authorization": f"Bearer {token}"}, timeout=_TIMEOUTS_S, allow_redirects=False
        )
    except requests.RequestException as error:
        raise Retryable(f"PayPal cannot be reached: {type(error).__name__}") from None


def _post(base: str, path: str, body: str, key: str, token: str) -> requests.Response:
    data, content_type = _encoded(path, body)
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": content_type,
        "PayPal-Request-Id": request_id(path, key),
        # Else v2 answers with ids alone.
        "Prefer": "return=representation",
    }
    try:
        return _ask("POST", base + path, data=data, headers=headers, timeout=_POST_TIMEOUTS_S, allow_redirects=False)
    except requests.RequestException as error:
        if _never_left(error):
            raise Retryable(f"PayPal cannot be reached: POST {path} under {key} was not sent") from None
        raise Unknown(f"the reply to POST {path} under {key} was lost ({type(error).__name__}); the same key is sent again") from None


def _encoded(path: str, body: str) -> tuple[bytes, str]:
    """The bytes on the wire. Evidence is the one call that PayPal takes as a form only; with a fixed boundary its bytes stay the same."""
    if not path.endswith("/provide-evidence"):
        return body.encode(), "application/json"
    head = f'--{_PART}\r\nContent-Disposition: form-data; name="input"\r\nContent-Type: application/json\r\n\r\n'
    return f"{head}{body}\r\n--{_PART}--\r\n".encode(), f"multipart/form-data; boundary={_PART}"


def _never_left(error: requests.RequestException) -> bool:
    """Whether there was no connection at all."""
    if isinstance(error, (requests.exceptions.ConnectTimeout, requests.exceptions.SSLError)):
        return True
    reason = getattr(error.args[0], "reason", None) if isinstance(error, requests.ConnectionError) and error.args else None
    return type(reason).__name__ in ("NewConnectionError", "NameResolutionError")


def _retry_after_s(answer: requests.Response) -> float | None:
    told = answer.headers.get("retry-after", "")
    return float(told) if told.isdigit() else None


def _token(base: str, settings: Settings, *, stale: str | bytes | None = None) -> str:
    """The token in use; a new one in the place of `stale`, unless another thread has got one in the meantime."""
    client_id, secret = settings.paypal_client_id, settings.paypal_client_secret.get_secret_value()
    if not client_id or not secret:
        raise NotConfigured(
            "BURSAR_PAYPAL_CLIENT_ID and BURSAR_PAYPAL_CLIENT_SECRET are not set: what PayPal's webhooks tell "
            "stays unconfirmed and nothing is sent, so no money moves; set them, and this is tried again"
        )
    held = _TOKENS.setdefault((base, client_id), _Token())
    with held.lock:
        if stale == f"Bearer {held.value}" or monotonic_s() >= held.ends_s:
            held.value, held.ends_s = _new_token(base, client_id, secret)
        return held.value


def _new_token(base: str, client_id: str, secret: str) -> tuple[str, float]:
    try:
        answer = _ask(
            "POST", f"{base}/v1/oauth2/token",
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
