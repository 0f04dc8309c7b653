"""The inbox runner: a batch is one unit of work; an event that fails leaves it alone, so poison isolates itself (promise 7).

Handlers change loaded rows in memory, so what a failing one did is taken back there, and the others go on: nothing was
written yet. It is settled after the commit. Where the database itself refuses (a constraint, a deadlock), all is rolled
back and each event runs alone.

Effects and `done` marks commit together (INBOX-16). A batch first takes its lanes, so that two workers never hold the
same customer; a drain passes over lanes that another worker has, and rows whose lane is taken are put back untouched.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from sqlalchemy.exc import DBAPIError

from billing.rules.commands.base import Rejected
from core import failpoints
from core.clock import monotonic_s
from core.version import VERSION
from providers.app.envelope import SOURCE
from workers import inbox_claims as claims
from workers.ahead import look_ahead
from workers.batch import Job, Row, prepare, reading
from workers.context import Context
from workers.failures import Failure, describe, next_try
from workers.first_in_first_out import Commands, wake_after_dead
from workers.inbox_claims import InboxClaim, LostClaimError
from workers.observe.sentry import report
from workers.rows import StubTakenError
from workers.settle import crashed_in_hand, is_conflict, is_disconnect, lost_connection
from workers.unit import Unit

log = structlog.get_logger(__name__)

_CONFLICT_TRIES = 5
_LANE_WAIT_S = 0.02
_LANE_TRIES = 5
_DRAIN_BUDGET_S = 5.0
_STUB_TRIES = 3
# SystemExit: a handler that exits is a handler that failed; it must not take the worker with it.
HANDLED = (Exception, SystemExit)
# After these nothing may be assumed of the process, the connection or the time that is left: they end the whole batch.
_ENDS_ALL = (DBAPIError, SoftTimeLimitExceeded, MemoryError, RecursionError)


@dataclass(slots=True)
class Outcome:
    """What became of the rows of one message."""

    done: int = 0
    put_back: list[int] = field(default_factory=list)
    failed: list[tuple[int, str, Failure]] = field(default_factory=list)
    calls: list[tuple[str, int]] = field(default_factory=list)
    more: bool = False
    held: int = 0
    """Commands that wait for their turn from now on."""

    def add(self, other: Outcome) -> None:
        """Take in another outcome's counts."""
        self.done += other.done
        self.put_back = other.put_back
        self.failed += other.failed
        self.calls += other.calls
        self.held += other.held

    @property
    def settled(self) -> int:
        """How many rows are not as they were."""
        return self.done + len(self.failed) + self.held

    def __str__(self) -> str:
        """The counts, as Flower shows them."""
        return f"{self.done} done, {len(self.failed)} failed, {len(self.put_back)} put back"


def work(context: Context, queue: str, ids: Sequence[int]) -> Outcome:
    """Process the rows a hint named; those whose lane is busy are tried again shortly, then left to the sweep."""
    outcome, waiting = Outcome(), list(ids)
    for attempt in range(_LANE_TRIES):
        with context.engine.connect() as connection:
            claim = claims.claim_named(
                connection, queue, waiting, now=context.clock.now(), lease_s=context.settings.lease_s
            )
        if claim is None:
            break
        outcome.add(process(context, claim))
        waiting = outcome.put_back
        if not waiting:
            break
        time.sleep(_LANE_WAIT_S * (attempt + 1))
    return outcome


def drain(context: Context, queue: str, budget_s: float = _DRAIN_BUDGET_S) -> Outcome:
    """Process the queue in fair order until nothing is free or the time is up (`more`); suspects go one by one in between."""
    outcome, end, stalls, suspects = Outcome(), monotonic_s() + budget_s, 0, True
    settings, size = context.settings, context.settings.batch_size
    while True:
        with context.engine.connect() as connection:
            claim = claims.claim_next(
                connection, queue, size, now=context.clock.now(), lease_s=settings.lease_s, suspects=suspects
            )
        if claim is None and suspects:
            return outcome
        suspects = claim is None or not claim.suspect
        if claim is None:
            continue
        before = outcome.settled
        outcome.add(process(context, claim))
        stalls = stalls + 1 if outcome.settled == before else 0
        if stalls:
            time.sleep(_LANE_WAIT_S * stalls)
        if monotonic_s() > end or stalls >= _LANE_TRIES:
            outcome.more = True
            return outcome


def process(context: Context, claim: InboxClaim) -> Outcome:
    """Run a claim as one unit of work. On an error that is no single event's it is rolled back, and each runs alone."""
    try:
        return _run_settled(context, claim, claim.ids)
    except SoftTimeLimitExceeded:
        # Too little time is left to run them singly: each is suspect now and will be claimed alone.
        crashed_in_hand(context, claim, claim.ids)
        raise
    except HANDLED as error:
        if is_disconnect(error):
            lost_connection(context, claim, claim.ids, error)
            raise
        if len(claim.ids) > 1:
            log.warning("batch_rolled_back", rows=len(claim.ids), error_class=type(error).__name__)
    return _run_singly(context, claim, claim.ids)


def _run_settled(context: Context, claim: InboxClaim, ids: Sequence[int]) -> Outcome:
    """Run rows together, then settle those that failed."""
    for attempt in range(_STUB_TRIES):
        try:
            outcome, failed = run_together(context, claim, ids)
            break
        except StubTakenError:
            if attempt == _STUB_TRIES - 1:
                raise
    for row_id, error in failed:
        outcome.failed.append(settle_failure(context, claim, row_id, error))
    return outcome


