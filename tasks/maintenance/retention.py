"""What goes when it is old (CLEAN-4): payloads by whole months, and row by row what is left of them elsewhere.

Every step is a transaction of its own, small, and waits for no lock longer than a delivery can bear; what does not get
done in the time is done the next day. Rows that prove money stay for ever: inbox rows with their digests, audit, seals,
calls that are more than mails and look-ups.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg

from core.clock import monotonic_s
from core.settings import Settings

_CHUNK = 2_000
_BUDGET_S = 12.0
"""Of one run, which has the task's soft limit of 20 s."""
_PATIENCE_MS = (50, 120, 250, 400)
"""How long each try waits for its lock, and the receiver behind it: less than its own 1 s."""
_TRIES = 16
_PAUSE_S = 0.2
_BRIEF_JOBS = ("sweep",)
_BRIEF_DAYS = 7
"""The sweep's slots are nine tenths of all and say nothing that its rows do not say."""
_SILENT_DAYS = 30
_LONGEST_MONTH = timedelta(days=31)

_MONTHS = """SELECT right(c.relname, 7) FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
             WHERE inhparent = 'bursar.inbox_payload'::regclass AND c.relname ~ '^inbox_payload_[0-9]{4}_[0-9]{2}$' ORDER BY 1"""
_DROP_MONTH = "SELECT bursar.drop_payload_month(%s, %s)"
# Rows that were not final when their month went. The row is locked first: a replay that just opens it goes first, and keeps them.
_KEPT = """
    WITH looked AS MATERIALIZED (
        SELECT inbox_id, received_at FROM bursar.inbox_payload_default WHERE inbox_id > %(above)s ORDER BY inbox_id LIMIT %(most)s),
    final AS MATERIALIZED (
        SELECT i.id, i.received_at FROM looked JOIN bursar.inbox i ON i.id = looked.inbox_id
        WHERE looked.received_at < %(before)s AND i.state IN ('done', 'ignored') FOR UPDATE OF i SKIP LOCKED),
    gone AS (
        DELETE FROM bursar.inbox_payload_default p USING final
        WHERE p.inbox_id = final.id AND p.received_at = final.received_at RETURNING 1)
    SELECT (SELECT CASE WHEN count(*) = %(most)s THEN max(inbox_id) END FROM looked), (SELECT count(*) FROM gone)"""
_CALLS = "SELECT * FROM bursar.drop_old_calls(%(before)s, %(above)s, %(most)s)"
_CONFLICTS = """
    WITH looked AS MATERIALIZED (
        SELECT id, received_at FROM bursar.inbox_conflict WHERE id > %(above)s ORDER BY id LIMIT %(most)s),
    gone AS (
        DELETE FROM bursar.inbox_conflict c USING looked WHERE c.id = looked.id AND looked.received_at < %(before)s RETURNING 1)
    SELECT (SELECT CASE WHEN count(*) = %(most)s AND min(received_at) < %(before)s THEN max(id) END FROM looked),
           (SELECT count(*) FROM gone)"""
_TRANSMISSIONS = """
    WITH gone AS (
        DELETE FROM bursar.transmission WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM bursar.transmission WHERE received_at < %(before)s LIMIT %(most)s)) RETURNING 1)
    SELECT CASE WHEN count(*) = %(most)s THEN 0 END, count(*) FROM gone"""
_SLOTS = """
    WITH gone AS (
        DELETE FROM bursar.schedule_slot WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM bursar.schedule_slot WHERE state IN ('done', 'skipped')
               AND slot_at < CASE WHEN job = ANY(%(brief_jobs)s) THEN %(brief)s ELSE %(before)s END LIMIT %(most)s)) RETURNING 1)
    SELECT CASE WHEN count(*) = %(most)s THEN 0 END, count(*) FROM gone"""
# What became of a mail is of use as long as its call is there; addresses that get none any more stay.
_MAILS = """
    WITH gone AS (
        DELETE FROM bursar.mail WHERE id = ANY(ARRAY(
            SELECT id FROM bursar.mail WHERE fate_at < %(before)s ORDER BY fate_at LIMIT %(most)s)) RETURNING 1)
    SELECT CASE WHEN count(*) = %(most)s THEN 0 END, count(*) FROM gone"""
_REPORTS = """
    WITH gone AS (
        DELETE FROM bursar.mail_report WHERE sha256 = ANY(ARRAY(
            SELECT sha256 FROM bursar.mail_report WHERE received_at < %(before)s ORDER BY received_at LIMIT %(most)s)) RETURNING 1)
    SELECT CASE WHEN count(*) = %(most)s THEN 0 END, count(*) FROM gone"""
_HEARTBEATS = "DELETE FROM bursar.heartbeat WHERE beat_at < clock_timestamp() - %(days)s * interval '1 day'"


def month(at: datetime, ahead: int) -> datetime:
    """The first instant of the month that lies `ahead` months after that of `at`."""
    number = at.year * 12 + at.month - 1 + ahead
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=at.tzinfo)


