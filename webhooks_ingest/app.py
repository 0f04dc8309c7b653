"""The door as an ASGI callable: exact paths, one verdict per request, 200 only for what is committed.

    POST /webhooks/<source>   200 stored (or known already) | 400 401 404 405 408 409 413 415 429 refused | 503 come again
    /commands, /commands/<key>                     the main app's door, see commands.py
    GET  /healthz             200 the process runs
    GET  /readyz              200 the database takes events | 503
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import structlog

from core.clock import Clock
from providers.refusal import Refused
from webhooks_ingest.commands import Commands
from webhooks_ingest.envelope import Challenge, Envelope, Plug, Routing
from webhooks_ingest.failures import Failures
from webhooks_ingest.http import (
    Answer,
    GoneError,
    RawHeaders,
    Receive,
    Scope,
    Send,
    check_framing,
    read_body,
    retry_later,
    send_answer,
    send_ok,
)
from webhooks_ingest.insert import Outcome, Row
from webhooks_ingest.store import Store, UnavailableError
from workers.observe import metrics

log = structlog.get_logger(__name__)

_WEBHOOKS = b"/webhooks/"
_CHECKS = (b"/healthz", b"/readyz")
LIVEMODE = "livemode"
"""Why an event of the other mode is ignored."""


class Door:
    """One receiver."""

    def __init__(
        self,
        plugs: Mapping[str, Plug],
        routing: Routing,
        store: Store,
        clock: Clock,
        *,
        live: bool,
        max_body_bytes: int,
        body_timeout_s: float | None,
        commands: Commands | None = None,
    ) -> None:
        self._commands = commands
        self._plugs = {_WEBHOOKS + source.encode(): plug for source, plug in plugs.items()}
        self._headers = {source: [(name.encode(), name) for name in plug.headers] for source, plug in plugs.items()}
        self._routing, self._store, self._clock, self._live = routing, store, clock, live
        self._max_body_bytes, self._body_timeout_s = max_body_bytes, body_timeout_s
        self._failures = Failures()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise RuntimeError(f"the door speaks HTTP only, not {scope['type']}")
        plug = self._plugs.get(scope["raw_path"])
        if plug is None:
            if self._commands is not None and self._commands.owns(scope["raw_path"]):
                await self._commands(scope, receive, send)
                return
            await send_answer(send, await self._check(scope["raw_path"], scope["method"]))
            return
        try:
            await self._deliver(plug, scope, receive)
        except Answer as answer:
            if answer.status != 200:
                metrics.received(plug.source, answer.reason)
            kind = b"application/json" if answer.status == 200 else b"text/plain; charset=utf-8"
            await send_answer(send, answer, content_type=kind)
        except GoneError:
            metrics.received(plug.source, "client_left")
        else:
            await send_ok(send)

    async def _deliver(self, plug: Plug, scope: Scope, receive: Receive) -> None:
        """Return when it is stored; anything else is an `Answer`."""
        if scope["method"] != "POST":
            raise Answer(405, "", (b"allow", b"POST"), reason="method")
        raw: RawHeaders = scope["headers"]
        headers = dict(raw)
        check_framing(headers, raw, plug.proof_header, self._max_body_bytes)
        body = await read_body(receive, max_bytes=self._max_body_bytes, timeout_s=self._body_timeout_s)
        now = self._clock.now()
        try:
            texts = {name: headers[key].decode("latin-1") for key, name in self._headers[plug.source] if key in headers}
            if plug.prepare is not None:
                await plug.prepare(texts, now)
            verified = plug.verify(texts, body, now)
        except Refused as refused:
            raise self._refusal(plug.source, refused, scope) from None
        if isinstance(verified, Challenge):
            metrics.received(plug.source, "challenge")
            raise Answer(200, verified.answer.decode())
        try:
            outcome = await self._store.submit(self._row(verified, now))
        except UnavailableError:
            raise retry_later(503, "cannot be stored just now", "unavailable") from None
        if outcome is Outcome.CONFLICT:
            log.error(
                "delivery_conflict",
                source=verified.source,
                event_id=verified.event_id,
                transmission_id=verified.transmission_id,
                sha256=verified.sha256.hex(),
                effect="refused with 409 and kept in inbox_conflict; the first body stands, no money moved",
                next="compare both bodies; a body made for a genuine PayPal signature is an attack",
            )
            raise Answer(409, "known with another body", reason="conflict_refused")

    def _row(self, envelope: Envelope, now: datetime) -> Row:
        destination = self._routing(envelope.source, envelope.event_type)
        reason = destination.ignored_reason
        if envelope.livemode is not None and envelope.livemode != self._live:
            reason = LIVEMODE
            log.error(
                "livemode_mismatch",
                source=envelope.source,
                event_id=envelope.event_id,
                livemode=envelope.livemode,
                effect="stored as ignored, never processed",
                next="the endpoint of the other mode points here, or BURSAR_MODE is wrong",
            )
        state = "received" if reason is None else "ignored"
        return Row(envelope, destination.queue, state, reason, now, now, destination.label)

    def _refusal(self, source: str, refused: Refused, scope: Scope) -> Answer:
        """401 and 400 say nothing more: the sender may be an attacker."""
        if refused.status == 503:
            return retry_later(503, "cannot be verified just now", refused.reason)
        address = (scope.get("client") or ("unknown", 0))[0]
        if self._failures.add(address):
            return retry_later(429, "", "too_many_failures")
        log.warning("delivery_refused", source=source, reason=refused.reason, address=address)
        return Answer(refused.status, "", reason=refused.reason)

    async def _check(self, path: bytes, method: str) -> Answer:
        if path not in _CHECKS:
            return Answer(404)
        if method not in ("GET", "HEAD"):
            return Answer(405, "", (b"allow", b"GET, HEAD"))
        if path == b"/healthz":
            return Answer(200, "ok\n")
        if await self._store.ready():
            return Answer(200, "ready\n")
        return retry_later(503, "the database does not take events\n", "not_ready")
