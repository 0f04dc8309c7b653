"""Writes off what is booked here and does not exist at its provider, on the provider's direct word only (RECON-8)."""

from __future__ import annotations

from typing import Any

from billing.operations.book import book
from billing.operations.repair_wish import Wish, not_here
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.facts.absent import AbsentFact
from billing.rules.instants import iso
from billing.rules.journal import Leg, booked_legs
from billing.rules.written_off import written_off
from models.base import AGGREGATES
from models.finding import Finding

_KIND = "written_off"
_OURS = frozenset({"transfer", "application_fee"})
"""Objects of the platform, whichever account they concern."""
_GRANTS = """SELECT external_id, status, purpose, purpose_ref, customer_ref FROM bursar.fulfilment
             WHERE source = %(source)s AND external_id = ANY (%(payments)s) AND granted_at IS NOT NULL ORDER BY external_id"""


def ask_whether_missing(unit: UnitOfWork, finding: Finding, wish: Wish) -> None:
    """Look that very object up: a list may lag or be filtered. What is found is taken in like any event's object.

    Raises:
        Rejected: `cannot_repair`; the provider shows no such objects one by one, or it is not here either.
    """
    row: Any = unit.row(AGGREGATES[finding.object_type or ""], finding.source, finding.object_ref or "")
    if row.incomplete:
        raise not_here(finding)
    place = wish.place
    if place is None:
        raise Rejected(
            "cannot_repair", f"{finding.source} shows no {finding.object_type} by itself: accept it with a reason", {"current": "not_shown"}
        )
    absent = {"finding": finding.external_id, "object_type": finding.object_type, "object_ref": finding.object_ref}
    about = f"{finding.source}:{finding.object_ref}"
    unit.send(
        f"{finding.source}.fetch",
        key=f"{place['kind']}:{place['id']}:absent:{unit.now.isoformat()}",
        payload={"account": None if finding.object_type in _OURS else finding.account_ref, "lane": about, "absent": absent, **place},
        queue="payments",
        lane=about,
    )


def write_off_missing(unit: UnitOfWork, fact: AbsentFact) -> None:
    """The provider has no such object: what was booked of it goes to losses, and the row says that it is not there.

    Its status stays what was last told, and what was granted for it stays granted: the audit and the finding name it, so that
    a person can take it back. Nothing is done for a finding that was settled otherwise meanwhile.
    """
    finding = unit.row(Finding, fact.source, fact.external_id)
    if finding.status != "open" or finding.repair_how != "write_off" or finding.object_ref != fact.object_ref:
        return
    for aggregate, reference in fact.objects:
        row: Any = unit.row(AGGREGATES[aggregate], fact.source, reference)
        if not row.incomplete and row.gone_at is None:
            _write_off(unit, finding, row)


def _write_off(unit: UnitOfWork, finding: Finding, row: Any) -> None:
    row.gone_at = unit.now
    row.updated_at = max(row.updated_at, unit.now)
    booked = [leg for kind in sorted(row.booked or {}) for leg in booked_legs(row.booked, kind)]
    book(unit, row, _KIND, written_off(row.source, booked))
    grants = _grants(unit, row)
    finding.detail = {**(finding.detail or {}), "gone_at": iso(unit.now), "grants": grants}
    finding.updated_at = max(finding.updated_at, unit.now)
    about = {
        "gone_at": iso(unit.now), "finding": finding.external_id, "asked_by": finding.repair_asked_by, "grants": grants,
        "written_off": [_told(leg) for leg in booked_legs(row.booked, _KIND)],
    }  # fmt: skip
    unit.audit(f"{row.NAME}.written_off", row.NAME, row.id, before={"gone_at": None}, after=about)


def _told(leg: Leg) -> dict[str, Any]:
    return {"debit": leg.debit, "credit": leg.credit, "amount_minor": leg.amount_minor, "currency": leg.currency}


def _grants(unit: UnitOfWork, row: Any) -> list[dict[str, Any]]:
    """What was granted for it, if it is money that came in."""
    payments = [row.external_id] if row.NAME == "payment" else list(getattr(row, "payment_refs", None) or [])
    return unit.committed(_GRANTS, {"source": row.source, "payments": payments}) if payments else []
