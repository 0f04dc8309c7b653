"""Credit notes for what of a paid period was given back as money credit: less was sold, so less tax is owed (INV-9, SUB-4, CRED-10).

The money credit pays later invoices, which are taxed in full; without the credit note the same money would be taxed twice. What is to
be credited follows from the credits that were given for the period, and what was credited from its papers, so any order ends the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog

from billing.operations.credit_document import UNUSED, credit_part, papers_of, wait_for_papers
from billing.operations.parties import seller_of
from billing.operations.period_money import credits_of, taken_over_minor
from billing.operations.unit import UnitOfWork
from billing.rules.paper.credit import gross
from models.base import OWN_SOURCE
from models.invoice import Invoice

log = structlog.get_logger(__name__)

_SO_FAR = """SELECT external_id FROM bursar.invoice WHERE subscriber_ref = %(subscriber)s AND subscription_ref = %(subscription)s
             AND source = 'bursar' AND status = 'paid' AND period_start <= %(start)s"""
_BILLED = """SELECT external_id FROM bursar.invoice WHERE subscriber_ref = %(subscriber)s AND subscription_ref = %(subscription)s
             AND source = 'bursar' AND period_start = %(start)s"""


def credit_unused_part(unit: UnitOfWork, subscriber_ref: str, subscription_ref: str, period_start: datetime) -> None:
    """Have what was given back of that period credited, at the unit's end; the subscriber is locked."""
    if seller_of(unit) is not None:
        unit.later(_credit, f"{subscriber_ref}\t{subscription_ref}\t{period_start.isoformat()}")


def _credit(unit: UnitOfWork, keys: Sequence[str]) -> None:
    for key in keys:
        unit.again(key)
        subscriber_ref, subscription_ref, start = key.split("\t")
        _credit_period(unit, subscriber_ref, subscription_ref, datetime.fromisoformat(start))


def _credit_period(unit: UnitOfWork, subscriber_ref: str, subscription_ref: str, start: datetime) -> None:
    bound = {"subscriber": subscriber_ref, "subscription": subscription_ref, "start": start}
    refs = _paid(unit, bound)
    papers = papers_of(unit, refs)
    more = _given(unit, bound) - sum(
        note.total_minor for one in papers.values() for name, note in one.notes.items() if name.startswith(UNUSED)
    )
    for ref in [ref for ref in refs if ref in papers]:
        amount = min(more, gross(papers[ref].left))
        if amount > 0:
            credit_part(unit, unit.row(Invoice, OWN_SOURCE, ref), papers[ref], amount)
            more -= amount
    if more > 0:
        for ref in refs:
            if ref not in papers:
                unit.later(wait_for_papers, ref)
        more = _credit_earlier(unit, bound, more)
    if more > 0 and papers:
        log.warning(
            "credit_without_paper", subscription=subscription_ref, period_start=start, left_minor=more,
            effect="the subscriber has his credit; no invoice of the period is left to be credited for it",
            next_step="none, if the period was billed before papers were issued; else look at its papers: bursar explain",
        )  # fmt: skip


def _credit_earlier(unit: UnitOfWork, bound: Mapping[str, Any], more_minor: int) -> int:
    """What the period's own papers do not hold is credited from those of the periods whose unused part it took over; what is left then."""
    unit.load((Invoice.NAME, OWN_SOURCE, one["external_id"]) for one in unit.committed(_SO_FAR, bound))
    of_it = (OWN_SOURCE, bound["subscription"], "paid")
    rows = [row for row in unit.known if isinstance(row, Invoice) and (row.source, row.subscription_ref, row.status) == of_it]
    paid = [row for row in rows if row.period_start is not None and row.period_start <= bound["start"]]
    starts: list[datetime] = []
    for start in sorted({row.period_start for row in paid if row.period_start}, reverse=True):
        starts.append(start)
        if not any(taken_over_minor(row.__dict__) for row in paid if row.period_start == start):
            break
    chain = [row for row in paid if row.period_start in starts and row.total_minor]
    chain.sort(key=lambda row: (row.period_start or row.created_at, row.finalized_at or row.created_at, row.id), reverse=True)
    papers = papers_of(unit, [row.external_id for row in chain])
    if len(starts) == 1 or len(papers) < len(chain):
        return more_minor
    noted = [note for one in papers.values() for name, note in one.notes.items() if name.startswith(UNUSED)]
    more = min(more_minor, sum(_given(unit, {**bound, "start": start}) for start in starts) - sum(note.total_minor for note in noted))
    for row in chain:
        amount = min(more, gross(papers[row.external_id].left))
        if amount > 0:
            credit_part(unit, row, papers[row.external_id], amount)
            more, more_minor = more - amount, more_minor - amount
    return more_minor


def _given(unit: UnitOfWork, bound: Mapping[str, Any]) -> int:
    return sum(minor for kind, minor in credits_of(unit, bound["subscription"], bound["start"]) if kind == "granted")


def _paid(unit: UnitOfWork, bound: Mapping[str, Any]) -> list[str]:
    """The paid invoices of the period, the newest first; what this unit has in hand is newer than what is committed."""
    refs = {one["external_id"] for one in unit.committed(_BILLED, bound)}
    of_this = (OWN_SOURCE, bound["subscription"], bound["start"])
    for known in unit.known:
        if isinstance(known, Invoice) and (known.source, known.subscription_ref, known.period_start) == of_this:
            refs.add(known.external_id)
    unit.load((Invoice.NAME, OWN_SOURCE, ref) for ref in sorted(refs))
    rows = [unit.row(Invoice, OWN_SOURCE, ref) for ref in refs]
    paid = [row for row in rows if row.status == "paid"]
    return [row.external_id for row in sorted(paid, key=lambda row: (row.finalized_at or row.created_at, row.id), reverse=True)]
