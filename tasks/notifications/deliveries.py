"""Finds the deliveries that operators should be told of; the run `alert_deliveries` is the only caller.

What was told is marked in the transaction that writes the mails, so each conflict is in one mail and none is in two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection

from billing.operations.alert_deliveries import (
    EXAMPLES,
    Conflict,
    OtherMode,
    conflict_mails,
    other_mode_key,
    other_mode_mails,
)
from models.bulk import insert_rows
from models.outbox import OUTBOX

LOOK_BACK = timedelta(days=7)
"""What is older when somebody is first there to be told is no news; metrics and `inbox show` still have it."""
_MOST = 10_000

_CONFLICTS = """
    UPDATE bursar.inbox_conflict c SET told_at = %(now)s FROM (
        SELECT id FROM bursar.inbox_conflict WHERE told_at IS NULL AND received_at >= %(since)s
        ORDER BY received_at, id LIMIT %(most)s FOR UPDATE SKIP LOCKED) AS untold
    WHERE c.id = untold.id RETURNING c.id, c.source, c.event_id, c.received_at, octet_length(c.body), NULL"""
_FIRST = """SELECT i.source, i.event_id, i.id FROM unnest(%(sources)s::text[], %(events)s::text[]) AS wanted (source, event_id)
            JOIN bursar.inbox i ON i.source = wanted.source AND i.event_id = wanted.event_id"""

# From one type to the next along the index of ignored rows, and of each the newest of the other mode: asked each minute,
# this must not read the millions that are ignored for another reason.
_OTHER_MODE = """
    WITH RECURSIVE types AS (
        (SELECT source, event_type FROM bursar.inbox WHERE state = 'ignored' ORDER BY source, event_type LIMIT 1)
        UNION ALL
        SELECT later.source, later.event_type FROM types, LATERAL (
            SELECT i.source, i.event_type FROM bursar.inbox i WHERE i.state = 'ignored'
              AND (i.source, i.event_type) > (types.source, types.event_type)
            ORDER BY i.source, i.event_type LIMIT 1) AS later)
    SELECT types.source, types.event_type, newest.received_at FROM types, LATERAL (
        SELECT i.received_at FROM bursar.inbox i WHERE i.state = 'ignored' AND i.source = types.source
           AND i.event_type = types.event_type AND i.ignored_reason = 'livemode' ORDER BY i.id DESC LIMIT 1) AS newest
    WHERE newest.received_at >= %(since)s"""
_COUNT = """SELECT count(*) FROM (SELECT received_at FROM bursar.inbox WHERE state = 'ignored' AND source = %(source)s
            AND event_type = %(event_type)s AND ignored_reason = 'livemode' ORDER BY id DESC LIMIT %(most)s) AS newest
            WHERE received_at >= %(since)s"""
_TOLD = "SELECT key FROM bursar.outbox WHERE kind = 'mail.send' AND key = ANY(%(keys)s)"


def tell_conflicts(connection: Connection, recipients: Sequence[str], slot_at: datetime, now: datetime) -> tuple[int, int]:
    """Mail the conflicts that nobody was told of; how many they are, and how many mails that makes."""
    bound = {"now": now, "since": slot_at - LOOK_BACK, "most": _MOST}
    found = [Conflict(*row) for row in connection.exec_driver_sql(_CONFLICTS, bound)]
    if not found:
        return 0, 0
    found.sort(key=lambda one: (one.received_at, one.id))
    shown = _with_first_bodies(connection, found[:EXAMPLES])
    return len(found), _write(connection, conflict_mails(shown + found[EXAMPLES:], recipients, now))


def tell_other_mode(
    connection: Connection, mode: str, recipients: Sequence[str], slot_at: datetime, now: datetime
) -> tuple[int, int]:
    """Mail, once a day, that events of the other mode come; of how many types, and how many mails that makes."""
    since = slot_at - LOOK_BACK
    types = connection.exec_driver_sql(_OTHER_MODE, {"since": since}).all()
    if not types:
        return 0, 0
    last_at = max(row[2] for row in types)
    keys = {other_mode_key(to, last_at): to for to in recipients}
    told = set(connection.exec_driver_sql(_TOLD, {"keys": list(keys)}).scalars())
    untold = [to for key, to in keys.items() if key not in told]
    if not untold:
        return len(types), 0
    found = [OtherMode(source, name, _count(connection, source, name, since), at) for source, name, at in types]
    return len(types), _write(connection, other_mode_mails(found, mode, untold, now))


def _with_first_bodies(connection: Connection, found: list[Conflict]) -> list[Conflict]:
    bound = {"sources": [one.source for one in found], "events": [one.event_id for one in found]}
    ids = {(row[0], row[1]): row[2] for row in connection.exec_driver_sql(_FIRST, bound)}
    return [replace(one, inbox_id=ids.get((one.source, one.event_id))) for one in found]


def _count(connection: Connection, source: str, event_type: str, since: datetime) -> int:
    bound = {"source": source, "event_type": event_type, "since": since, "most": _MOST}
    return int(connection.exec_driver_sql(_COUNT, bound).scalar_one())


def _write(connection: Connection, mails: list[dict[str, Any]]) -> int:
    mails.sort(key=itemgetter("key"))
    return len(insert_rows(connection, OUTBOX, mails, once_by=("kind", "key"), returning=("id",)))
