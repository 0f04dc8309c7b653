"""The commands' Celery door: `send_task("billing.<domain>.<verb>.v1", kwargs={"body", "app", "signature"})`.

For habit's sake, and the weakest door: a broker can lose a message, and whoever reaches it can write one. So the body
carries the app's HMAC, a message without a good one leaves no trace but a count and a line in the log, and what is good
becomes the same inbox row as by SQL or HTTP before anything is done. After that the row is the truth, not the message.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import msgspec
import structlog
from sqlalchemy.exc import DBAPIError

from core.settings import current
from providers.app.signature import AppKeys, prove_message, read_keys
from providers.refusal import Refused
from workers import accept_command
from workers import context as surroundings
from workers.accept_command import Stored, Submission
from workers.app import HintTask, SettledError, app
from workers.celery_tasks import hint_row, run
from workers.consumer import UNKNOWN_TASK
from workers.failures import Failure
from workers.observe import metrics
from workers.routes import ROUTES

log = structlog.get_logger(__name__)

TASK_UNKNOWN = "task_unknown"
_NAME = re.compile(r"[\x21-\x7e]{1,255}")
_MOST_BYTES = 256 * 1024
_MOST_TRIES = 45
_LONGEST_WAIT_S = 15
"""With the waits 1, 2, 4, 8, 15, 15, ... s these tries last 10 minutes. Short, because a waiting message keeps its place in a
quorum queue's prefetch."""


class CommandTask(HintTask):
    """The base of the commands' tasks: their arguments are shown to nobody.

    A hint may be acknowledged early, because its row is there already. Here the message is all there is until the row is
    committed, so it is acknowledged late and comes again, a few times, when its process died; the key makes that harmless.
    """

    abstract = True
    acks_late = True
    retry_on_worker_lost = True
    max_retries = _MOST_TRIES
    default_retry_delay = 5
    Request = "workers.command_request:CommandRequest"


class CommandRefusedError(SettledError):
    """The message is no command of a known app, or one that cannot be accepted; nothing was done."""


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    key: str
    payload: msgspec.Raw
    lane: str | None = None
    actor: str | None = None


_DECODER = msgspec.json.Decoder(_Body)


@cache
def _keys() -> AppKeys:
    return read_keys(key.get_secret_value() for key in current().app_keys)


def take(task: Any, name: str, arguments: tuple[Any, ...], told: dict[str, Any]) -> str:
    """Verify a message, store its command, and work at it. Without the database it comes again, within bounds.

    Raises:
        CommandRefusedError: it was not stored, for good.
        Retry: the database is away.
    """
    submission, body = _verified(name, arguments, told)
    context = surroundings.process_context()
    try:
        with context.engine.begin() as connection:
            stored = accept_command.accept(connection, submission)
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None) or ""
        if state == "BU404":
            return _keep(task, submission, body)
        if state[:2] in ("BU", "22", "54"):
            raise _refusal(task, submission, body, state, str(error.orig)) from None
        raise _again(task, submission, error) from None
    metrics.received("app", "celery")
    return _work(task, stored)


def _verified(name: str, arguments: tuple[Any, ...], told: dict[str, Any]) -> tuple[Submission, str]:
    body = told.get("body")
    try:
        if arguments or not isinstance(body, str) or set(told) - {"body", "app", "signature"} or len(body) > _MOST_BYTES:
            raise Refused("arguments_malformed")
        if not _NAME.fullmatch(name):
            raise Refused("name_malformed")
        sender = prove_message(_keys(), app=told.get("app"), signature=told.get("signature"), task=name, body=body)
    except Refused as refused:
        metrics.received("app", f"celery_{refused.reason}")
        log.warning("command_refused", via="celery", name=name[:255], reason=refused.reason, effect="nothing was stored")
        raise CommandRefusedError(f"not signed by a known app: {refused.reason}") from None
    try:
        read = _DECODER.decode(body)
        texts = (read.key, read.lane or "", read.actor or "", name)
        if any("\0" in text for text in texts):
            raise ValueError("a NUL in key, lane, actor or name")
        payload = bytes(read.payload).decode()
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        metrics.received("app", "celery_invalid_command")
        log.error("command_malformed", name=name[:255], app=sender, error=str(error)[:200], effect="nothing was stored")
        raise CommandRefusedError(f"invalid_command: {str(error)[:200]}") from None
    now = surroundings.process_context().clock.now()
    return Submission(name, payload, read.key, read.lane, read.actor, sender, now), body


