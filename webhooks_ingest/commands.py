"""The main app's HTTP door: signed commands in, their states out. Same inbox, same promise: 2xx only for what is committed.

    POST /commands         202 accepted now | 200 known, with its state | 400 404 409 refused for good | 401 | 413 | 503
    GET  /commands/<key>   200 its state | 404

Every answer but 401's says in JSON what is wrong, what it does to money (nothing), and what to do next.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec
import structlog

from core.clock import Clock
from core.settings import Settings
from providers.app.signature import AppKeys, prove_request, read_keys
from providers.refusal import Refused
from webhooks_ingest.announce import Hints
from webhooks_ingest.command_link import Submission
from webhooks_ingest.command_store import CommandRefusedError, CommandStore, CommandsUnavailableError
from webhooks_ingest.envelope import safe
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
    send_answer,
)
from workers.observe import metrics

log = structlog.get_logger(__name__)

PATH = b"/commands"
_ONE = b"/commands/"
_PROOF_HEADER = b"bursar-signature"
_RETRY_AFTER = (b"retry-after", b"5")
_MOST_BYTES = 256 * 1024
"""A payload of 64 KiB may come three times as long, with each letter written as `\\u....`."""
_STATUS_OF = {"BU400": 400, "BU404": 404, "BU409": 409}
_CODE_OF = {400: "invalid_command", 404: "unknown_command", 409: "idempotency_conflict"}


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    payload: msgspec.Raw
    key: str
    lane: str | None = None
    actor: str | None = None


_DECODER = msgspec.json.Decoder(_Body)


class Commands:
    """Answers what comes to `/commands`."""

    def __init__(self, keys: AppKeys, store: CommandStore, clock: Clock, *, tolerance_s: int, body_timeout_s: float | None) -> None:
        self._keys, self._store, self._clock = keys, store, clock
        self._tolerance_s, self._body_timeout_s = tolerance_s, body_timeout_s
        self._failures = Failures()

    def start(self) -> None:
        """Begin, inside a running loop."""
        self._store.start()

    async def close(self) -> None:
        """Write what waits, then end."""
        await self._store.close()

    @staticmethod
    def owns(path: bytes) -> bool:
        """Whether that path is this door's."""
        return path == PATH or path.startswith(_ONE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            answer = await self._answer(scope, receive)
        except Answer as refused:
            answer = refused if refused.body.startswith(b"{") else _problem(refused)
        except GoneError:
            metrics.received("app", "client_left")
            return
        metrics.received("app", answer.reason)
        await send_answer(send, answer, content_type=b"application/json")

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        path: bytes = scope["raw_path"]
        allowed = b"POST" if path == PATH else b"GET"
        if scope["method"] != allowed.decode():
            raise Answer(405, "", (b"allow", allowed), reason="method")
        if scope.get("query_string"):
            raise _refusal(400, "invalid_command", "a query is not signed and not understood")
        raw: RawHeaders = scope["headers"]
        headers = dict(raw)
        if len(headers) != len(raw) and sum(name == _PROOF_HEADER for name, _ in raw) > 1:
            raise Answer(400, reason="signature_header_twice")
        body = b""
        if path == PATH:
            check_framing(headers, raw, _PROOF_HEADER, _MOST_BYTES)
            body = await read_body(receive, max_bytes=_MOST_BYTES, timeout_s=self._body_timeout_s)
        now = self._clock.now()
        app = self._proven(scope, headers, body, now)
        try:
            return await (self._submit(app, body, now) if path == PATH else self._status(path))
        except CommandsUnavailableError:
            raise _refusal(503, "unavailable", "the command is not known to be stored", _RETRY_AFTER) from None

    def _proven(self, scope: Scope, headers: dict[bytes, bytes], body: bytes, now: datetime) -> str:
        try:
            return prove_request(
                self._keys,
                app=_text(headers, b"bursar-app"),
                timestamp=_text(headers, b"bursar-timestamp"),
                signature=_text(headers, _PROOF_HEADER),
                method=scope["method"],
                path=scope["raw_path"].decode("latin-1"),
                body=body,
                now_s=now.timestamp(),
                tolerance_s=self._tolerance_s,
            )
        except Refused as refused:
            address = (scope.get("client") or ("unknown", 0))[0]
            if self._failures.add(address):
                raise _refusal(429, "too_many_failures", "", _RETRY_AFTER) from None
            log.warning("command_refused", reason=refused.reason, address=address, effect="401, nothing was stored")
            raise Answer(401, _json("unauthorized", "not signed by a known app"), reason=refused.reason) from None

    async def _submit(self, app: str, body: bytes, now: datetime) -> Answer:
        submission = _read(body, f"http:{app}", now)
        try:
            answer, new = await self._store.submit(submission)
        except CommandRefusedError as refused:
            status = _STATUS_OF.get(refused.sqlstate, 400)
            if status == 409:
                await self._conflict(submission, body, app)
            raise _refused(status, refused) from None
        return Answer(202 if new else 200, answer, reason="new" if new else "duplicate")

    async def _conflict(self, submission: Submission, body: bytes, app: str) -> None:
        """As a provider's: kept for comparison, and loud, because one of two intentions is not carried out."""
        log.error(
            "command_conflict",
            key=submission.key,
            name=submission.name,
            app=app,
            effect="refused with 409 and kept in inbox_conflict; the first command stands",
            next="compare both bodies; the app uses one key for two different commands",
        )
        headers = msgspec.json.encode({"verified-by": f"app:{app}"}).decode()
        await self._store.keep_conflict(submission, body, headers)

    async def _status(self, path: bytes) -> Answer:
        key = safe(unquote_to_bytes(path[len(_ONE) :]).decode("latin-1"))
        answer = None if key is None else await self._store.status(key)
        if answer is None:
            raise _refusal(404, "unknown_key", "no command came with this key")
        return Answer(200, answer, reason="asked")


def open_commands(settings: Settings, url: str, hints: Hints, clock: Clock) -> Commands | None:
    """The door as `BURSAR_APP_KEYS` says; None, and a line in the log, where there are no keys.

    Raises:
        ValueError: a key could be guessed, or cannot be read; the message names the setting.
    """
    keys = read_keys(key.get_secret_value() for key in settings.app_keys)
    if not keys:
        log.info("commands_shut", reason="BURSAR_APP_KEYS is not set", effect="/commands answers 404; bursar_api.submit stays open")
        return None
    store = CommandStore(
        url,
        hints,
        queue_size=settings.store_queue_size,
        batch_size=settings.store_batch_size,
        timeout_s=settings.store_timeout_s,
    )
    log.info("commands_open", apps=sorted(keys))
    # The server bounds the time of a body (bounded_http.py).
    return Commands(keys, store, clock, tolerance_s=settings.app_tolerance_s, body_timeout_s=None)


def _read(body: bytes, via: str, now: datetime) -> Submission:
    """The request as it is signed. What it must be like is the database's to say; here only what could break a batch."""
    try:
        body.decode()
        told = _DECODER.decode(body)
        payload = bytes(told.payload).decode()
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _refusal(400, "invalid_command", f"the body is not a command: {str(error)[:200]}") from None
    if any("\0" in text for text in (told.name, told.key, told.lane or "", told.actor or "")):
        raise _refusal(400, "invalid_command", "a name, key, lane or actor has a NUL")
    return Submission(told.name, payload, told.key, told.lane, told.actor, via, now)


def _text(headers: dict[bytes, bytes], name: bytes) -> str | None:
    value = headers.get(name)
    return None if value is None else value.decode("latin-1")


def _refused(status: int, refused: CommandRefusedError) -> Answer:
    """The database's own words; PostgreSQL's about a JSON that it cannot keep get our code."""
    code = _CODE_OF[status]
    message = refused.message.removeprefix(f"{code}: ")
    details = {"detail": refused.detail, "hint": refused.hint}
    return Answer(status, _json(code, message, {name: text for name, text in details.items() if text}), reason=code)


def _refusal(status: int, code: str, message: str, *headers: tuple[bytes, bytes]) -> Answer:
    return Answer(status, _json(code, message), *headers, reason=code)


def _problem(answer: Answer) -> Answer:
    """An answer of the plain HTTP layer in this door's form."""
    code = {405: "method_not_allowed", 408: "too_slow", 413: "too_large", 415: "unsupported"}.get(answer.status, "bad_request")
    return Answer(answer.status, _json(code, answer.body.decode()), *answer.headers, reason=answer.reason)


def _json(code: str, message: str, details: dict[str, Any] | None = None) -> str:
    """The error object that every door of ours speaks (SEC-9)."""
    return msgspec.json.encode({"code": code, "message": message, "details": details or {}}).decode()
