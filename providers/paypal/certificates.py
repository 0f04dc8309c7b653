"""PayPal's certificates as the receiver holds them: in memory for a day, on disk for as long as they are valid.

A certificate lasts about a year and its URL names it, so one fetch serves for months, also after restarts and while
PayPal's API host is away. What cannot be had, or is not proven to be PayPal's, is `Unprovable`: the delivery is
answered 503 and comes again.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from core.clock import monotonic_s
from providers.paypal.chain import UntrustedError, public_key
from providers.paypal.fetch_certificate import fetch_certificate
from providers.paypal.signature import Environment
from providers.refusal import Unprovable

log = structlog.get_logger(__name__)

KEPT = timedelta(hours=24)
"""How long a checked key is used before chain and dates are checked again."""
_MOST_KEYS = 32
_FAILED_FOR_S = 15.0
_MOST_FAILED = 256
_FETCHES_PER_MIN = 60
"""Over all: anybody can name certificates that do not exist, and each would be asked for at PayPal."""


class Certificates:
    """Keys by certificate URL. Thread-safe; `obtain` blocks and is called in a thread."""

    def __init__(
        self,
        folder: Path,
        environment: Environment,
        anchors: Sequence[x509.Certificate],
        *,
        fetch: Callable[[str], bytes] = fetch_certificate,
    ) -> None:
        self._folder, self._environment, self._anchors, self._fetch = folder, environment, anchors, fetch
        self._keys: OrderedDict[str, tuple[RSAPublicKey, datetime]] = OrderedDict()
        self._failed: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._fetched_s: deque[float] = deque()
        self._lock = threading.Lock()

    def held(self, url: str, now: datetime) -> RSAPublicKey | None:
        """The key, if it is in memory and fresh."""
        key, until = self._keys.get(url, (None, now))
        return key if now < until else None

    def obtain(self, url: str, now: datetime) -> RSAPublicKey:
        """The key, from memory, disk or PayPal. The caller has checked the URL.

        Raises:
            Unprovable: it cannot be had, or is not proven to be PayPal's.
        """
        key = self.held(url, now) or self._from_disk(url, now)
        if key is not None:
            return key
        self._may_fetch(url)
        try:
            pem = self._fetch(url)
            key = public_key(pem, self._anchors, self._environment, now)
        except (Unprovable, UntrustedError) as error:
            self._remember_failure(url, str(error))
            raise Unprovable("certificate_not_to_be_had") from error
        self._keep(url, key, now)
        self._to_disk(url, pem)
        return key

    def _from_disk(self, url: str, now: datetime) -> RSAPublicKey | None:
        try:
            pem = self._path(url).read_bytes()
            key = public_key(pem, self._anchors, self._environment, now)
        except (OSError, UntrustedError):
            return None  # absent, or no longer valid: PayPal is asked
        self._keep(url, key, now)
        return key

    def _keep(self, url: str, key: RSAPublicKey, now: datetime) -> None:
        with self._lock:
            self._keys[url] = (key, now + KEPT)
            self._keys.move_to_end(url)
            while len(self._keys) > _MOST_KEYS:
                self._keys.popitem(last=False)

    def _may_fetch(self, url: str) -> None:
        now_s = monotonic_s()
        with self._lock:
            failed_s, reason = self._failed.get(url, (-_FAILED_FOR_S, ""))
            if now_s - failed_s < _FAILED_FOR_S:
                raise Unprovable(f"certificate_failed_just_now: {reason}")
            while self._fetched_s and now_s - self._fetched_s[0] > 60:
                self._fetched_s.popleft()
            if len(self._fetched_s) >= _FETCHES_PER_MIN:
                raise Unprovable("certificate_fetches_exhausted")
            self._fetched_s.append(now_s)

    def _remember_failure(self, url: str, reason: str) -> None:
        log.error(
            "paypal_certificate_refused",
            url=url,
            reason=reason,
            effect="its deliveries are answered 503 and not stored; PayPal repeats them for about 3 days",
        )
        with self._lock:
            self._failed[url] = (monotonic_s(), reason)
            self._failed.move_to_end(url)
            while len(self._failed) > _MOST_FAILED:
                self._failed.popitem(last=False)

    def _to_disk(self, url: str, pem: bytes) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(handle, "wb") as out:
                out.write(pem)
            Path(name).replace(self._path(url))
        except OSError as error:
            log.warning(
                "paypal_certificate_not_kept", error=str(error), effect="it is fetched again after the next restart"
            )

    def _path(self, url: str) -> Path:
        return self._folder / f"{hashlib.sha256(url.encode()).hexdigest()}.pem"
