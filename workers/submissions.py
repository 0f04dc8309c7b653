"""The states of submissions; all SQL that changes them lives here (promise 4, PAY-2, PAY-16).

    reserved -> in_flight -> submitted -> settled
                          -> reserved (surely not sent) | unknown (sent, reply lost) -> in_flight -> ...
    reserved | unknown -> abandoned (surely nothing was made, and nothing will be)

`%(now)s` is the business's clock: the life of a key is counted by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection

from models.bulk import as_json
from providers.submission import Flight

Outcome = Literal["accepted", "refused"]

# Whoever holds the outbox row's claim may send. What is in flight already was in the hands of one who died: it may have been sent.
_TAKE_OFF = """
    UPDATE bursar.submission SET state = 'in_flight', sends = least(sends + 1, 32000), sent_at = coalesce(sent_at, %(now)s),
           unknown_at = CASE WHEN state = 'in_flight' THEN coalesce(unknown_at, %(now)s::timestamptz) ELSE unknown_at END
    WHERE source = %(source)s AND key = %(key)s AND state IN ('reserved', 'in_flight', 'unknown')"""
_READ = """
    SELECT operation, request_type, request_ref, kind, path, account, body, generation, sent_at, unknown_at, state
    FROM bursar.submission WHERE source = %(source)s AND key = %(key)s"""
# Once its outcome was unknown it stays so until the provider has said something: an earlier try may still be the one that counts.
_NOT_SENT = """
    UPDATE bursar.submission SET state = CASE WHEN unknown_at IS NULL THEN 'reserved' ELSE 'unknown' END, error = %(error)s,
           sent_at = CASE WHEN unknown_at IS NULL THEN NULL ELSE sent_at END
    WHERE source = %(source)s AND key = %(key)s AND state = 'in_flight'"""
_UNKNOWN = """
    UPDATE bursar.submission SET state = 'unknown', unknown_at = coalesce(unknown_at, %(now)s), error = %(error)s
    WHERE source = %(source)s AND key = %(key)s AND state IN ('in_flight', 'unknown')"""
_ANSWERED = """
    UPDATE bursar.submission SET state = 'submitted', outcome = %(outcome)s, submitted_at = %(now)s, error = NULL
    WHERE source = %(source)s AND key = %(key)s AND state IN ('in_flight', 'unknown')"""
_NEXT_KEY = """
    UPDATE bursar.submission SET generation = generation + 1, look_ups = look_ups + 1, state = 'reserved', sent_at = NULL,
           unknown_at = NULL, sends = 0
    WHERE source = %(source)s AND key = %(key)s AND state IN ('in_flight', 'unknown') AND generation = %(generation)s"""
_ABANDON = """
    UPDATE bursar.submission SET state = 'abandoned', settled_at = %(now)s
    WHERE source = %(source)s AND key = %(key)s AND state IN ('reserved', 'in_flight', 'unknown')"""
_SENDS = "SELECT sends FROM bursar.submission WHERE source = %(source)s AND key = %(key)s"
_SETTLE = """
    UPDATE bursar.submission s SET state = 'settled', settled_at = %(now)s
    FROM json_to_recordset(%(told)s::json) AS told (source text, key text)
    WHERE s.source = told.source AND s.key = told.key AND s.state = 'submitted'"""


def read(connection: Connection, source: str, key: str, lane: str, now: datetime) -> tuple[Flight, str] | None:
    """The submission as it would be sent now, and its state; None if there is none."""
    found = connection.exec_driver_sql(_READ, {"source": source, "key": key}).one_or_none()
    if found is None:
        return None
    operation, request_type, request_ref, kind, path, account, body, generation, sent_at, unknown_at, state = found
    flight = Flight(
        submission=key,
        operation=operation,
        request_type=request_type,
        request_ref=request_ref,
        kind=kind,
        path=path,
        account=account,
        body=body,
        key=key if generation == 1 else f"{key}:{generation}",
        generation=generation,
        sent_before=unknown_at is not None or state == "in_flight",
        sent_at=sent_at or now,
        lane=lane,
    )
    return flight, str(state)


def take_off(connection: Connection, source: str, key: str, now: datetime) -> bool:
    """Mark it in flight, before it is sent. False: it needs no sending any more."""
    return _changed(connection, _TAKE_OFF, source, key, now=now)


def not_sent(connection: Connection, source: str, key: str, error: str) -> bool:
    """This try surely did nothing."""
    return _changed(connection, _NOT_SENT, source, key, error=error)


def lost_reply(connection: Connection, source: str, key: str, error: str, now: datetime) -> bool:
    """It was sent, and nobody can say what came of it."""
    return _changed(connection, _UNKNOWN, source, key, error=error, now=now)


def answered(connection: Connection, source: str, key: str, outcome: Outcome, now: datetime) -> bool:
    """The provider has answered; the answer is stored in the same transaction."""
    return _changed(connection, _ANSWERED, source, key, outcome=outcome, now=now)


def next_key(connection: Connection, source: str, key: str, generation: int) -> bool:
    """A look-up found nothing under this key and it can say no more: the next one may be sent."""
    return _changed(connection, _NEXT_KEY, source, key, generation=generation)


def settle(connection: Connection, told: Iterable[tuple[str, str]], now: datetime) -> None:
    """The effects of the answers to these, by (source, key), are in our rows; part of the transaction that writes them."""
    lines = [{"source": source, "key": key} for source, key in sorted(set(told))]
    connection.exec_driver_sql(_SETTLE, {"told": as_json(lines), "now": now})


def abandon(connection: Connection, source: str, key: str, now: datetime) -> bool:
    """A person has seen that the provider made nothing, and nothing will be sent any more."""
    return _changed(connection, _ABANDON, source, key, now=now)


def sends(connection: Connection, source: str, key: str) -> int:
    """How often it was sent under its present key."""
    return int(connection.exec_driver_sql(_SENDS, {"source": source, "key": key}).scalar_one())


def _changed(connection: Connection, sql: str, source: str, key: str, **values: Any) -> bool:
    return bool(connection.exec_driver_sql(sql, {"source": source, "key": key, **values}).rowcount)
