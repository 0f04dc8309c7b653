"""The outbox runner: calls to the outside, claimed before, settled after, never inside a transaction.

A call that may have happened is settled by its own kind's rules; a mail goes out again under the same Message-ID.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError, OperationalError

from core import failpoints
from core.clock import monotonic_s
from core.version import VERSION
from providers.errors import Final, NotConfigured
from workers import outbox_claims as claims
from workers import submit
from workers.context import Context
from workers.failures import describe, next_try
from workers.gate import GateShutError
from workers.inbox import HANDLED, Outcome
from workers.observe.sentry import report
from workers.outbox_claims import Call, Claim
from workers.routing import call_of
from workers.settle import is_disconnect
from workers.settle_call import settle_call

log = structlog.get_logger(__name__)

_LEASE_FACTOR = 4
"""A call may take several network time-outs, and nothing but its own end shows that it is alive."""
_DRAIN_BUDGET_S = 5.0
_SETTLE_TRIES = 40
_LOOK_UP, _MAIL = ".fetch", "mail."
_SETTLE_WAIT_S = 0.25


def work(context: Context, queue: str, ids: Sequence[int]) -> Outcome:
    """Perform the calls a hint named."""
    outcome = Outcome()
    for row_id in ids:
        with context.engine.connect() as connection:
            claim = claims.claim_named(connection, queue, row_id, now=context.clock.now(), lease_s=_lease_s(context))
        if claim is not None:
            outcome.add(process(context, claim))
    return outcome


def drain(context: Context, queue: str, budget_s: float = _DRAIN_BUDGET_S) -> Outcome:
    """Perform calls in fair order, one at a time, until there are none or the time is up."""
    outcome, end = Outcome(), monotonic_s() + budget_s
    while True:
        with context.engine.connect() as connection:
            claim = claims.claim_next(connection, queue, now=context.clock.now(), lease_s=_lease_s(context))
        if claim is None:
            return outcome
        made = process(context, claim)
        outcome.add(made)
        if not made.more:
            return outcome
        if monotonic_s() > end:
            outcome.more = True
            return outcome


def process(context: Context, claim: Claim) -> Outcome:
    """One claimed call: perform it, then settle it in a transaction of its own; `more`: its queue may have others."""
    call = claim.call
    failpoints.reach("call.claimed")
    try:
        if call.kind.endswith(submit.SUFFIX):
            return _submit(context, claim, call)
        _, perform = call_of(call.kind)
        # What a look-up shows is as new as the look-up, by the business's clock.
        told: dict[str, Any] = {"at": context.clock.now()} if call.kind.endswith(_LOOK_UP) else {}
        if call.kind.startswith(_MAIL):  # a mail asks before whether its address still gets any, and writes down what became of it
            told = {"context": context}
        result = perform(call.payload, key=call.key, settings=context.settings, **told)
        return _settled(context, claim, call, result)
    except HANDLED as error:
        if isinstance(error, DBAPIError) and is_disconnect(error):
            raise
        return _failed(context, claim, call, error)


def _submit(context: Context, claim: Claim, call: Call) -> Outcome:
    """A call that makes or moves something: its submission decides what is done."""
    result = submit.perform(context, call.kind, call.key, call.lane, call.attempts)
    if not isinstance(result, submit.Again):
        outcome = _settled(context, claim, call, result if result is not None else {"nothing": "it was answered before"})
        failpoints.reach("call.settled")
        return outcome
    now = context.clock.now()
    due = None if result.after_s is None else submit.due(result, now)
    return _put_off(context, claim, call, result.error, due, counted=result.counted)


def _settled(context: Context, claim: Claim, call: Call, result: Any) -> Outcome:
    """Settle a call that was made. A database that is away is waited for: giving up would mean making the call again."""
    for _ in range(_SETTLE_TRIES):
        try:
            return _settle(context, claim, call, result)
        except OperationalError:
            time.sleep(_SETTLE_WAIT_S)
    return _settle(context, claim, call, result)


def _settle(context: Context, claim: Claim, call: Call, result: Any) -> Outcome:
    submission = call.kind.endswith(submit.SUFFIX)
    settled = settle_call(context.engine, claim, result, now=context.clock.now(), submission=submission)
    if not settled.ours:
        log.error(
            "call_settled_by_another",
            outbox_id=call.id,
            kind=call.kind,
            key=call.key,
            effect="the call may have been made twice under one key",
        )
    return Outcome(done=1, more=settled.more)


def _failed(context: Context, claim: Claim, call: Call, error: BaseException) -> Outcome:
    settings, now = context.settings, context.clock.now()
    waits = isinstance(error, NotConfigured)
    due = None
    if not isinstance(error, Final):
        due = next_try(0 if waits else call.attempts, settings.retry_ladder_s, settings.retry_jitter, now)
    return _put_off(context, claim, call, error, due, counted=not waits)


def _put_off(context: Context, claim: Claim, call: Call, error: BaseException, due: datetime | None, *, counted: bool) -> Outcome:
    """Write what went wrong; the row is due again, or dead. Only a failure that counts is told to Sentry and the log as an error."""
    failure = describe(error, call.kind)
    state = "dead" if due is None else "waiting"
    with context.engine.connect() as connection:
        claims.mark_failed(
            connection,
            claim,
            state=state,
            next_at=due or context.clock.now(),
            error_class=failure.error_class,
            error=failure.error,
            fingerprint=failure.fingerprint,
            version=VERSION,
            counted=int(counted),
        )
    if isinstance(error, GateShutError):
        return Outcome(held=1, more=True)  # the gate itself has said that it is shut
    say = log.error if counted else log.warning
    say(
        "call_failed",
        outbox_id=call.id,
        kind=call.kind,
        key=call.key,
        state=state,
        attempt=call.attempts + 1,
        error_class=failure.error_class,
        error=failure.error,
    )
    report(error, fingerprint=failure.fingerprint, outbox_id=call.id, call=call.kind)
    return Outcome(failed=[(call.id, call.kind, failure)], more=True)


def _lease_s(context: Context) -> float:
    return context.settings.lease_s * _LEASE_FACTOR
