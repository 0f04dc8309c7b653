"""Commands by signed HTTP, for apps whose database is another one: `POST /commands`, repeated with the same key."""

from __future__ import annotations

import http.client
import json
import random
import ssl
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

from bursar_client.bursar import Bursar, Envelope
from bursar_client.errors import REFUSALS, BursarError, InvalidCommand, Unavailable
from bursar_client.signing import check_secret, request_headers
from bursar_client.status import Status, read_status

_AGAIN = frozenset({408, 429, 502, 503, 504})
_MOST_ANSWER_BYTES = 1024 * 1024


class HttpBursar(Bursar):
    """Bursar through its receiver. One per process is enough; it holds no connection open."""

    def __init__(
        self,
        url: str,
        *,
        app: str,
        secret: str,
        timeout_s: float = 5.0,
        patience_s: float = 15.0,
        context: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """
        Args:
            url: where the receiver is, `https://bursar.example.com`. The path must reach it unchanged: it is signed.
            app: the name of this app's key.
            secret: its secret, 32 characters or more.
            timeout_s: for connecting, and for each wait for bytes.
            patience_s: how long one call may take with all its attempts; 0: one attempt.
            context: for TLS; by default the system's certificates are trusted.
            clock: seconds since 1970. Bursar accepts it 300 s off at most.

        Raises:
            ValueError: the URL or the secret is none.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"{url!r} is not the address of a receiver, as https://bursar.example.com")
        self._host, self._port, self._tls = parts.hostname, parts.port, parts.scheme == "https"
        self._path = parts.path.rstrip("/") + "/commands"
        self._app, self._secret = app, check_secret(secret)
        self._timeout_s, self._patience_s = timeout_s, patience_s
        self._context, self._clock = context, clock

    def status(self, key: str) -> Status | None:
        """As `Bursar.status`."""
        code, told = self._call("GET", f"{self._path}/{quote(key, safe='')}", b"")
        if code == 404 and told.get("code") == "unknown_key":
            return None
        return read_status(self._fine(code, told))

    def _submit(self, envelope: Envelope) -> Status:
        return read_status(self._fine(*self._call("POST", self._path, envelope.body(named=True).encode())))

    def _fine(self, status: int, told: dict[str, Any]) -> dict[str, Any]:
        """What was told with a 2xx.

        Raises:
            BursarError: anything else, in the class of its code.
        """
        if status in (200, 202):
            return told
        code = told.get("code")
        message, details = told.get("message") or f"HTTP {status}", told.get("details")
        if status in _AGAIN:
            raise Unavailable(f"{message} (HTTP {status}, after {self._patience_s:g} s of attempts)", details=details)
        if code in REFUSALS:
            raise REFUSALS[code](message, details=details)
        if status in (400, 413, 415):
            raise InvalidCommand(message, details=details)
        raise BursarError(
            f"{message}: the receiver has no such door; is the URL right, and BURSAR_APP_KEYS set there?"
            if status in (404, 405) else f"an answer that this client does not know: HTTP {status}: {message}",
            code=code, details=details,
        )

    def _call(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Status and JSON of the answer. What may be repeated is, within the patience; the last such answer is told.

        Raises:
            Unavailable: there was no answer at all.
        """
        deadline_s, pause_s = time.monotonic() + self._patience_s, 0.1
        while True:
            try:
                status, told, wished_s = self._once(method, path, body)
            except (OSError, http.client.HTTPException) as error:
                left_s = deadline_s - time.monotonic()
                if left_s <= 0:
                    place = f"{self._host}:{self._port or ('443' if self._tls else '80')}"
                    raise Unavailable(f"no answer from {place}: {type(error).__name__}: {error}") from error
                wished_s = 0.0
            else:
                left_s = deadline_s - time.monotonic()
                if status not in _AGAIN or left_s <= 0:
                    return status, told
            # Spread, so that apps that lost Bursar together do not come back together.
            time.sleep(min(left_s, max(wished_s, pause_s * random.uniform(0.5, 1.5))))  # noqa: S311 - no secret
            pause_s = min(2 * pause_s, 2.0)

    def _once(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any], float]:
        if self._tls:
            tls = self._context or ssl.create_default_context()
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                self._host, self._port, timeout=self._timeout_s, context=tls
            )
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        try:
            headers = request_headers(
                self._secret, self._app, method=method, path=path, body=body, at_s=int(self._clock())
            )
            if body:
                headers["Content-Type"] = "application/json"
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, _json(answer.read(_MOST_ANSWER_BYTES)), _seconds(answer.getheader("Retry-After"))
        finally:
            connection.close()


def _json(body: bytes) -> dict[str, Any]:
    """The answer's object; empty when it is none, as a proxy's own page."""
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _seconds(header: str | None) -> float:
    return float(header) if header and header.isdigit() else 0.0
