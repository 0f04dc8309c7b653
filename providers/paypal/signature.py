"""Whether PayPal signed this transmission: RSA over id, time, our webhook id and a CRC32 of the body. Pure: no network.

The body is protected by the CRC alone, which anybody can make come out right for another body. So a valid signature
proves that PayPal sent *something* under this transmission id. The door therefore binds the id to the first body seen,
and what the body says of money stays unconfirmed until the resource was fetched.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from providers.refusal import Malformed, Refused

Environment = Literal["live", "sandbox"]

HOSTS: dict[Environment, tuple[str, ...]] = {
    "live": ("api.paypal.com", "api-m.paypal.com"),
    "sandbox": ("api.sandbox.paypal.com", "api-m.sandbox.paypal.com"),
}
"""Who may hand out the certificate. A sandbox certificate proves nothing to a live receiver, and the reverse."""
_PATH = r"/v1/notifications/certs/CERT-[A-Za-z0-9_-]{1,128}"
# The whole URL against one pattern, instead of a parser's opinion of it: no user info, port, query, fragment, dot segment.
_URLS = {
    environment: re.compile(f"https://(?:{'|'.join(map(re.escape, hosts))}){_PATH}")
    for environment, hosts in HOSTS.items()
}
_ALGORITHMS = frozenset({"SHA256withRSA"})
_VERSIONS = frozenset({"v1", "v2"})
_ID = re.compile(r"[\x21-\x7e]{1,128}")
_LONGEST_TIME, _LONGEST_SIGNATURE, _LONGEST_URL = 64, 2048, 512
FUTURE_S = 600.0
"""Seconds that a transmission time may lie in the future. PayPal states no tolerance; this allows for a wrong clock here."""


@dataclass(frozen=True, slots=True)
class Transmission:
    """The headers of one delivery, read and in bounds, not yet proven."""

    id: str
    time: str
    sent_at: datetime
    signature: bytes
    cert_url: str


def read(headers: Mapping[str, str], environment: Environment) -> Transmission:
    """Read the `paypal-*` headers (lower-case names).

    Raises:
        Malformed: one is not of its form.
        Refused: one is missing, or names an algorithm or a certificate's place that is not PayPal's.
    """
    names = ("transmission-id", "transmission-time", "transmission-sig", "cert-url", "auth-algo")
    found = [headers.get(f"paypal-{name}", "") for name in names]
    if not all(found):
        raise Refused("signature_missing")
    transmission_id, time, signature, cert_url, algorithm = found
    if not all(value.isascii() for value in found) or not _ID.fullmatch(transmission_id) or "|" in transmission_id:
        raise Malformed("transmission_malformed")
    if algorithm not in _ALGORITHMS or headers.get("paypal-auth-version", "v2") not in _VERSIONS:
        raise Refused("algorithm_not_allowed")
    check_url(cert_url, environment)
    return Transmission(transmission_id, time, _time(time), _signature(signature), cert_url)


def check_url(url: str, environment: Environment) -> None:
    """Whether the certificate may be fetched from there; asked before DNS is.

    Raises:
        Refused: it is not a certificate of PayPal's API of this environment.
    """
    if len(url) > _LONGEST_URL or not _URLS[environment].fullmatch(url):
        raise Refused("cert_url_not_allowed")


def check_age(transmission: Transmission, now: datetime, max_age_s: float) -> None:
    """Whether PayPal may still be repeating it; repeats carry the first time.

    Raises:
        Refused: too old, or of the future.
    """
    age_s = (now - transmission.sent_at).total_seconds()
    if not -FUTURE_S <= age_s <= max_age_s:
        raise Refused("timestamp_out_of_bounds")


def matching_webhook(
    transmission: Transmission, body: bytes, webhook_ids: Sequence[str], public_key: RSAPublicKey
) -> int:
    """Index of the webhook id under which PayPal signed the transmission of a body with this CRC.

    Raises:
        Refused: under none of them.
    """
    crc = zlib.crc32(body)
    for index, webhook_id in enumerate(webhook_ids):
        signed = f"{transmission.id}|{transmission.time}|{webhook_id}|{crc}".encode()
        try:
            public_key.verify(transmission.signature, signed, PKCS1v15(), SHA256())
        except InvalidSignature:
            continue
        return index
    raise Refused("signature_wrong")


def _time(text: str) -> datetime:
    if len(text) > _LONGEST_TIME or "|" in text:
        raise Malformed("timestamp_malformed")
    try:
        at = datetime.fromisoformat(text)
        return (at.replace(tzinfo=UTC) if at.tzinfo is None else at).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Malformed("timestamp_malformed") from None


def _signature(text: str) -> bytes:
    if len(text) > _LONGEST_SIGNATURE:
        raise Malformed("signature_header_malformed")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("signature_header_malformed") from None
