"""Asks for what mends a finding (RECON-8): by itself only what moves no money, else what a person has chosen.

Without a choice, facts of the provider are read again and booked as usual. A choice is a verb of its own, which does what a
person could do without any finding: an ordinary refund or reversal, a debt, a posting. The finding stays open until a run no
longer sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from billing.operations.adopt_payment import adopt_payment
from billing.operations.refund_unknown import refund_ended, refund_unknown
from billing.operations.repair_wish import Wish
from billing.operations.repost_journal import lacks, repost_finding
from billing.operations.settle_fee import book_fee, owe_fee
from billing.operations.settle_transfer import adopt_stray, owe_stray, reverse_stray
from billing.operations.unit import UnitOfWork
from billing.operations.write_off_missing import ask_whether_missing
from billing.rules.commands.base import Rejected
from billing.rules.recon_kinds import KINDS
from billing.rules.states_recon import FINDING
from models.finding import Finding
from models.refund_request import RefundRequest

Address = Callable[[str, str], Mapping[str, Any] | None]
"""(object type, object) -> `kind`, and where the provider shows it; None: nowhere."""

_OURS = frozenset({"transfer", "application_fee"})
"""Objects of the platform, whichever account they concern."""
_DOES: Mapping[tuple[str, str], Callable[[UnitOfWork, Finding, Wish], str | None]] = {
    ("unknown_charge", "adopt"): adopt_payment,
    ("unknown_charge", "refund"): refund_unknown,
    ("stray_transfer", "adopt"): adopt_stray,
    ("stray_transfer", "owe"): owe_stray,
    ("stray_transfer", "reverse"): reverse_stray,
    ("fee_leak", "owe"): owe_fee,
    ("fee_leak", "book"): book_fee,
    ("missing_there", "write_off"): ask_whether_missing,
    **{(kind, "repost"): repost_finding for kind, known in KINDS.items() if "repost" in known.choices},
}
"""(kind, choice) -> its verb, which returns what carries it out; all of KINDS' choices."""
_AGAIN = frozenset({"write_off", "repost"})
"""Choices that may be asked for twice: they look first what there is to do."""


def repair_finding(
    unit: UnitOfWork, source: str, reference: str, *, reason: str, address: Address, wish: Wish | None = None
) -> tuple[Finding, str]:
    """The finding, and the repair that was asked for: it stays open until a run no longer sees it.

    Args:
        unit: the transaction; its actor asks.
        source: the provider.
        reference: the finding's.
        reason: why, for the audit.
        address: where the provider shows objects.
        wish: what was chosen; None: what needs no choice.

    Raises:
        Rejected: `unknown_finding`, `not_open`, `needs_decision`, `no_such_repair`, `chosen_already`, and what the choice refuses.
    """
    row = open_finding(unit, source, reference)
    place = None if row.object_type is None else address(row.object_type, str(row.object_ref))
    if wish is None:
        asked, told = _read_again(unit, row, place), None
    else:
        asked, told = wish.how, _chosen(unit, row, replace(wish, place=place))
    row.repair_asked_at, row.repair_asked_by, row.updated_at = unit.now, unit.actor, unit.now
    after = {"finding": row.external_id, "repair": asked, "by": told, "reason": reason}
    unit.audit("finding.repair", row.NAME, row.id, before=None, after=after)
    return row, asked


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


def _read_again(unit: UnitOfWork, row: Finding, place: Mapping[str, Any] | None) -> str:
    choices = _choices(row)
    about = {"repair": row.repair, "kind": row.kind, "limit": list(choices)}
    may = f"choose one of: {', '.join(choices)}" if choices else "accept it, or undo it by a command of its own"
    if row.repair == "decide" or place is None:
        raise Rejected("needs_decision", f"{row.external_id} cannot be mended by reading anything again; {may}", about)
    if "repost" in choices and lacks(unit, row):
        raise Rejected("needs_decision", f"rows of the journal are gone, which no reading brings back; {may}", about)
    lane = f"{row.source}:{row.object_ref}"
    unit.send(
        f"{row.source}.fetch",
        key=f"{place['kind']}:{place['id']}:recon:{unit.now.isoformat()}",
        payload={"account": None if row.object_type in _OURS else row.account_ref, "lane": lane, **place},
        queue="payments",
        lane=lane,
    )
    return str(row.repair)


def _chosen(unit: UnitOfWork, row: Finding, wish: Wish) -> str | None:
    """What carries the choice out; once, however often it is asked for."""
    if wish.how not in _choices(row):
        may = ", ".join(_choices(row)) or "none"
        about: dict[str, Any] = {"field": "how", "current": wish.how, "limit": list(_choices(row))}
        raise Rejected("no_such_repair", f"{row.external_id} has no repair {wish.how!r}; possible: {may}", about)
    if row.repair_how is not None and row.repair_how not in _AGAIN and not _came_to_nothing(unit, row):
        if row.repair_how == wish.how:
            return row.repair_ref
        about = {"field": "how", "current": row.repair_how, "request": row.repair_ref}
        raise Rejected("chosen_already", f"{row.external_id}: {row.repair_how} was chosen and stands ({row.repair_ref})", about)
    told = _DOES[str(row.kind), wish.how](unit, row, wish)
    row.repair_how, row.repair_ref = wish.how, told
    return told


def _came_to_nothing(unit: UnitOfWork, row: Finding) -> bool:
    aggregate, _, reference = (row.repair_ref or "").partition(":")
    return aggregate == RefundRequest.NAME and refund_ended(unit, row, reference)


def _choices(row: Finding) -> tuple[str, ...]:
    known = KINDS.get(row.kind or "")
    return known.choices if known else ()

