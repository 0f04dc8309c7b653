"""Sends submissions: the one way in which anything is made or moved at a provider (promise 4, PAY-2, PAY-3, PAY-16).

in_flight is committed before the call, the answer with the `submitted` mark after it. Whatever dies in between leaves a row
that says so; then the same key and body are sent again, and the provider answers what it did the first time. Where the key
can say no more (a stored 5xx, or its life is over), the object is looked up; only when there surely is none, the next key
is used. Nothing is ever sent blindly a second time.
"""

from __future__ import annotations

import importlib
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple, cast

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from core import failpoints
from models.statements import by_itself
from providers.answer import Answer
from providers.errors import Final, KeySpent, NotConfigured, RateLimited, Retryable, Unknown
from providers.submission import Flight, Submitter
from workers import gate, submissions
from workers.context import Context
from workers.inbox import HANDLED
from workers.routing import call_of

log = structlog.get_logger(__name__)

SUFFIX = ".submit"
UNKNOWN_LADDER_S = (0.0, 30.0, 300.0, 3600.0, *[86400.0] * 5)
"""PAY-16: at once, 30 s, 5 m, 1 h, then daily for 5 days; then people are told, and the submission stays unknown."""
_NOT_SENT_FIRST_S, _NOT_SENT_MOST_S = 1.0, 3600.0
_DOUBLINGS = 12


class Again(NamedTuple):
    """The call is not through; `error` says why. `counted`: it uses up a step of the ladder. None for `after_s`: no more tries."""

    after_s: float | None
    counted: bool
    error: BaseException


def perform(context: Context, kind: str, key: str, lane: str, attempts: int) -> Answer | Again | None:
    """Send, or ask what came of it.

    Args:
        context: the process's surroundings.
        kind: `<provider>.submit`.
        key: the submission's.
        lane: in which the answer is processed.
        attempts: how often it was unknown before.

    Returns:
        The answer, to be stored in the transaction that settles the call; or when to try again; or None: there is nothing to do
        any more.
    """
    source = kind.removesuffix(SUFFIX)
    provider = _provider(kind)
    for _ in range(3):  # send, look up, send under the next key
        ready = _ready(context, provider, source, key, lane)
        if ready is None or isinstance(ready, Again):
            return ready
        failpoints.reach("call.in_flight")
        try:
            if not ready.ask:
                return _sent(context, provider, source, ready.flight)
        except KeySpent:
            pass
        except DBAPIError:
            raise
        except HANDLED as error:
            return _failed(context, source, ready.flight, error, attempts)
        answer = _looked_up(context, provider, source, ready.flight, attempts)
        if answer is not None:
            return answer
    return Again(UNKNOWN_LADDER_S[1], counted=True, error=Unknown(f"{key}: two keys in a row say nothing; it is asked again"))


def _failed(context: Context, source: str, flight: Flight, error: BaseException, attempts: int) -> Again:
    """What an error means. One that is no provider's is a bug of ours, in the call or in reading its reply: it may have been sent."""
    if isinstance(error, Retryable):
        return _not_sent(context, source, flight, error)
    step = len(UNKNOWN_LADDER_S) if isinstance(error, Final) else attempts
    return _unknown(context, source, flight.submission, error, step)


class _Ready(NamedTuple):
    flight: Flight
    ask: bool
    """The key may be forgotten: look up instead of sending."""


def _ready(context: Context, provider: Submitter, source: str, key: str, lane: str) -> _Ready | Again | None:
    """Take leave at the gate and mark the submission in flight; None: it needs no sending any more."""
    now = context.clock.now()
    with context.engine.connect() as connection:
        first = submissions.take_off_first(connection, source, key, lane, context.settings, now)
        connection.commit()
        if first is not None:
            return _Ready(first, ask=False)
        with connection.begin():
            return _ready_again(connection, context, provider, source, key, lane, now)


def _ready_again(
    connection: Connection, context: Context, provider: Submitter, source: str, key: str, lane: str, now: datetime
) -> _Ready | Again | None:
    """The same for one that may have been sent before, or is held up at the gate."""
    found = submissions.read(connection, source, key, lane, now)
    if found is None or found[1] in ("submitted", "settled", "abandoned"):
        return None
    wait = gate.enter(connection, source, context.settings)
    if wait is not None:
        return Again(wait.seconds, counted=False, error=gate.GateShutError(wait.why))
    flight = found[0]
    if flight.sent_before and provider.key_ended(flight, now):
        return _Ready(flight, ask=True)
    return _Ready(flight, ask=False) if submissions.take_off(connection, source, key, now) else None


def due(again: Again, now: datetime) -> datetime:
    """When it is tried again."""
    return now + timedelta(seconds=again.after_s or 0)


def _sent(context: Context, provider: Submitter, source: str, flight: Flight) -> Answer:
    try:
        answer = provider.submit(flight, settings=context.settings, at=context.clock.now())
    except (RateLimited, NotConfigured, KeySpent):
        raise  # it is there and well, or was not asked
    except (Unknown, Retryable):
        with by_itself(context.engine) as connection:
            gate.silent(connection, source)
        raise
    failpoints.reach("call.answered")
    return answer


def _looked_up(context: Context, provider: Submitter, source: str, flight: Flight, attempts: int) -> Answer | Again | None:
    """What the call has made; None when there is nothing and the next key is reserved."""
    # First of all: whatever happens now, it must not be taken for something that was never sent.
    with by_itself(context.engine) as connection:
        submissions.lost_reply(connection, source, flight.submission, "its key says nothing more: it is looked up", context.clock.now())
    try:
        answer = provider.look_up(flight, settings=context.settings, at=context.clock.now())
    except (NotConfigured, RateLimited) as error:
        return _not_sent(context, source, flight, error)
    except Retryable as error:
        return _unknown(context, source, flight.submission, error, attempts)
    failpoints.reach("lookup.answered")
    if answer is not None:
        return answer
    with by_itself(context.engine) as connection:
        submissions.next_key(connection, source, flight.submission, flight.generation)
    log.warning(
        "submission_next_key", submission=flight.submission, generation=flight.generation + 1,
        cause="the provider's key says nothing more, and a look-up shows that nothing was made under it",
    )  # fmt: skip
    return None


def _unknown(context: Context, source: str, key: str, error: BaseException, attempts: int) -> Again:
    with by_itself(context.engine) as connection:
        submissions.lost_reply(connection, source, key, str(error), context.clock.now())
    after_s = UNKNOWN_LADDER_S[attempts] if attempts < len(UNKNOWN_LADDER_S) else None
    return Again(after_s, counted=True, error=error)


def _not_sent(context: Context, source: str, flight: Flight, error: Retryable) -> Again:
    """It surely did nothing: exponential backoff without an end, or as the provider asks; an outage uses up no try."""
    with by_itself(context.engine) as connection:
        sends = submissions.not_sent(connection, source, flight.submission, str(error))
    asked_s = error.retry_after_s if isinstance(error, RateLimited) else None
    after_s = min(_NOT_SENT_MOST_S, _NOT_SENT_FIRST_S * 2 ** min(sends, _DOUBLINGS)) if asked_s is None else asked_s
    return Again(after_s, counted=False, error=error)


@cache
def _provider(kind: str) -> Submitter:
    """The module that holds the provider's calls."""
    return cast("Submitter", importlib.import_module(call_of(kind)[1].__module__))
