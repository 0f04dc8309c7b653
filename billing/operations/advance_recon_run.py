"""Writes how far a reconciliation run is, so that its next turn goes on there, whatever became of the process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

_NEXT = """SELECT external_id, source, since_at, until_at, objects, accounts, step, cursor, staged, counts FROM bursar.recon_run
           WHERE status IN ('asked', 'running') AND (%(reference)s::text IS NULL OR external_id = %(reference)s)
           ORDER BY requested_at, id LIMIT 1"""
_ACCOUNTS = """SELECT coalesce(jsonb_agg(external_id ORDER BY external_id), '[]') FROM bursar.account
               WHERE source = %(source)s AND authorized IS NOT FALSE"""
_BEGIN = """UPDATE bursar.recon_run SET status = 'running', accounts = %(accounts)s, step = 0, cursor = NULL, staged = 0, counts = '{}',
                   updated_at = %(now)s WHERE source = %(source)s AND external_id = %(reference)s AND status IN ('asked', 'running')"""
_ADVANCE = """UPDATE bursar.recon_run SET step = %(step)s, cursor = %(cursor)s, staged = %(staged)s, counts = %(counts)s,
                     updated_at = %(now)s
              WHERE source = %(source)s AND external_id = %(reference)s AND status = 'running'"""
_LEAVE_OUT = """UPDATE bursar.recon_run SET accounts = %(accounts)s, step = %(step)s, cursor = NULL, counts = %(counts)s,
                       updated_at = %(now)s
                WHERE source = %(source)s AND external_id = %(reference)s AND status = 'running'"""
_FINISH = """UPDATE bursar.recon_run SET status = 'done', cursor = NULL, counts = %(counts)s, updated_at = %(now)s, completed_at = %(now)s
             WHERE source = %(source)s AND external_id = %(reference)s AND status = 'running'"""


@dataclass(slots=True)
class Progress:
    """A run and where it stands."""

    reference: str
    source: str
    since: datetime
    until: datetime
    objects: list[str]
    accounts: list[str] | None
    step: int
    cursor: str | None
    staged: int
    counts: dict[str, Any]


def next_run(connection: psycopg.Connection[Any], reference: str | None = None) -> Progress | None:
    """The oldest run that is not done; or the named one, unless it is done."""
    row = connection.execute(_NEXT, {"reference": reference}).fetchone()
    return None if row is None else Progress(*row)


def begin(connection: psycopg.Connection[Any], run: Progress, now: datetime) -> None:
    """From the beginning, with the connected accounts that there are now."""
    found = connection.execute(_ACCOUNTS, {"source": run.source}).fetchone()
    run.accounts, run.step, run.cursor, run.staged, run.counts = list(found[0]) if found else [], 0, None, 0, {}
    connection.execute(_BEGIN, {"source": run.source, "reference": run.reference, "accounts": Jsonb(run.accounts), "now": now})


def advance(connection: psycopg.Connection[Any], run: Progress, now: datetime) -> None:
    """Keep where it stands, in the transaction of what was done."""
    connection.execute(_ADVANCE, _bound(run, now) | {"step": run.step, "cursor": run.cursor, "staged": run.staged})


def leave_out(connection: psycopg.Connection[Any], run: Progress, account: str, step: int, now: datetime) -> None:
    """Go on without an account; `step` is where the run stands among the steps that are left."""
    run.accounts = [one for one in run.accounts or [] if one != account]
    run.step, run.cursor = step, None
    connection.execute(_LEAVE_OUT, _bound(run, now) | {"accounts": Jsonb(run.accounts), "step": step})


def finish(connection: psycopg.Connection[Any], run: Progress, now: datetime) -> None:
    """It is done."""
    connection.execute(_FINISH, _bound(run, now))


def _bound(run: Progress, now: datetime) -> dict[str, Any]:
    return {"source": run.source, "reference": run.reference, "counts": Jsonb(run.counts), "now": now}
