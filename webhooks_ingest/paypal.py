"""PayPal's plug: RSA by a certificate that PayPal serves, the transmission bound to one body.

The certificate is got before `verify` and off the event loop. What PayPal signs does not prove the body (see
providers/paypal/signature.py), hence two guards here: another body under a known event id or transmission id is refused,
and the ids that answers to our own calls have (`fetch-...`, `answer-...`) cannot be taken from outside.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from core.settings import Settings
from providers.paypal.certificates import Certificates
from providers.paypal.chain import load_anchors
from providers.paypal.fetch_certificate import fetch_certificate
from providers.paypal.signature import check_age, matching_webhook, read
from providers.refusal import Unprovable
from webhooks_ingest.envelope import UNPARSABLE, Envelope, NotJsonError, decoded, digest_id, kept_headers, safe

SOURCE = "paypal"
_OWN_ANSWERS = ("fetch-", "answer-")
_FETCHES_AT_ONCE = 4
_KEPT_HEADERS = (
    "paypal-transmission-id",
    "paypal-transmission-time",
    "paypal-transmission-sig",
    "paypal-cert-url",
    "paypal-auth-algo",
    "paypal-auth-version",
    "correlation-id",
    "content-type",
)
_DECODER: msgspec.json.Decoder[dict[str, Any]] = msgspec.json.Decoder(dict[str, Any])


class PayPalPlug:
    """Verifier and extractor of PayPal's deliveries."""

    source = SOURCE
    proof_header = b"paypal-transmission-sig"
    headers = _KEPT_HEADERS

    def __init__(self, settings: Settings, *, fetch: Callable[[str], bytes] = fetch_certificate) -> None:
        """Raises ValueError when `BURSAR_PAYPAL_WEBHOOK_ID` is missing or the trust anchors cannot be read."""
        self._webhook_ids = [part.strip() for part in settings.paypal_webhook_id.split(",") if part.strip()]
        if not self._webhook_ids:
            raise ValueError(
                "BURSAR_PAYPAL_WEBHOOK_ID is not set: it is part of what PayPal signs, so the receiver does not start; "
                "set it (PayPal's dashboard shows it beside the URL), or take paypal out of BURSAR_SOURCES"
            )
        self._environment = settings.paypal_environment
        self._max_age_s = settings.paypal_max_age_s
        self._certificates = Certificates(
            settings.home / "paypal-certs",
            self._environment,
            load_anchors(settings.paypal_trust_anchors),
            fetch=fetch,
        )
        self._fetching = asyncio.Semaphore(_FETCHES_AT_ONCE)

    async def prepare(self, headers: Mapping[str, str], now: datetime) -> None:
        """Get the certificate that the headers name, unless it is at hand.

        Raises:
            Refused: the headers are not PayPal's; nobody was asked anything.
            Unprovable: the certificate cannot be had.
        """
        transmission = read(headers, self._environment)
        check_age(transmission, now, self._max_age_s)
        if self._certificates.held(transmission.cert_url, now) is None:
            async with self._fetching:
                await asyncio.to_thread(self._certificates.obtain, transmission.cert_url, now)

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Envelope:
        """As `Plug.verify`; call `prepare` before."""
        transmission = read(headers, self._environment)
        check_age(transmission, now, self._max_age_s)
        key = self._certificates.held(transmission.cert_url, now)
        if key is None:
            raise Unprovable("certificate_not_at_hand")
        webhook = matching_webhook(transmission, body, self._webhook_ids, key)
        digest = hashlib.sha256(body).digest()
        event = _read(body)
        resource = _mapping(event.get("resource"))
        told_id = safe(event.get("id"))
        usable = told_id is not None and not told_id.startswith(_OWN_ANSWERS)
        event_id = told_id if told_id is not None and usable else digest_id(digest)
        object_id = safe(resource.get("id")) or safe(resource.get("dispute_id")) or safe(resource.get("payout_item_id"))
        event_type = (safe(event.get("event_type")) or UNPARSABLE) if usable else UNPARSABLE
        return Envelope(
            source=SOURCE,
            event_id=event_id,
            event_type=event_type,
            object_id=object_id,
            account=None,
            lane=f"paypal:{_lane(event_type, resource) or object_id or event_id}",
            livemode=self._environment == "live",
            api_version=safe(event.get("resource_version")),
            occurred_at=_instant(event.get("create_time")),
            headers=kept_headers(headers, _KEPT_HEADERS, self._webhook_ids[webhook]),
            body=body,
            sha256=digest,
            transmission_id=transmission.id,
            other_bytes_refused=True,
        )


def _read(body: bytes) -> dict[str, Any]:
    try:
        return _mapping(decoded(body, _DECODER))
    except NotJsonError:
        return {}


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _lane(event_type: str, resource: Mapping[str, Any]) -> str | None:
    """The subscription, else what the shop wrote on the payment, which refunds and disputes of it repeat."""
    agreement = safe(resource.get("billing_agreement_id"))
    if agreement is None and event_type.startswith("BILLING.SUBSCRIPTION."):
        agreement = safe(resource.get("id"))
    return agreement or safe(resource.get("custom_id")) or safe(resource.get("custom"))


def _instant(told: object) -> datetime | None:
    if not isinstance(told, str):
        return None
    try:
        at = datetime.fromisoformat(told)
        return (at.replace(tzinfo=UTC) if at.tzinfo is None else at).astimezone(UTC)
    except (ValueError, OverflowError):
        return None  # as in Stripe's: the worker's reader says so
