"""Whether Stripe sent these bytes: scheme v1, several signatures and several secrets, no clock of its own.

Not the SDK's verifier: that one decodes the body first (and raises UnicodeDecodeError on bytes that are not UTF-8),
takes one secret, lets timestamps of the future pass, and costs 80 times as much.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from providers.refusal import Malformed, Refused

_LONGEST_HEADER = 4096
_MOST_DIGITS = 15


def matching_secret(
    header: str | None, body: bytes, secrets: Sequence[bytes], *, now_s: float, tolerance_s: float
) -> int:
    """Index of the secret by which the header's signature proves the body.

    Args:
        header: `Stripe-Signature`, such as `t=1700000000,v1=<hex>,v1=<hex>,v0=<hex>`; v0 is ignored.
        body: the raw bytes as they came.
        secrets: whole secrets, `whsec_` included; the order decides nothing but the answer.
        now_s: present time, seconds since 1970.
        tolerance_s: how far the timestamp may lie in the past or in the future (SEC-2).

    Raises:
        Malformed: the header is not of that form.
        Refused: it is, and proves nothing: no header, no match, a timestamp out of bounds, no secrets.
    """
    if not header:
        raise Refused("signature_missing")
    timestamp, signatures = _parts(header)
    signed = timestamp.encode("ascii") + b"." + body
    matched = -1
    for index, secret in enumerate(secrets):
        if not secret:
            continue
        expected = hmac.digest(secret, signed, hashlib.sha256).hex()
        for signature in signatures:
            # No early way out: the time taken tells nothing about which secret or signature was nearly right.
            if hmac.compare_digest(expected, signature) and matched < 0:
                matched = index
    if matched < 0:
        raise Refused("signature_wrong")
    if abs(now_s - int(timestamp)) > tolerance_s:
        raise Refused("timestamp_out_of_bounds")
    return matched


def _parts(header: str) -> tuple[str, list[str]]:
    if len(header) > _LONGEST_HEADER or not header.isascii():
        raise Malformed("signature_header_malformed")
    timestamp = ""
    signatures: list[str] = []
    for item in header.split(","):
        name, equals, value = item.strip().partition("=")
        if not equals:
            raise Malformed("signature_header_malformed")
        if name == "t":
            if timestamp or not value.isdigit() or len(value) > _MOST_DIGITS:
                raise Malformed("timestamp_malformed")
            timestamp = value
        elif name == "v1":
            signatures.append(value)
    if not timestamp or not signatures:
        raise Malformed("signature_header_malformed")
    return timestamp, signatures