def _work(task: Any, stored: Stored) -> str:
    """As on a hint: at once, if this worker serves the command's queue; else its own one is told."""
    if stored.state != "received":
        return f"known, {stored.state}"
    served = (task.request.delivery_info or {}).get("routing_key")
    if served == stored.queue:
        return run(stored.queue, [stored.id])
    hint_row(stored.queue, stored.id)
    return f"accepted for the queue {stored.queue}"


def _keep(task: Any, submission: Submission, body: str) -> str:
    """A name that neither the database nor this version knows: kept, dead, until a version comes that does."""
    failure = Failure(
        error_class="UnknownCommandError",
        error=f"{TASK_UNKNOWN}: no command {submission.name} in this version; after an upgrade that knows it, replay this row",
        fingerprint=TASK_UNKNOWN,
    )
    try:
        with surroundings.process_context().engine.begin() as connection:
            kept = accept_command.keep_unknown(connection, submission, failure)
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None) or ""
        if state[:2] in ("22", "23", "54"):
            raise _refusal(task, submission, body, "BU400", str(error.orig)) from None
        raise _again(task, submission, error) from None
    if not kept:
        raise _refusal(task, submission, body, "BU409", "idempotency_conflict: the key belongs to another command")
    metrics.received("app", TASK_UNKNOWN)
    log.error(
        TASK_UNKNOWN,
        name=submission.name,
        key=submission.key,
        app=submission.app,
        effect="kept as a dead row, nothing was done",
        next="upgrade the workers, then `bursar inbox replay`",
    )
    raise CommandRefusedError(failure.error)


def _refusal(task: Any, submission: Submission, body: str, state: str, message: str) -> CommandRefusedError:
    """What the database will never accept. Another body under a known key is kept, as at the other doors."""
    conflict = state == "BU409"
    if conflict:
        try:
            with surroundings.process_context().engine.begin() as connection:
                accept_command.keep_conflict(connection, submission, body)
        except DBAPIError as error:
            raise _again(task, submission, error) from None
    metrics.received("app", "celery_idempotency_conflict" if conflict else "celery_invalid_command")
    first = message.splitlines()[0][:300]
    log.error(
        "command_conflict" if conflict else "command_invalid",
        key=submission.key[:255],
        name=submission.name,
        app=submission.app,
        error=first,
        effect="not stored; the first command stands" if conflict else "not stored",
    )
    return CommandRefusedError(first)


def _again(task: Any, submission: Submission, error: DBAPIError) -> Exception:
    """What to raise when the database did not take it: the message comes again, until its tries are used up."""
    tries = task.request.retries
    if tries >= _MOST_TRIES:
        metrics.received("app", "celery_lost")
        log.error(
            "command_lost",
            key=submission.key,
            name=submission.name,
            app=submission.app,
            error=str(error.orig)[:300],
            effect="the message is given up, nothing was stored; the app finds no status for its key and sends it again",
        )
        return CommandRefusedError(f"the database was away for {tries} tries: {str(error.orig)[:300]}")
    metrics.received("app", "celery_retried")
    log.warning("command_waits", key=submission.key, name=submission.name, tries=tries, error=str(error.orig)[:200])
    wait_s = min(2**tries, _LONGEST_WAIT_S)
    again: Exception = task.retry(countdown=wait_s, max_retries=_MOST_TRIES, throw=False)
    return again


def register(name: str) -> None:
    """A task for one command's name; the message's arguments are its whole interface."""

    @app.task(name=name, bind=True, base=CommandTask)  # type: ignore[untyped-decorator]
    def _take(self: Any, *arguments: Any, **told: Any) -> str:
        return take(self, name, arguments, told)


@app.task(name=UNKNOWN_TASK, bind=True, base=CommandTask)  # type: ignore[untyped-decorator]
def _take_unknown(self: Any, *arguments: Any, **told: Any) -> str:
    return take(self, self.request.shadow or "", arguments, told)


for _name in ROUTES.get("app", {}):
    register(_name)
