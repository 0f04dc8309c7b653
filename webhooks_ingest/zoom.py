"""Zoom's plug: HMAC over the raw bytes, the signed challenge, and the body's hash as event id, since Zoom gives none."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from core.settings import Settings
from providers.refusal import Malformed
from providers.zoom.signature import encrypted_token, matching_secret
from webhooks_ingest.envelope import (
    UNPARSABLE,
    Challenge,
    Envelope,
    NotJsonError,
    decoded,
    kept_headers,
    key_name,
    safe,
    secret_bytes,
)

SOURCE = "zoom"
_CHALLENGE = "endpoint.url_validation"
_KEPT_HEADERS = ("x-zm-signature", "x-zm-request-timestamp", "x-zm-trackingid", "content-type")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DECODER: msgspec.json.Decoder[dict[str, Any]] = msgspec.json.Decoder(dict[str, Any])


class ZoomPlug:
    """Verifier and extractor of Zoom's deliveries."""

    source = SOURCE
    proof_header = b"x-zm-signature"
    headers = _KEPT_HEADERS
    prepare = None

    def __init__(self, settings: Settings) -> None:
        """Raises ValueError when `BURSAR_ZOOM_WEBHOOK_SECRETS` is missing."""
        self._secrets = secret_bytes(settings.zoom_webhook_secrets, "BURSAR_ZOOM_WEBHOOK_SECRETS")
        self._names = [key_name(secret) for secret in self._secrets]
        self._tolerance_s = settings.zoom_tolerance_s

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Envelope | Challenge:
        """As `Plug.verify`."""
        matched = matching_secret(
            headers.get("x-zm-signature"),
            headers.get("x-zm-request-timestamp"),
            body,
            self._secrets,
            now_s=now.timestamp(),
            tolerance_s=self._tolerance_s,
        )
        event = _read(body)
        payload = _mapping(event.get("payload"))
        if event.get("event") == _CHALLENGE:
            return _answered(payload, self._secrets[matched])
        digest = hashlib.sha256(body).digest()
        meeting = _mapping(payload.get("object"))
        account, meeting_id = _text(payload.get("account_id")), _text(meeting.get("id"))
        occurrence = _text(meeting.get("uuid")) or meeting_id
        lane = ":".join(part for part in (account, occurrence) if part)
        return Envelope(
            source=SOURCE,
            event_id=digest.hex(),
            event_type=safe(event.get("event")) or UNPARSABLE,
            object_id=occurrence,
            account=account,
            lane=f"zoom:{lane or digest.hex()}",
            livemode=None,
            api_version=None,
            occurred_at=_instant(event.get("event_ts")),
            headers=kept_headers(headers, _KEPT_HEADERS, self._names[matched]),
            body=body,
            sha256=digest,
        )


def _read(body: bytes) -> dict[str, Any]:
    try:
        return _mapping(decoded(body, _DECODER))
    except NotJsonError:
        return {}


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    # Zoom writes meeting ids as numbers and as texts.
    return safe(str(value) if type(value) is int and abs(value) < 2**63 else value)


def _answered(payload: Mapping[str, Any], secret: bytes) -> Challenge:
    token = payload.get("plainToken")
    if not isinstance(token, str):
        raise Malformed("plain_token_malformed")
    return Challenge(msgspec.json.encode({"plainToken": token, "encryptedToken": encrypted_token(token, secret)}))


def _instant(told_ms: object) -> datetime | None:
    try:
        return _EPOCH + timedelta(milliseconds=told_ms) if type(told_ms) is int else None
    except OverflowError:
        return None  # as in Stripe's: the worker's reader says so
