"""Opens finished rows again because a person asks for it (INBOX-5, INBOX-7): a fresh budget of tries, audited in the same transaction.

A row's effects cannot double: handlers merge by version, `done` commits with the effects, and of many replays at once the
first one wins while the others find the row open already. The error stays on the row until it succeeds, so that the list
keeps saying why it was replayed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection

from core.ids import new_id
from models.audit import AUDIT, audit_row
from models.bulk import insert_rows
from workers.context import Context
from workers.routing import UNPARSABLE, queue_of, route

TableName = Literal["inbox", "outbox"]
REPLAYABLE = ("dead", "waiting", "ignored")
"""States that a replay opens. `done` only when it is named; `processing` and `received` never: they are under way."""

_CHUNK = 200

# SKIP LOCKED: a row that a worker or another replay has in hand is under way; waiting for it would gain nothing.
_LOOK_INBOX = """
    SELECT i.id, i.state, i.source, i.event_type, i.queue, i.attempts, i.crashes, i.error_class, i.fingerprint, i.ignored_reason,
           EXISTS (SELECT 1 FROM bursar.inbox_payload p WHERE p.inbox_id = i.id AND p.received_at = i.received_at) AS has_payload,
           EXISTS (SELECT 1 FROM bursar.erased_payload e WHERE e.inbox_id = i.id) AS erased
    FROM bursar.inbox i WHERE i.id = ANY(%(ids)s) ORDER BY i.id FOR UPDATE OF i SKIP LOCKED"""
_LOOK_OUTBOX = """
    SELECT id, state, 'outbox' AS source, kind AS event_type, queue, attempts, crashes, error_class, fingerprint, NULL AS ignored_reason,
           true AS has_payload, payload ->> 'erased' IS NOT NULL AS erased
    FROM bursar.outbox WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE SKIP LOCKED"""

_FRESH = """state = 'received', attempts = 0, crashes = 0, solo_crashes = 0, claimed_alone = false, done_at = NULL,
            next_at = %(now)s, fair_at = %(now)s, ready_at = clock_timestamp(), queue = said.queue"""
# fair_at: behind what waits already; a replay of many rows delays no live event.
_OPEN_INBOX = f"""UPDATE bursar.inbox t SET {_FRESH}, ignored_reason = NULL
                  FROM unnest(%(ids)s::bigint[], %(queues)s::text[]) AS said (id, queue) WHERE t.id = said.id"""
_OPEN_OUTBOX = f"""UPDATE bursar.outbox t SET {_FRESH}
                   FROM unnest(%(ids)s::bigint[], %(queues)s::text[]) AS said (id, queue) WHERE t.id = said.id"""


@dataclass(frozen=True, slots=True)
class Looked:
    """A row as the replay found it, locked."""

    id: int
    state: str
    source: str
    event_type: str
    queue: str
    attempts: int
    crashes: int
    error_class: str | None
    fingerprint: str | None
    ignored_reason: str | None
    has_payload: bool
    erased: bool
    """Its bytes went with a customer who was forgotten (SEC-6)."""


@dataclass(slots=True)
class Replayed:
    """What a replay did: the opened ids by queue, and the others by the reason why not."""

    opened: dict[str, list[int]] = field(default_factory=dict)
    refused: dict[str, list[int]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many rows were opened."""
        return sum(len(ids) for ids in self.opened.values())


def replay(
    context: Context, ids: Sequence[int], *, actor: str, reason: str, states: Sequence[str] = REPLAYABLE
) -> Replayed:
    """Open inbox rows again, if their state is one of `states`; one transaction per 200 rows."""
    return _in_chunks(context, "inbox", ids, lambda row: _inbox_refusal(row, states), actor, reason)


def replay_calls(context: Context, ids: Sequence[int], *, actor: str, reason: str) -> Replayed:
    """The same for outbox rows. A call that was made (`done`) is never made again by this."""
    return _in_chunks(context, "outbox", ids, _outbox_refusal, actor, reason)


def _in_chunks(
    context: Context,
    table: TableName,
    ids: Sequence[int],
    refusal: Callable[[Looked], str | None],
    actor: str,
    reason: str,
) -> Replayed:
    result, wanted = Replayed(), sorted(set(ids))
    for start in range(0, len(wanted), _CHUNK):
        with context.engine.begin() as connection:
            _replay(context, connection, table, wanted[start : start + _CHUNK], refusal, actor, reason, result)
    return result


def _replay(
    context: Context,
    connection: Connection,
    table: TableName,
    ids: Sequence[int],
    refusal: Callable[[Looked], str | None],
    actor: str,
    reason: str,
    result: Replayed,
) -> None:
    look, reopen = (_LOOK_INBOX, _OPEN_INBOX) if table == "inbox" else (_LOOK_OUTBOX, _OPEN_OUTBOX)
    now = context.clock.now()
    rows = [Looked(*row) for row in connection.exec_driver_sql(look, {"ids": list(ids)})]
    fitting = []
    for row in rows:
        why_not = refusal(row)
        if why_not is None:
            fitting.append(row)
        else:
            result.refused.setdefault(why_not, []).append(row.id)
    if missed := sorted(set(ids) - {row.id for row in rows}):
        result.refused.setdefault("in another process's hands, or not there", []).extend(missed)
    if not fitting:
        return
    queues = [_queue(table, row) for row in fitting]
    connection.exec_driver_sql(reopen, {"ids": [row.id for row in fitting], "queues": queues, "now": now})
    insert_rows(
        connection,
        AUDIT,
        [_audit(context, table, row, queue, actor, reason, now) for row, queue in zip(fitting, queues, strict=True)],
    )
    for row, queue in zip(fitting, queues, strict=True):
        result.opened.setdefault(queue, []).append(row.id)


def _inbox_refusal(row: Looked, states: Sequence[str]) -> str | None:
    if row.state in ("received", "processing"):
        return "under way already"
    if row.state not in states:
        return f"{row.state}: not opened unless asked for with --state {row.state}"
    if row.ignored_reason == "livemode":
        return "of the other mode (live or test) than this database"
    if row.event_type != UNPARSABLE and route(row.source, row.event_type) is None:
        return "its type has no handler in this version"
    if row.erased and not row.has_payload:
        return "its payload was erased with its customer; only the digest is left"
    if not row.has_payload:
        return "its payload was removed by retention"
    return None


def _outbox_refusal(row: Looked) -> str | None:
    if row.state in ("received", "processing"):
        return "under way already"
    if row.erased:
        return "its recipient was erased: there is nothing left to send"
    return None if row.state in ("dead", "waiting") else f"{row.state}: this call was made and is not made twice"


def _queue(table: TableName, row: Looked) -> str:
    return queue_of(row.source, row.event_type) if table == "inbox" else row.queue


def _audit(
    context: Context, table: TableName, row: Looked, queue: str, actor: str, reason: str, now: datetime
) -> dict[str, Any]:
    before = {
        "state": row.state,
        "queue": row.queue,
        "attempts": row.attempts,
        "crashes": row.crashes,
        "error_class": row.error_class,
        "fingerprint": row.fingerprint,
        "ignored_reason": row.ignored_reason,
    }
    return audit_row(
        context.keys,
        uid=new_id(now),
        at=now,
        actor=actor,
        reason=reason,
        action=f"{table}.replay",
        object_type=table,
        object_id=str(row.id),
        before=before,
        after={"state": "received", "queue": queue, "attempts": 0, "crashes": 0},
        inbox_id=row.id if table == "inbox" else None,
    )
