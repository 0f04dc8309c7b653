"""The notifications queue's scheduled runs: `<job>(context, slot_at) -> result`, called for one claimed slot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

import structlog
from sqlalchemy import Connection

from billing.operations.alert_dead_letters import DeadGroup, rows
from models.bulk import insert_rows
from models.outbox import OUTBOX
from workers.context import Context

log = structlog.get_logger(__name__)

_LOOK_BACK = timedelta(days=7)
"""Groups whose newest row died before that were told long ago, or died while nobody could be told for a week."""
_MOST_MAILS = 20
"""To one operator in one run, so that a storm of causes is no storm of mails: the largest first, others a minute later."""

# `next_at` of a dead row is when it died. What was told for that day is left out by the key that the mails have.
_DEAD_EVENTS = """
    SELECT 'inbox', fingerprint, count(*), min(queue), min(source), array_agg(DISTINCT event_type),
           (array_agg(object_id ORDER BY id DESC))[1], (array_agg(error_class ORDER BY id DESC))[1],
           (array_agg(error ORDER BY id DESC))[1], min(received_at), max(next_at), max(id)
    FROM bursar.inbox WHERE state = 'dead' GROUP BY fingerprint HAVING max(next_at) >= %(since)s"""
_DEAD_CALLS = """
    SELECT 'outbox', fingerprint, count(*), min(queue), 'outbox', array_agg(DISTINCT kind), NULL,
           (array_agg(error_class ORDER BY id DESC))[1], (array_agg(error ORDER BY id DESC))[1],
           min(created_at), max(next_at), max(id)
    FROM bursar.outbox WHERE state = 'dead' GROUP BY fingerprint HAVING max(next_at) >= %(since)s"""
_TOLD = "SELECT key FROM bursar.outbox WHERE kind = 'mail.send' AND key = ANY(%(keys)s)"


def alert_dead_letters(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """One mail per cause of death, day and operator (MAIL-6). Without operators, the log and the metrics alone tell."""
    now = context.clock.now()
    with context.engine.begin() as connection:
        dead = _dead(connection, slot_at - _LOOK_BACK)
        new = _not_told(connection, rows(dead, context.settings.operator_emails, now))
        mails = sorted(new[: _MOST_MAILS * len(context.settings.operator_emails)], key=itemgetter("key"))
        made = insert_rows(connection, OUTBOX, mails, once_by=("kind", "key"), returning=("id",)) if mails else []
    if made:
        log.warning("dead_letters_told", groups=len(dead), mails=len(made))
    return {"groups": len(dead), "mails": len(made)}


def _dead(connection: Connection, since: datetime) -> list[DeadGroup]:
    found = [
        DeadGroup(*row)
        for sql in (_DEAD_EVENTS, _DEAD_CALLS)
        for row in connection.exec_driver_sql(sql, {"since": since})
    ]
    return sorted(found, key=lambda group: (-group.count, group.fingerprint))


def _not_told(connection: Connection, mails: list[dict[str, Any]]) -> list[dict[str, Any]]:
    told = set(connection.exec_driver_sql(_TOLD, {"keys": [row["key"] for row in mails]}).scalars())
    return [row for row in mails if row["key"] not in told]
