"""The gate before a provider: a rate that all processes share, and a breaker that stops calls while it does not answer.

Both are one row in PostgreSQL and a part of one short statement a call. A hanging provider costs a few threads one time-out each;
then calls wait in the outbox, uncounted, and one of them tries every few seconds whether it is back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection

from core.settings import Settings
from models.statements import BY_ITSELF
from providers.errors import Retryable

log = structlog.get_logger(__name__)

_FAILURES = 5
"""Failures in a row, none of them an answer, after which the breaker opens."""
_SHUT_S = 10.0
_MILLI = 1000

# The bucket fills by the time since it was last looked at. While the breaker is open, whoever comes after `opens_at` moves it on
# and is the one who tries. Times that lie ahead are of a clock that has been set back since: they must not hold back calls until then.
_AT_THE_GATE = """
    INSERT INTO bursar.provider_gate AS g (source, millitokens, filled_at)
    SELECT %(source)s, %(burst)s - 1000, clock_timestamp()"""
_GO_THROUGH = """
    ON CONFLICT (source) DO UPDATE SET
        filled_at = clock_timestamp(),
        millitokens = -1000 + least(%(burst)s,
            g.millitokens + (abs(extract(epoch FROM clock_timestamp() - g.filled_at)) * %(rate)s)::bigint),
        opens_at = CASE WHEN g.opens_at IS NULL THEN NULL ELSE clock_timestamp() + %(shut_s)s * interval '1 second' END
    WHERE (g.opens_at IS NULL OR g.opens_at <= clock_timestamp() OR g.opens_at > clock_timestamp() + %(shut_s)s * interval '1 second')
      AND least(%(burst)s, g.millitokens + (abs(extract(epoch FROM clock_timestamp() - g.filled_at)) * %(rate)s)::bigint) >= 1000
    RETURNING true"""
_ENTER = _AT_THE_GATE + _GO_THROUGH
_WAIT = """
    SELECT greatest(0, extract(epoch FROM opens_at - clock_timestamp()))::float8,
           greatest(0, (1000 - millitokens)::float8 / %(rate)s)
    FROM bursar.provider_gate WHERE source = %(source)s"""
ANSWERED = """UPDATE bursar.provider_gate SET failures = 0, opens_at = NULL
               WHERE source = %(source)s AND (failures > 0 OR opens_at IS NOT NULL) RETURNING true"""
"""As a part of the statement that settles a call; usually there is nothing to change."""
_SILENT = """UPDATE bursar.provider_gate SET failures = failures + 1,
                    opens_at = CASE WHEN failures + 1 >= %(most)s THEN clock_timestamp() + %(shut_s)s * interval '1 second' END
             WHERE source = %(source)s RETURNING failures"""


class GateShutError(Retryable):
    """A call was not made, because the provider does not answer or its rate is used up. It waits; nobody need be told of each."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A call may not be made yet."""

    seconds: float
    why: str


def enter(connection: Connection, source: str, settings: Settings) -> Wait | None:
    """Take one call's leave; or learn how long to wait."""
    bound = limits(source, settings)
    if connection.exec_driver_sql(_ENTER, bound).scalar():
        return None
    shut_s, empty_s = connection.exec_driver_sql(_WAIT, bound).one()
    if shut_s:
        return Wait(shut_s, f"{source} does not answer: the breaker is open")
    return Wait(max(empty_s, 0.05), f"{source}'s rate of {bound['rate'] / _MILLI:g} calls a second is used up")


def entering(condition: str) -> str:
    """SQL that takes one call's leave if `condition` holds, as a part of another statement: a row if it may be made. Values: `limits`."""
    return f"{_AT_THE_GATE} WHERE {condition} {_GO_THROUGH}"


def limits(source: str, settings: Settings) -> dict[str, Any]:
    """What the gate is to hold calls to."""
    rate = {"stripe": settings.stripe_rate_per_s, "anaf": settings.anaf_rate_per_s}.get(source, settings.paypal_rate_per_s)
    return {"source": source, "rate": rate * _MILLI, "burst": round_up(rate) * _MILLI, "shut_s": _SHUT_S}


def round_up(rate: float) -> int:
    """A second's worth of calls may come at once, and at least one."""
    return max(1, -int(-rate // 1))


def answers_again(source: str) -> None:
    """Say that `ANSWERED` found the gate troubled: the provider said something, be it a refusal."""
    log.info("provider_answers_again", source=source)


def silent(connection: Connection, source: str) -> None:
    """No answer, or an error of the provider's own."""
    bound = {"source": source, "most": _FAILURES, "shut_s": _SHUT_S}
    failures = connection.exec_driver_sql(_SILENT, bound, BY_ITSELF).scalar()
    if failures == _FAILURES:
        log.warning("provider_breaker_open", source=source, failures=failures, effect="calls wait in the outbox and use up no try")