def _run_singly(context: Context, claim: InboxClaim, ids: Sequence[int]) -> Outcome:
    outcome, put_back, left = Outcome(), [], list(ids)
    while left:
        with context.engine.begin() as connection:
            claims.renew(connection, claim, lease_s=context.settings.lease_s)
        one = left.pop(0)
        try:
            outcome.add(_run_alone(context, claim, one))
        except HANDLED as error:
            if is_disconnect(error):
                lost_connection(context, claim, [one, *left], error)
                raise
            outcome.failed.append(settle_failure(context, claim, one, error))
            if isinstance(error, SoftTimeLimitExceeded):
                # The task's time is up: the others are untouched and go back, before the hard limit kills this process.
                with context.engine.begin() as connection:
                    claims.release(connection, claim, left)
                break
        put_back += outcome.put_back
    outcome.put_back = put_back
    return outcome


def _run_alone(context: Context, claim: InboxClaim, row_id: int) -> Outcome:
    """One row; a deadlock or lock time-out is nobody's fault and is tried again at once, without counting."""
    for attempt in range(_CONFLICT_TRIES):
        try:
            return _run_settled(context, claim, [row_id])
        except DBAPIError as error:
            if not is_conflict(error) or attempt == _CONFLICT_TRIES - 1:
                raise
            time.sleep(_LANE_WAIT_S * (attempt + 1))
    raise AssertionError("unreachable")


def run_together(
    context: Context, claim: InboxClaim, ids: Sequence[int]
) -> tuple[Outcome, list[tuple[int, BaseException]]]:
    """The transaction: hold the claim, take its lanes, apply the rows' facts, mark them done, commit.

    Returns what was done, and the rows that failed; these left nothing and stay in the claim.
    """
    with context.engine.begin() as connection:
        # After the lanes are taken: what another one did to these rows until then is seen now.
        mine, (found,) = claims.hold(connection, claim, ids, reading(claim, ids))
        if mine is None:
            return Outcome(), []
        apart = [row_id for row_id in ids if claim.lanes[row_id] not in mine]
        rows = [row for row in map(Row._make, found.all()) if claim.lanes[row.id] in mine]
        commands = Commands(connection, rows, now=context.clock.now())
        rows = commands.due(rows)
        jobs, failed = _prepared(rows)
        unit = Unit(connection, context.keys, now=context.clock.now())
        failed = commands.take(failed + apply(unit, commands.in_turn(jobs, failed)))
        bad = {row_id for row_id, _ in failed}
        done = [row.id for row in rows if row.id not in bad and row.id not in commands.held]
        free = [row_id for row_id in ids if row_id not in bad]
        marks = claims.mark_done(claim, done, free, now=context.clock.now(), version=VERSION)
        calls = unit.flush(behind=[marks, *commands.finish(done)])
        stage = "answer" if any(row.event_type.startswith("answer.") for row in rows) else "rows"
        failpoints.reach(f"{stage}.applied")
    failpoints.reach(f"{stage}.committed")
    return Outcome(done=len(done), put_back=apart + commands.busy, calls=calls, held=len(commands.held)), failed


def _prepared(rows: Sequence[Row]) -> tuple[list[Job], list[tuple[int, BaseException]]]:
    jobs, failed = list[Job](), list[tuple[int, BaseException]]()
    for row in rows:
        try:
            jobs.append(prepare(row))
        except _ENDS_ALL:
            raise
        except HANDLED as error:
            failed.append((row.id, error))
    return jobs, failed


def apply(unit: Unit, jobs: Sequence[Job]) -> list[tuple[int, BaseException]]:
    """Load and lock the rows of all jobs at once, then call the handlers; each acts in its own event's name and time.

    Returns the rows whose handlers failed; what these did is taken back.
    """
    unit.load(reference for job in jobs for reference in job.references())
    look_ahead(unit, jobs)
    failed: list[tuple[int, BaseException]] = []
    for job in jobs:
        unit.about(
            now=job.event.occurred_at, actor=job.actor, reason=job.event.type, inbox_id=job.row.id
        )
        try:
            for fact in job.facts:
                job.handler(unit, fact)
        except _ENDS_ALL:
            raise
        except HANDLED as error:
            unit.undo()
            failed.append((job.row.id, error))
            if isinstance(error, Rejected) and error.then is not None:
                error.then(unit)
    if failed:
        bad = {row_id for row_id, _ in failed}
        unit.forget_stubs(reference for job in jobs if job.row.id not in bad for reference in job.references())
    return failed


def settle_failure(context: Context, claim: InboxClaim, row_id: int, error: BaseException) -> tuple[int, str, Failure]:
    """Write a handled error onto its row: due again on the ladder, or dead."""
    settings, now = context.settings, context.clock.now()
    with context.engine.begin() as connection:
        found = connection.exec_driver_sql(
            "SELECT source, event_type, attempts FROM bursar.inbox WHERE id = %(id)s", {"id": row_id}
        ).one()
        label = f"{found[0]} {found[1]}"
        failure = describe(error, label)
        due = next_try(found[2], settings.retry_ladder_s, settings.retry_jitter, now)
        state = "dead" if due is None else "waiting"
        ours = not isinstance(error, LostClaimError) and claims.mark_failed(
            connection,
            claim,
            row_id,
            state=state,
            next_at=due or now,
            error_class=failure.error_class,
            error=failure.error,
            fingerprint=failure.fingerprint,
            version=VERSION,
        )
        if state == "dead" and found[0] == SOURCE:
            wake_after_dead(connection, [row_id])
    log.error(
        "event_failed",
        inbox_id=row_id,
        event_type=label,
        state=state if ours else "taken over",
        attempt=found[2] + 1,
        error_class=failure.error_class,
        error=failure.error,
        fingerprint=failure.fingerprint,
    )
    report(error, fingerprint=failure.fingerprint, inbox_id=row_id, event_type=label)
    return row_id, label, failure
