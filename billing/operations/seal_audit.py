"""Chains audit rows into `audit_seal`, so that removing or reordering any of them shows (AUDIT-3).

A chain head locked by each event would cost 60 % of the rate; so events only add rows, and one holder seals them
afterwards. Each seal's hash is keyed: whoever can rewrite the tables but has no key cannot rebuild the chain.
"""

from __future__ import annotations

from typing import Any

import psycopg

from core.crypto import KeyRing
from models.audit import GENESIS, seal_message

_ONE_HOLDER = "SELECT pg_try_advisory_xact_lock(hashtextextended('bursar.audit_seal', 0))"
_HEAD = (
    "SELECT seq, hash, (SELECT max(audit_id) FROM bursar.audit_seal) FROM bursar.audit_seal ORDER BY seq DESC LIMIT 1"
)
# By anti-join, not from the last id on: of two transactions, the one with the smaller id may commit later. Both sides have
# the bounds, because the planner draws no conclusion from one to the other and would read all seals.
_UNSEALED = """
    SELECT a.id, a.uid, a.mac FROM bursar.audit a
    WHERE a.id > %(above)s AND a.id <= %(to)s
      AND NOT EXISTS (SELECT FROM bursar.audit_seal s WHERE s.audit_id = a.id AND s.audit_id > %(above)s AND s.audit_id <= %(to)s)
    ORDER BY a.id LIMIT %(limit)s"""
_HIGHEST = "SELECT coalesce(max(id), 0) FROM bursar.audit"
_ADD = """
    INSERT INTO bursar.audit_seal (seq, audit_id, prev, hash)
    SELECT * FROM unnest(%(seq)s::bigint[], %(audit_id)s::bigint[], %(prev)b::bytea[], %(hash)b::bytea[])"""

LATE_IDS = 20_000
"""How far below the highest sealed id late committers are looked for each minute: those of some seconds under full load."""
WINDOW_IDS = 1_000_000
"""The same for those that live longest, which are looked for less often; no transaction lives through so many."""
_LAST_ID = 2**63 - 1


def seal(
    connection: psycopg.Connection[Any],
    keys: KeyRing,
    limit: int,
    *,
    whole: bool = False,
    between: tuple[int, int] | None = None,
) -> int:
    """Seal at most `limit` rows that are not sealed yet, by id, in the caller's transaction; returns how many.

    0 also when another process is sealing. `whole` looks for forgotten rows in the whole table instead of its newest
    part, which costs a pass over it; `between` in the ids above the first one up to the second.
    """
    held = connection.execute(_ONE_HOLDER).fetchone()
    if held is None or not held[0]:
        return 0
    head = connection.execute(_HEAD).fetchone()
    seq, prev, highest = head or (0, GENESIS, 0)
    above, to = between or (0 if whole else highest - LATE_IDS, _LAST_ID)
    rows = connection.execute(_UNSEALED, {"above": above, "to": to, "limit": limit}).fetchall()
    if not rows:
        return 0
    prevs, hashes = [], []
    for number, (_, uid, mac) in enumerate(rows, seq + 1):
        prevs.append(prev)
        prev = keys.mac(keys.writing, seal_message(prev, number, uid, mac))
        hashes.append(prev)
    numbers = list(range(seq + 1, seq + 1 + len(rows)))
    connection.execute(_ADD, {"seq": numbers, "audit_id": [row[0] for row in rows], "prev": prevs, "hash": hashes})
    return len(rows)


def seal_forgotten(connection: psycopg.Connection[Any], keys: KeyRing, limit: int, looked_to: int) -> int:
    """Seal rows that the minutely look cannot see: late ones among the newest million ids, and older ones, a million ids each time.

    `looked_to` is what the last call returned, 0 at first: a large audit is walked through in turns and then anew.
    """
    newest = max(0, highest_id(connection) - WINDOW_IDS)
    seal(connection, keys, limit, between=(newest, _LAST_ID))
    if looked_to >= newest:
        looked_to = 0
    seal(connection, keys, limit, between=(looked_to, min(newest, looked_to + WINDOW_IDS)))
    return min(newest, looked_to + WINDOW_IDS)


def highest_id(connection: psycopg.Connection[Any]) -> int:
    """The audit's highest id, 0 when there is none."""
    row = connection.execute(_HIGHEST).fetchone()
    return int(row[0]) if row else 0
