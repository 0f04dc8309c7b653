"""Whether the main app sent these bytes: HMAC-SHA256 with one of the keys of the name that it gives (BURSAR_APP_KEYS).

By HTTP `<timestamp>.<METHOD>.<path>.<body>` is signed, so that a request cannot be used for another path, method or much
later. By Celery `<task name>.<body>` is signed, without a time: messages wait in brokers, and the command's key makes a
repetition harmless. Neither text can be taken for the other: one begins with digits, the other with `billing.`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping

from providers.refusal import Malformed, Refused

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_SIGNATURE = re.compile(r"v1=[0-9a-f]{64}")
_SHORTEST_SECRET = 32
_MOST_DIGITS = 15
_NOBODY = (b"\0" * 32,)
"""Compared against for a name that does not exist, so that it takes as long as one that does."""

AppKeys = Mapping[str, tuple[bytes, ...]]
"""Name of an app -> its keys, two while they are being changed."""


def read_keys(entries: Iterable[str]) -> AppKeys:
    """The keys of `BURSAR_APP_KEYS`.

    Args:
        entries: each `name:secret`.

    Raises:
        ValueError: an entry is not of that form, or its secret could be guessed; the message does not show it.
    """
    keys: dict[str, tuple[bytes, ...]] = {}
    for number, entry in enumerate(entries, 1):
        name, _, secret = entry.partition(":")
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"BURSAR_APP_KEYS: entry {number} is not `name:secret` with a name of a-z, 0-9, _ and - (1 to 32 "
                "characters, a letter first); no command by HTTP or Celery can be verified, so this process does not start"
            )
        if len(secret) < _SHORTEST_SECRET:
            raise ValueError(
                f"BURSAR_APP_KEYS: the secret of {name!r} is shorter than {_SHORTEST_SECRET} characters, which could be "
                "guessed; this process does not start; make one with `openssl rand -hex 32`"
            )
        keys[name] = (*keys.get(name, ()), secret.encode())
    return keys


def prove_request(
    keys: AppKeys,
    *,
    app: str | None,
    timestamp: str | None,
    signature: str | None,
    method: str,
    path: str,
    body: bytes,
    now_s: float,
    tolerance_s: float,
) -> str:
    """The name of the app that signed an HTTP request.

    Args:
        keys: of `read_keys`.
        app: header `Bursar-App`.
        timestamp: header `Bursar-Timestamp`, seconds since 1970; hashed as received.
        signature: header `Bursar-Signature`, `v1=<hex>`.
        method: in upper case.
        path: as it stands in the request line, percent-encoded.
        body: the raw bytes as they came.
        now_s: present time, seconds since 1970.
        tolerance_s: how far the timestamp may lie in the past or in the future.

    Raises:
        Malformed: a header is not of its form.
        Refused: they prove nothing.
    """
    if not app or not timestamp or not signature:
        raise Refused("signature_missing")
    if not (timestamp.isascii() and timestamp.isdigit()) or len(timestamp) > _MOST_DIGITS:
        raise Malformed("timestamp_malformed")
    prove(keys, app, signature, f"{timestamp}.{method}.{path}.".encode("latin-1") + body)
    if abs(now_s - int(timestamp)) > tolerance_s:
        raise Refused("timestamp_out_of_bounds")
    return app


def prove_message(keys: AppKeys, *, app: object, signature: object, task: str, body: str) -> str:
    """The name of the app that signed a Celery message.

    Raises:
        Malformed: the signature is not of its form.
        Refused: it proves nothing.
    """
    if not isinstance(app, str) or not isinstance(signature, str):
        raise Refused("signature_missing")
    prove(keys, app, signature, f"{task}.{body}".encode(errors="surrogatepass"))
    return app


def prove(keys: AppKeys, app: str, signature: str, signed: bytes) -> None:
    """Compare with every key of that name, in a time that tells nothing.

    Raises:
        Malformed: the signature is not of its form.
        Refused: no key of that name made it.
    """
    if not signature.isascii() or not _SIGNATURE.fullmatch(signature):
        raise Malformed("signature_malformed")
    matched = False
    for key in keys.get(app, _NOBODY):
        matched |= hmac.compare_digest(sign(key, signed), signature)
    if not matched or app not in keys:
        raise Refused("signature_wrong" if app in keys else "app_unknown")


def sign(key: bytes, signed: bytes) -> str:
    """The signature of these bytes."""
    return "v1=" + hmac.digest(key, signed, hashlib.sha256).hex()
