"""Books again what the journal lacks of what was booked: rows that a hand took out of it, past all triggers (RECON-8).

Each row that moved money knows what was booked of it. What the journal really has is laid beside that, and the difference is
booked by the same function as ever: numbers of legs go on where the journal ends, so nothing is there twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from billing.operations.book import book
from billing.operations.catch_up_journal import POST
from billing.operations.repair_wish import Wish
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.journal import Key, Leg, booked_legs, sums, with_booked
from models.base import AGGREGATES
from models.finding import Finding

# What belongs to what was found: itself, what it is a part of, the transaction, and what was taken of it. In lock order.
_ROWS = """
    WITH named AS (SELECT unnest(%(refs)s::text[]) AS ref),
         refs AS (SELECT ref FROM named
                  UNION SELECT b.external_id FROM bursar.balance_transaction b JOIN named ON b.source_ref = ref WHERE b.source = %(source)s
                  UNION SELECT f.external_id FROM bursar.application_fee f JOIN named ON f.charge_ref = ref WHERE f.source = %(source)s),
         rows AS (SELECT 'payment' AS aggregate, source, external_id FROM bursar.payment
                  UNION ALL SELECT 'charge', source, external_id FROM bursar.charge
                  UNION ALL SELECT 'refund', source, external_id FROM bursar.refund
                  UNION ALL SELECT 'dispute', source, external_id FROM bursar.dispute
                  UNION ALL SELECT 'transfer', source, external_id FROM bursar.transfer
                  UNION ALL SELECT 'payout', source, external_id FROM bursar.payout
                  UNION ALL SELECT 'application_fee', source, external_id FROM bursar.application_fee
                  UNION ALL SELECT 'balance_transaction', source, external_id FROM bursar.balance_transaction)
    SELECT aggregate, external_id FROM rows WHERE source = %(source)s AND external_id = ANY (ARRAY(SELECT ref FROM refs))
    ORDER BY array_position(%(order)s::text[], aggregate), external_id"""
_JOURNAL = """SELECT kind, leg, debit, credit, amount_minor, currency FROM bursar.journal WHERE fact = %(fact)s ORDER BY kind, leg"""


def repost_finding(unit: UnitOfWork, finding: Finding, wish: Wish) -> str:
    """Book again what is missing of the object that was found and of what belongs to it.

    Raises:
        Rejected: `nothing_missing`; the journal has all that was booked, so reading the object again is what may help.
    """
    done = [row for row in _rows(unit, finding) if repost(unit, row, reason=wish.reason, finding=finding.external_id)]
    if not done:
        what = f"the journal has all that was booked for {finding.external_id}: repair it without a choice"
        raise Rejected("nothing_missing", what, {"field": "how"})
    return f"{done[0].NAME}:{done[0].external_id}"


def lacks(unit: UnitOfWork, finding: Finding) -> bool:
    """Whether rows of the journal are missing, or were changed, that the object's own row says were booked."""
    return any(_differs(row, _in_journal(unit, row)) for row in _rows(unit, finding))


def repost(unit: UnitOfWork, row: Any, *, reason: str, finding: str | None = None) -> bool:
    """Book what the journal lacks of a locked row; whether there was anything."""
    there = _in_journal(unit, row)
    if not _differs(row, there):
        return False
    booked = row.booked or {}
    row.booked = there
    at = getattr(row, "provider_created_at", None) or unit.now
    for kind in sorted(booked):
        book(unit, row, kind, booked_legs(booked, kind), at=at)
    POST[row.NAME](unit, row)  # and what its facts ask for beyond that
    row.updated_at = max(row.updated_at, unit.now)
    about = {"finding": finding, "reason": reason, "kinds": sorted(kind for kind in booked if _sum(there, kind) != _sum(row.booked, kind))}
    unit.audit("journal.reposted", row.NAME, row.id, before={"booked": there}, after={**about, "booked": row.booked})
    return True


def _rows(unit: UnitOfWork, finding: Finding) -> list[Any]:
    """The rows whose postings the finding is about, locked in lock order."""
    said = finding.detail or {}
    refs = {ref for ref in (str(finding.object_ref).partition("@")[0], said.get("root"), said.get("transaction")) if ref}
    bound = {"source": finding.source, "refs": sorted(refs), "order": list(POST)}
    found = [unit.row(AGGREGATES[one["aggregate"]], finding.source, one["external_id"]) for one in unit.committed(_ROWS, bound)]
    return [row for row in found if not row.incomplete]


def _in_journal(unit: UnitOfWork, row: Any) -> dict[str, Any]:
    """What the row's `booked` would be, had the journal always been as it is: only kinds that it knows of."""
    told: dict[str, list[tuple[int, Leg]]] = defaultdict(list)
    for one in unit.committed(_JOURNAL, {"fact": f"{row.NAME}:{row.source}:{row.external_id}"}):
        told[one["kind"]].append((one["leg"], Leg(one["debit"], one["credit"], one["amount_minor"], one["currency"])))
    there: dict[str, Any] = {}
    for kind in row.booked or {}:
        there = with_booked(there, kind, [leg for _, leg in told[kind]])
        there[kind]["count"] = max((number for number, _ in told[kind]), default=-1) + 1
    return there


def _differs(row: Any, there: Mapping[str, Any]) -> bool:
    return any(_sum(row.booked, kind) != _sum(there, kind) for kind in row.booked or {})


def _sum(booked: Mapping[str, Any] | None, kind: str) -> dict[Key, int]:
    return sums(booked_legs(booked, kind))