def drop(connection: psycopg.Connection[Any], settings: Settings, at: datetime) -> dict[str, Any]:
    """Drop what is past its age at `at`; `connection` commits each statement. Returns what went, for the slot's result.

    Raises:
        psycopg.Error: the database refused; what went before stays gone.
    """
    end_s = monotonic_s() + _BUDGET_S
    payloads = at - timedelta(days=settings.payload_retention_days)
    # Keys of calls outlive the bytes of the events that caused them: a replay must find that its mail has gone out.
    calls = at - max(timedelta(days=settings.outbox_retention_days), at - payloads + _LONGEST_MONTH)
    slots = at - timedelta(days=settings.slot_retention_days)
    brief = {"brief_jobs": list(_BRIEF_JOBS), "brief": max(slots, at - timedelta(days=_BRIEF_DAYS))}
    # Twice the age at which the door refuses a transmission: its id can never be used again.
    transmissions = at - timedelta(seconds=2 * settings.paypal_max_age_s)
    dropped, busy = _months(connection, payloads, end_s)
    return {
        "months_dropped_and_payloads_kept": dropped,
        "months_busy": busy,
        "kept_payloads_dropped": _rows(connection, _KEPT, end_s, before=payloads),
        "conflicts_dropped": _rows(connection, _CONFLICTS, end_s, before=payloads),
        "calls_dropped": _rows(connection, _CALLS, end_s, before=calls),
        "mails_dropped": _rows(connection, _MAILS, end_s, before=calls),
        "mail_reports_dropped": _rows(connection, _REPORTS, end_s, before=calls),
        "transmissions_dropped": _rows(connection, _TRANSMISSIONS, end_s, before=transmissions),
        "slots_dropped": _rows(connection, _SLOTS, end_s, before=slots, **brief),
        "heartbeats_dropped": connection.execute(_HEARTBEATS, {"days": _SILENT_DAYS}).rowcount,
        "more": monotonic_s() > end_s,
    }


def make(connection: psycopg.Connection[Any], first: datetime, count: int) -> dict[str, Any]:
    """Make the payload partitions of `count` months from the one of `first` on; `connection` commits each statement.

    Rows that came before their partition lie in the default one: they are copied in chunks, then moved at once.
    """
    made: list[str] = []
    busy: list[str] = []
    moved = 0
    for wanted in (month(first, ahead) for ahead in range(count)):
        while copied := _one(connection, "SELECT bursar.copy_payload_month(%s, %s)", wanted.date(), 10 * _CHUNK):
            moved += copied
        part = _patiently(lambda ms, wanted=wanted: _ensured(connection, wanted, ms))  # type: ignore[misc]  # bound now
        (busy if part is None else made).append(part or f"{wanted:%Y-%m}")
    return {"months": made, "months_busy": busy, "moved_out_of_default": moved}


def _ensured(connection: psycopg.Connection[Any], wanted: datetime, patience_ms: int) -> str:
    with connection.transaction():
        connection.execute("SELECT set_config('lock_timeout', %s, true)", [f"{patience_ms}ms"])
        return str(_one(connection, "SELECT bursar.ensure_payload_month(%s)", wanted.date()))


def _months(connection: psycopg.Connection[Any], horizon: datetime, end_s: float) -> tuple[dict[str, int], list[str]]:
    dropped: dict[str, int] = {}
    busy: list[str] = []
    for (name,) in connection.execute(_MONTHS).fetchall():
        first = datetime(int(name[:4]), int(name[5:]), 1, tzinfo=horizon.tzinfo)
        if month(first, 1) > horizon or monotonic_s() > end_s:
            break
        kept = _patiently(lambda ms, first=first: int(_one(connection, _DROP_MONTH, first.date(), ms)))  # type: ignore[misc]  # bound now
        if kept is None:
            busy.append(name)  # deliveries go first; the next day's run tries again
        else:
            dropped[name] = kept
    return dropped, busy


def _patiently(step: Callable[[int], Any]) -> Any:
    """`step(patience_ms)` again and again, each time waiting for its lock a little longer; None when it never got it."""
    for number in range(_TRIES):
        try:
            return step(_PATIENCE_MS[min(number * len(_PATIENCE_MS) // _TRIES, len(_PATIENCE_MS) - 1)])
        except psycopg.errors.LockNotAvailable:
            time.sleep(_PAUSE_S)
    return None


def _rows(connection: psycopg.Connection[Any], statement: str, end_s: float, **bound: Any) -> int:
    return sum(_chunks(connection, statement, end_s, bound))


def _chunks(connection: psycopg.Connection[Any], statement: str, end_s: float, bound: dict[str, Any]) -> Iterator[int]:
    above: int | None = 0
    while above is not None and monotonic_s() < end_s:
        row = connection.execute(statement.encode(), {**bound, "above": above, "most": _CHUNK}).fetchone()
        above, dropped = row or (None, 0)
        yield dropped


def _one(connection: psycopg.Connection[Any], statement: str, *bound: object) -> Any:
    row = connection.execute(statement.encode(), bound).fetchone()
    return row[0] if row else None
