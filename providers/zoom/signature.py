"""Whether Zoom sent these bytes (scheme v0), and the answer to its challenge.

The challenge is a signing oracle: whoever is answered learns HMAC(secret, text of their choice), and `v0:<ts>:<body>`
would be such a text. So it is answered only after its own signature was checked, and only for tokens that cannot be
anything else (ZOOM-7).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence

from providers.refusal import Malformed, Refused

_MILLISECONDS_FROM = 10**11
"""Timestamps above it are milliseconds: in seconds it is the year 5138, in milliseconds 1973."""
_MOST_DIGITS = 15
_SIGNATURE = re.compile(r"v0=[0-9A-Fa-f]+")
_PLAIN_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")


def matching_secret(
    signature: str | None,
    timestamp: str | None,
    body: bytes,
    secrets: Sequence[bytes],
    *,
    now_s: float,
    tolerance_s: float,
) -> int:
    """Index of the secret token by which the headers prove the body.

    Args:
        signature: `x-zm-signature`, `v0=<hex>`.
        timestamp: `x-zm-request-timestamp`, seconds (deliveries) or milliseconds (one sample of the documentation);
            it is hashed as received.
        body: the raw bytes as they came.
        secrets: the app's secret tokens.
        now_s: present time, seconds since 1970.
        tolerance_s: how far the timestamp may lie in the past or in the future.

    Raises:
        Malformed: a header is not of its form.
        Refused: they prove nothing.
    """
    if not signature or not timestamp:
        raise Refused("signature_missing")
    if not (timestamp.isascii() and timestamp.isdigit()) or len(timestamp) > _MOST_DIGITS:
        raise Malformed("timestamp_malformed")
    if not signature.isascii() or not _SIGNATURE.fullmatch(signature):
        raise Malformed("signature_header_malformed")
    signed = b"v0:" + timestamp.encode("ascii") + b":" + body
    matched = -1
    for index, secret in enumerate(secrets):
        if not secret:
            continue
        expected = "v0=" + hmac.digest(secret, signed, hashlib.sha256).hex()
        if hmac.compare_digest(expected, signature) and matched < 0:
            matched = index
    if matched < 0:
        raise Refused("signature_wrong")
    at_s = int(timestamp) / 1000 if int(timestamp) >= _MILLISECONDS_FROM else int(timestamp)
    if abs(now_s - at_s) > tolerance_s:
        raise Refused("timestamp_out_of_bounds")
    return matched


def encrypted_token(plain_token: str, secret: bytes) -> str:
    """What Zoom's `endpoint.url_validation` wants to see: hex HMAC-SHA256 of the plain token.

    Raises:
        Malformed: the token is not 1 to 128 of `A-Z a-z 0-9 _ -`; anything else could be a text that someone wants signed.
    """
    if not _PLAIN_TOKEN.fullmatch(plain_token):
        raise Malformed("plain_token_malformed")
    return hmac.digest(secret, plain_token.encode("ascii"), hashlib.sha256).hex()
