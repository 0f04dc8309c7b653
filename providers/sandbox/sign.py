"""Signs a body as its provider would, with a secret that the receiver knows. Only for what we send to ourselves."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime


def stripe_headers(secret: str, body: bytes, at: datetime) -> dict[str, str]:
    """Stripe's scheme v1: HMAC-SHA256 over `<unix seconds>.<body>` with the whole secret, its prefix included."""
    stamp = int(at.timestamp())
    digest = _hmac(secret, f"{stamp}.".encode() + body)
    return {"Content-Type": "application/json", "Stripe-Signature": f"t={stamp},v1={digest}"}


def zoom_headers(secret: str, body: bytes, at: datetime) -> dict[str, str]:
    """Zoom's scheme v0: HMAC-SHA256 over `v0:<unix seconds>:<body>`."""
    stamp = int(at.timestamp())
    digest = _hmac(secret, f"v0:{stamp}:".encode() + body)
    return {
        "Content-Type": "application/json",
        "x-zm-signature": f"v0={digest}",
        "x-zm-request-timestamp": str(stamp),
    }


def _hmac(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
