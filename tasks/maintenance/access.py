"""What goes of tokens, sessions, logins and the limiter (CLEAN-1, CLEAN-3): page by page, each a transaction, in a budget of time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import psycopg

from core.clock import monotonic_s

PAGE = 1_000
_BUDGET_S = 8.0
_KEPT = timedelta(days=1)
"""After its end, so that whoever comes late is told `expired` or `used`, and not `unknown`."""

# What is in use just now waits for its end here, and is not old then; nothing that is old is used.
_TOKENS = """
    DELETE FROM bursar.user_token WHERE id = ANY(ARRAY(
        SELECT id FROM bursar.user_token WHERE greatest(send_until, expires_at) < %(before)s
        ORDER BY greatest(send_until, expires_at), id LIMIT %(page)s))"""
# As `user_session_over_idx` has it: in any case, ended, or not used any more.
_OVER = "least(ends_at AT TIME ZONE 'UTC', revoked_at AT TIME ZONE 'UTC', (seen_at AT TIME ZONE 'UTC') + idle_s * interval '1 second')"
_SESSIONS = f"""
    DELETE FROM bursar.user_session WHERE id = ANY(ARRAY(
        SELECT id FROM bursar.user_session WHERE {_OVER} < %(before)s::timestamptz AT TIME ZONE 'UTC'
        ORDER BY {_OVER}, id LIMIT %(page)s))"""  # noqa: S608  # constants of this module
_LOGINS = """
    DELETE FROM bursar.login WHERE id = ANY(ARRAY(
        SELECT id FROM bursar.login WHERE at < %(before)s ORDER BY at, id LIMIT %(page)s))"""
# Of a key that has all its takes back nothing is to be remembered, once operators could be told of what was refused.
_LIMITS = """
    DELETE FROM bursar.rate_limit WHERE sha256 = ANY(ARRAY(
        SELECT sha256 FROM bursar.rate_limit WHERE free_at < %(before)s ORDER BY free_at LIMIT %(page)s))"""


def drop_tokens(connection: psycopg.Connection[Any], now: datetime) -> dict[str, Any]:
    """CLEAN-1: wishes whose last token expired a day ago, with their digests, and what the limiter has forgotten."""
    end_s = monotonic_s() + _BUDGET_S
    tokens, more = _drop(connection, _TOKENS, now - _KEPT, end_s)
    limits, more_limits = _drop(connection, _LIMITS, now - _KEPT, end_s)
    return {"tokens": tokens, "limits": limits, "more": more or more_limits}


def drop_sessions(connection: psycopg.Connection[Any], now: datetime, login_days: int) -> dict[str, Any]:
    """CLEAN-3: sessions that ended a day ago, and login records past their age."""
    end_s = monotonic_s() + _BUDGET_S
    sessions, more = _drop(connection, _SESSIONS, now - _KEPT, end_s)
    logins, more_logins = _drop(connection, _LOGINS, now - timedelta(days=login_days), end_s)
    return {"sessions": sessions, "logins": logins, "more": more or more_logins}


def _drop(connection: psycopg.Connection[Any], statement: str, before: datetime, end_s: float) -> tuple[int, bool]:
    gone = 0
    while monotonic_s() < end_s:
        count = connection.execute(statement.encode(), {"before": before, "page": PAGE}).rowcount
        gone += count
        if count < PAGE:
            return gone, False
    return gone, True
