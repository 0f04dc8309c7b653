"""Asks for what mends a finding (RECON-8). No repair moves money: facts of the provider are read again and booked as usual."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.states_recon import FINDING
from models.finding import Finding

Address = Callable[[str, str], Mapping[str, Any] | None]
"""(object type, object) -> `kind`, and where the provider shows it; None: nowhere."""

_OURS = frozenset({"transfer", "application_fee"})
"""Objects of the platform, whichever account they concern."""


def repair_finding(unit: UnitOfWork, source: str, reference: str, *, reason: str, address: Address) -> tuple[Finding, str]:
    """The finding, and the repair that was asked for: it stays open until a run no longer sees it.

    Args:
        unit: the transaction; its actor asks.
        source: the provider.
        reference: the finding's.
        reason: why, for the audit.
        address: where the provider shows objects.

    Raises:
        Rejected: `unknown_finding`, `not_open`, `needs_decision`.
    """
    row = open_finding(unit, source, reference)
    place = None if row.repair == "decide" or row.object_type is None else address(row.object_type, str(row.object_ref))
    if place is None:
        raise Rejected(
            "needs_decision", f"{row.external_id} cannot be mended by reading anything again", {"repair": row.repair, "kind": row.kind}
        )
    about = f"{source}:{row.object_ref}"
    unit.send(
        f"{source}.fetch",
        key=f"{place['kind']}:{place['id']}:recon:{unit.now.isoformat()}",
        payload={"account": None if row.object_type in _OURS else row.account_ref, "lane": about, **place},
        queue="payments",
        lane=about,
    )
    row.repair_asked_at, row.repair_asked_by, row.updated_at = unit.now, unit.actor, unit.now
    unit.audit(
        "finding.repair", row.NAME, row.id, before=None, after={"finding": row.external_id, "repair": row.repair, "reason": reason}
    )
    return row, str(row.repair)


def open_finding(unit: UnitOfWork, source: str, reference: str) -> Finding:
    """The finding, if it is open.

    Raises:
        Rejected: `unknown_finding`, `not_open`.
    """
    row = unit.row(Finding, source, reference)
    if row.status is None:
        raise Rejected("unknown_finding", f"no run has found {reference} at {source}", {"field": "finding"})
    if row.status != "open":
        raise Rejected("not_open", f"{reference} is {row.status}", {"current": row.status, "limit": [FINDING.of, "open"]})
    return row
