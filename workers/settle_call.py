"""Settles a call that was made, in one statement that is a transaction of its own: all of what it means, or nothing (INBOX-16).

The answer becomes an inbox row, its submission has an answer, the provider is known to be there, the call is done. Each part is
written where its rows are at home. The parts see the rows as they were before the statement, so none builds on another's work.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Engine

from core import failpoints
from core.version import VERSION
from models.statements import BY_ITSELF, by_itself
from providers.answer import Answer
from workers import gate, submissions
from workers.outbox_claims import CALLED, Claim
from workers.store_answer import BODY, STORED, answer_values

_IN_INBOX = f"stored AS ({STORED}), body AS ({BODY})"
# Asked for in the order of the claims, or the planner may read all calls that were ever made to find one.
_TOLD = """
    SELECT EXISTS (SELECT FROM called) AS ours,
           (SELECT id FROM bursar.outbox WHERE queue = %(own_queue)s AND state = 'received' ORDER BY fair_at, id LIMIT 1)
           IS NOT NULL AS more"""
_DONE = f"WITH called AS ({CALLED} RETURNING true) {_TOLD}"
_LOOKED_UP = f"WITH {_IN_INBOX}, called AS ({CALLED} RETURNING true) {_TOLD}"
# The call's row is locked after the submission's, as everywhere: the condition, always true, is what puts it behind.
_SUBMITTED = f"""
    WITH {_IN_INBOX}, heard AS ({gate.ANSWERED}), answered AS ({submissions.ANSWERED} RETURNING true),
         called AS ({CALLED} AND (SELECT count(*) FROM answered) >= 0 RETURNING true)
    {_TOLD}, EXISTS (SELECT FROM heard) AS again"""  # noqa: S608 - constants of the modules named


class Settled(NamedTuple):
    """How it went."""

    ours: bool
    """False: the row had become another worker's; what was answered is stored all the same."""
    more: bool
    """Whether the queue has other calls that nobody has claimed."""


def settle_call(engine: Engine, claim: Claim, result: Any, *, now: datetime, submission: bool) -> Settled:
    """Store what was answered and mark the call done.

    Args:
        engine: of the database.
        claim: the call's.
        result: an Answer, or what is kept with the call's row.
        now: the business's clock.
        submission: whether the answer is that of a submission, whose key is the call's.
    """
    sql = _DONE
    bound: dict[str, Any] = {"now": now}
    stored: dict[str, Any] = {}
    if isinstance(result, Answer):
        sql, bound = _LOOKED_UP, answer_values(result, now)
        stored = {"event_id": result.event_id, "event_type": result.event_type}
        if submission:
            sql = _SUBMITTED
            bound |= {"key": claim.call.key, "outcome": result.outcome}
            failpoints.reach("call.stored")
    text = msgspec.json.encode(stored or dict(result)).decode()
    bound |= {"id": claim.id, "token": claim.token, "own_queue": claim.queue, "result": text, "version": VERSION}
    with by_itself(engine) as connection:
        told = connection.exec_driver_sql(sql, bound, BY_ITSELF).one()
    if len(told) > 2 and told[2]:
        gate.answers_again(result.source)
    return Settled(told[0], told[1])
