"""The app's signature: HMAC-SHA256 with the secret that it shares with Bursar (BURSAR_APP_KEYS there)."""

from __future__ import annotations

import hashlib
import hmac

SHORTEST_SECRET = 32


def request_headers(secret: str, app: str, *, method: str, path: str, body: bytes, at_s: int) -> dict[str, str]:
    """The headers that prove an HTTP request; `at_s` is the present time in seconds since 1970."""
    signed = f"{at_s}.{method}.{path}.".encode() + body
    return {"Bursar-App": app, "Bursar-Timestamp": str(at_s), "Bursar-Signature": _sign(secret, signed)}


def message_signature(secret: str, *, task: str, body: str) -> str:
    """What proves a Celery message."""
    return _sign(secret, f"{task}.{body}".encode())


def check_secret(secret: str) -> str:
    """The secret, if it can be one.

    Raises:
        ValueError: it is shorter than Bursar accepts.
    """
    if len(secret) < SHORTEST_SECRET:
        raise ValueError(f"the secret is shorter than {SHORTEST_SECRET} characters; Bursar would not accept it")
    return secret


def _sign(secret: str, signed: bytes) -> str:
    return "v1=" + hmac.digest(secret.encode(), signed, hashlib.sha256).hex()
