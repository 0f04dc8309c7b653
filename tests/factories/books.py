"""The journal as tests look at it: what its accounts come to."""

from __future__ import annotations

from sqlalchemy import Connection, text

Books = dict[tuple[str, str], int]
"""(account, currency) -> debits less credits; accounts at zero are left out."""

_BALANCES = text(
    """SELECT code, currency, sum(amount)::bigint FROM (
         SELECT debit AS code, currency, amount_minor AS amount FROM bursar.journal
         UNION ALL SELECT credit, currency, -amount_minor FROM bursar.journal) AS sides
       GROUP BY code, currency HAVING sum(amount) <> 0"""
)


def books(connection: Connection) -> Books:
    """All accounts that are not at zero."""
    return {(code, currency): amount for code, currency, amount in connection.execute(_BALANCES)}
