"""The states of submissions; all SQL that changes them lives here (promise 4, PAY-2, PAY-16).

    reserved -> in_flight -> submitted -> settled
                          -> reserved (surely not sent) | unknown (sent, reply lost) -> in_flight -> ...
    reserved | unknown -> abandoned (surely nothing was made, and nothing will be)

`%(now)s` is the business's clock: the life of a key is counted by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection

from core.settings import Settings
from models.bulk import as_json
from models.statements import BY_ITSELF, Statement
from providers.submission import Flight
from workers import gate

Outcome = Literal["accepted", "refused"]

# Whoever holds the outbox row's claim may send. What is in flight already was in the hands of one who died: it may have been sent.
_TAKE_OFF = """
    UPDATE bursar.submission SET state = 'in_flight', sends = least(sends + 1, 32000), sent_at = coalesce(sent_at, %(now)s),
           unknown_at = CASE WHEN state = 'in_flight' THEN coalesce(unknown_at, %(now)s::timestamptz) ELSE unknown_at END
    WHERE source = %(source)s AND key = %(key)s AND state IN ('reserved', 'in_flight', 'unknown')"""
_THIS = "bursar.submission WHERE source = %(source)s AND key = %(key)s"
_READ = f"""
    SELECT operation, request_type, request_ref, kind, path, account, body, generation, sent_at, unknown_at, state
    FROM {_THIS}"""  # noqa: S608 - a constant of this module
_UNSENT = "state = 'reserved' AND unknown_at IS NULL"
# The usual case, a transaction in one statement: nothing of it was ever sent, and the gate lets it through.
_FIRST = f"""
    WITH entered AS ({gate.entering(f"EXISTS (SELECT FROM {_THIS} AND {_UNSENT})")})
    UPDATE bursar.submission SET state = 'in_flight', sends = least(sends + 1, 32000), sent_at = coalesce(sent_at, %(now)s)
    FROM entered WHERE source = %(source)s AND key = %(key)s AND {_UNSENT}
    RETURNING operation, request_type, request_ref, kind, path, account, body, generation, sent_at"""  # noqa: S608 - as above
# Once its outcome was unknown it stays so until the provider has said something: an earlier try may still be the one that counts.
_NOT_SENT = f"""
    WITH back AS (
    UPDATE bursar.submission SET state = CASE WHEN unknown_at IS NULL THEN 'reserved' ELSE 'unknown' END, error = %(error)s,
           sent_at = CASE WHEN unknown_at IS NULL THEN NULL ELSE sent_at END
    WHERE source = %(source)s AND key = %(key)s AND state = 'in_flight')
    SELECT sends FROM {_THIS}"""  # noqa: S608 - as above
_UNKNOWN = """
    UPDATE bursar.submission SET state = 'unknown', unknown_at = coalesce(unknown_at, %(now)s), error = %(error)s
    WHERE source = %(source)s AND key = %(key)s AND state IN ('in_flight', 'unknown')"""
ANSWERED = """
    UPDATE bursar.submission SET state = 'submitted', outcome = %(outcome)s, submitted_at = %(now)s, error = NULL
    WHERE source = %(source)s AND key = %(key)s AND state IN ('in_flight', 'unknown')"""
"""As a part of the statement that settles a call."""
_NEXT_KEY = """
    UPDATE bursar.submission SET generation = generation + 1, look_ups = look_ups + 1, state = 'reserved', sent_at = NULL,
           unknown_at = NULL, sends = 0
    WHERE source = %(source)s AND key = %(key)s AND state IN ('in_flight', 'unknown') AND generation = %(generation)s"""
_ABANDON = """
    UPDATE bursar.submission SET state = 'abandoned', settled_at = %(now)s
    WHERE source = %(source)s AND key = %(key)s AND state IN ('reserved', 'in_flight', 'unknown')"""
_SETTLE = """
    UPDATE bursar.submission s SET state = 'settled', settled_at = %(now)s
    FROM json_to_recordset(%(told)s::json) AS told (source text, key text)
    WHERE s.source = told.source AND s.key = told.key AND s.state = 'submitted'"""


def take_off_first(connection: Connection, source: str, key: str, lane: str, settings: Settings, now: datetime) -> Flight | None:
    """Take leave at the gate and mark it in flight, if none of it was ever sent and the gate is open. None: neither was done."""
    bound = {**gate.limits(source, settings), "key": key, "now": now}
    found = connection.exec_driver_sql(_FIRST, bound, BY_ITSELF).one_or_none()
    return None if found is None else _flight(key, lane, found, sent_before=False)


def read(connection: Connection, source: str, key: str, lane: str, now: datetime) -> tuple[Flight, str] | None:
    """The submission as it would be sent now, and its state; None if there is none."""
    found = connection.exec_driver_sql(_READ, {"source": source, "key": key}).one_or_none()
    if found is None:
        return None
    *told, sent_at, unknown_at, state = found
    return _flight(key, lane, [*told, sent_at or now], sent_before=unknown_at is not None or state == "in_flight"), str(state)


def _flight(key: str, lane: str, row: Sequence[Any], *, sent_before: bool) -> Flight:
    operation, request_type, request_ref, kind, path, account, body, generation, sent_at = row
    return Flight(
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
        sent_before=sent_before,
        sent_at=sent_at,
        lane=lane,
    )


def take_off(connection: Connection, source: str, key: str, now: datetime) -> bool:
    """Mark it in flight, before it is sent. False: it needs no sending any more."""
    return _changed(connection, _TAKE_OFF, source, key, now=now)


def not_sent(connection: Connection, source: str, key: str, error: str) -> int:
    """This try surely did nothing; how often it was sent under its present key."""
    return int(connection.exec_driver_sql(_NOT_SENT, {"source": source, "key": key, "error": error}, BY_ITSELF).scalar_one())


def lost_reply(connection: Connection, source: str, key: str, error: str, now: datetime) -> bool:
    """It was sent, and nobody can say what came of it."""
    return _changed(connection, _UNKNOWN, source, key, error=error, now=now)


def next_key(connection: Connection, source: str, key: str, generation: int) -> bool:
    """A look-up found nothing under this key and it can say no more: the next one may be sent."""
    return _changed(connection, _NEXT_KEY, source, key, generation=generation)


def settlement(told: Iterable[tuple[str, str]], now: datetime) -> Statement:
    """Says that the effects of the answers to these, by (source, key), are in our rows; part of the transaction that writes them."""
    lines = [{"source": source, "key": key} for source, key in sorted(set(told))]
    return Statement(_SETTLE, {"told": as_json(lines), "now": now})


def abandon(connection: Connection, source: str, key: str, now: datetime) -> bool:
    """A person has seen that the provider made nothing, and nothing will be sent any more."""
    return _changed(connection, _ABANDON, source, key, now=now)


def _changed(connection: Connection, sql: str, source: str, key: str, **values: Any) -> bool:
    return bool(connection.exec_driver_sql(sql, {"source": source, "key": key, **values}, BY_ITSELF).rowcount)
