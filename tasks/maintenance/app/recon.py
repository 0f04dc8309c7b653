"""`billing.recon.*`: compare with a provider, and settle what was found."""

from __future__ import annotations

from functools import partial

from billing.operations.accept_finding import accept_finding
from billing.operations.ask_recon import ask_recon
from billing.operations.refund_terms import terms
from billing.operations.repair_finding import repair_finding
from billing.operations.repair_wish import Wish
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command, Rejected
from billing.rules.commands.recon import AcceptFinding, FindingSettled, ReconAsked, RepairFinding, RunRecon
from billing.rules.facts.event import Event
from core.settings import current
from providers.app.read_command import read_command
from tasks.maintenance.recon.addresses import address
from tasks.maintenance.recon.lists import LISTS, YOUNG


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def run(unit: UnitOfWork, command: RunRecon) -> ReconAsked:
    """Ask for a run; the same command again is the same run."""
    known = LISTS[command.source]
    objects = [of for of in known if of in command.objects or not command.objects]
    until = min(command.until, unit.now - YOUNG[command.source])
    if len(objects) < len(command.objects) or until <= command.since:
        raise Rejected("nothing_to_compare", f"{command.source} lists none of these in that time", {"limit": list(known)})
    reference = f"RUN-{unit.now:%Y%m%d%H%M%S%f}"
    row = ask_recon(
        unit, command.source, reference, since=command.since, until=until, objects=objects, actor=unit.actor, reason=command.reason
    )
    return ReconAsked(run=reference, status=str(row.status))


def repair(unit: UnitOfWork, command: RepairFinding) -> FindingSettled:
    """Ask for what mends it."""
    where = partial(address, command.source)
    row, asked = repair_finding(unit, command.source, command.finding, reason=command.reason, address=where, wish=_wish(command))
    return FindingSettled(finding=row.external_id, status=str(row.status), repair=asked, request=row.repair_ref if command.how else None)


def _wish(command: RepairFinding) -> Wish | None:
    if command.how is None:
        return None
    return Wish(
        how=command.how, reason=command.reason, terms=terms(current()), customer_ref=command.customer_ref, purpose=command.purpose,
        purpose_ref=command.purpose_ref,
    )  # fmt: skip


def accept(unit: UnitOfWork, command: AcceptFinding) -> FindingSettled:
    """Let it stand."""
    row = accept_finding(unit, command.source, command.finding, reason=command.reason)
    return FindingSettled(finding=row.external_id, status=str(row.status), repair="none")
