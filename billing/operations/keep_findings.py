"""Keeps what a comparison found: one row per discrepancy, opened again when it comes back, closed when a run no longer sees it.

A comparison is one statement, and nothing of what it compares passes through this program, so memory does not grow with
the number of rows (RECON-1). Of one comparison a run keeps 20,000 findings: where more differ, it is not the objects that
are wrong, and the counts say how many there are.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from billing.rules.recon_kinds import KINDS

MOST = 20_000
"""Findings kept of one comparison."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a run compares; also the parameters of its statements, by these names."""

    source: str
    """The provider."""
    run: str
    """The run's reference."""
    since: datetime
    """Objects that the provider made from here on, to the second."""
    until: datetime
    """The first instant that is too late: what is younger is on its way."""
    accounts: list[str]
    """The connected accounts whose lists were read besides the platform's."""
    basis_points: int
    """The platform's share where no request says another (PAY-4)."""
    now: datetime
    """The run's time."""


# What a person accepted stays accepted while it is what was accepted; anything else is open (again). A choice made about other
# amounts is none about these.
_KEEP = sql.SQL("""
    WITH {comparison},
    chosen AS MATERIALIZED (
        SELECT DISTINCT ON (object_ref, object_type, kind) * FROM found ORDER BY object_ref, object_type, kind, currency LIMIT {most}),
    kept AS (
        INSERT INTO bursar.finding AS f (
            id, source, external_id, versions, created_at, updated_at, kind, severity, object_type, object_ref, account_ref,
            ours_minor, theirs_minor, currency, detail, repair, status, object_at, first_run, last_run, first_seen_at, last_seen_at)
        SELECT gen_random_uuid(), %(source)s, chosen.kind || ':' || object_type || ':' || object_ref, '{{"own": {{}}}}', %(now)s, %(now)s,
               chosen.kind, known.severity, object_type, object_ref, account_ref, ours_minor, theirs_minor, currency, detail,
               known.repair, 'open', object_at, %(run)s, %(run)s, %(now)s, %(now)s
        FROM chosen JOIN (VALUES {known}) AS known (kind, severity, repair) USING (kind)
        ON CONFLICT (source, external_id) DO UPDATE SET
            status = CASE WHEN f.status = 'accepted' AND (f.ours_minor, f.theirs_minor, f.currency)
                                IS NOT DISTINCT FROM (excluded.ours_minor, excluded.theirs_minor, excluded.currency)
                          THEN 'accepted' ELSE 'open' END,
            repair_asked_at = CASE WHEN f.status IN ('gone', 'repaired') THEN NULL ELSE f.repair_asked_at END,
            repair_how = CASE WHEN f.status IN ('gone', 'repaired') OR (f.ours_minor, f.theirs_minor, f.currency)
                                IS DISTINCT FROM (excluded.ours_minor, excluded.theirs_minor, excluded.currency)
                              THEN NULL ELSE f.repair_how END,
            ours_minor = excluded.ours_minor, theirs_minor = excluded.theirs_minor, currency = excluded.currency,
            detail = excluded.detail, account_ref = excluded.account_ref, severity = excluded.severity, repair = excluded.repair,
            last_run = excluded.last_run, last_seen_at = excluded.last_seen_at, updated_at = excluded.updated_at,
            object_at = coalesce(excluded.object_at, f.object_at)
        RETURNING 1)
    SELECT kind, count(*), (SELECT count(*) FROM kept) FROM found GROUP BY kind""")

_CLOSE = """
    UPDATE bursar.finding SET status = CASE WHEN repair_asked_at IS NULL THEN 'gone' ELSE 'repaired' END, updated_at = %(now)s
    WHERE source = %(source)s AND status = 'open' AND (%(object_type)s = '' OR object_type = %(object_type)s)
      AND kind = ANY(%(kinds)s) AND last_run <> %(run)s
      AND (object_at IS NULL OR object_at >= %(since)s AND object_at < %(until)s)"""


def keeping(comparison: sql.Composable) -> bytes:
    """The statement that keeps what a comparison finds.

    Args:
        comparison: common table expressions, the last of which is `found` with the columns kind, object_type, object_ref,
            account_ref, ours_minor, theirs_minor, currency, detail (jsonb), object_at.
    """
    known = sql.SQL(", ").join(
        sql.SQL("({}, {}, {})").format(name, kind.severity, kind.repair) for name, kind in KINDS.items()
    )
    return _KEEP.format(comparison=comparison, known=known, most=MOST).as_bytes()


def keep(
    connection: psycopg.Connection[Any], statement: bytes, scope: Scope, object_type: str, kinds: list[str]
) -> dict[str, int]:
    """Run a statement of `keeping`, and close the open findings of these kinds that it could have seen and did not see.

    Returns:
        How many there are of each kind, those beyond MOST included.
    """
    counts = {kind: count for kind, count, _ in connection.execute(statement, asdict(scope))}
    if sum(counts.values()) < MOST:
        connection.execute(_CLOSE, asdict(scope) | {"object_type": object_type, "kinds": kinds})
    return counts
