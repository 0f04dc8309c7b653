"""The end of an organisation: nothing more is billed, nobody belongs to it, and its money waits for open refunds (SEAT-7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from billing.operations.cancel_at_provider import CANCELLABLE, ask_provider
from billing.operations.cancel_subscription import ENDED, cancel
from billing.operations.change_membership import leave_all
from billing.operations.hold_payouts import hold_payouts
from billing.operations.invite import end_invitation
from billing.operations.move_status import move_status
from billing.operations.organisation_of import organisation_of
from billing.operations.release_hold import release_hold
from billing.operations.unit import UnitOfWork
from billing.rules.commands.organisations import DeleteOrganisation
from billing.rules.states_seats import ORGANISATION
from models.base import OWN_SOURCE
from models.invitation import Invitation
from models.invoice import Invoice
from models.membership import Membership
from models.organisation import Organisation
from models.subscriber import Subscriber
from models.subscription import Subscription

LOOK_AGAIN = timedelta(hours=1)

_MEMBERS = """SELECT external_id, user_ref, own_plans IS NOT NULL AS returns FROM bursar.membership
              WHERE organisation_ref = %(ref)s AND status = 'active' ORDER BY external_id"""
_INVITED = "SELECT external_id FROM bursar.invitation WHERE organisation_ref = %(ref)s AND status = 'pending' ORDER BY external_id"
_SUBSCRIBED = """SELECT source, external_id FROM bursar.subscription
                 WHERE subscriber_ref = %(ref)s AND status NOT IN ('cancelled', 'expired') ORDER BY source, external_id"""
_REFUNDS = """SELECT count(*) AS open FROM bursar.refund_request
              WHERE source = %(source)s AND %(account)s IN (account_ref, payee_ref) AND status IN ('pending', 'processing', 'approved')"""


@dataclass(slots=True)
class Closed:
    """What came of it."""

    organisation: Organisation
    ended: list[str] = field(default_factory=list)
    final_invoices: list[str] = field(default_factory=list)
    members_left: int = 0


def close_organisation(unit: UnitOfWork, command: DeleteOrganisation) -> Closed:
    """Delete it for good. Deleted again, nothing changes.

    Raises:
        Rejected: `unknown_organisation`.
    """
    row = organisation_of(unit, command.organisation_ref)
    closed = Closed(row)
    if row.status == "deleted":
        return closed
    _end_subscriptions(unit, closed, command)
    closed.members_left = _leave(unit, row)
    for name in [one["external_id"] for one in unit.committed(_INVITED, {"ref": row.external_id})]:
        end_invitation(unit, unit.row(Invitation, OWN_SOURCE, name), "cancelled", "the organisation was deleted")
    row.assets, row.assets_to, row.reason, row.deleted_at = command.assets, command.assets_to, command.reason, unit.now
    row.held_accounts = sorted(set(command.accounts)) or None
    for one in row.held_accounts or ():
        source, account = str(one).split(" ", 1)
        hold_payouts(unit, source, account, key=_key(row, account), reason="open_refunds", note=f"{row.external_id} was deleted")
    row.sync_due_at = unit.now + LOOK_AGAIN if row.held_accounts else None
    row.status = "deleted"
    about = {"reason": command.reason, "assets": command.assets, "assets_to": command.assets_to, "ended": closed.ended}
    move_status(unit, row, ORGANISATION, "active", "deleted", about)
    return closed


def release_settled(unit: UnitOfWork, row: Organisation) -> None:
    """Let go of a deleted organisation's money where no refund is open any more; else look again in an hour."""
    waiting = []
    for one in row.held_accounts or ():
        source, account = str(one).split(" ", 1)
        if unit.committed(_REFUNDS, {"source": source, "account": account})[0]["open"]:
            waiting.append(one)
        else:
            release_hold(unit, source, _key(row, account), why="no refund of the deleted organisation is open")
    row.held_accounts = waiting or None
    row.sync_due_at = unit.now + LOOK_AGAIN if waiting else None


def _key(row: Organisation, account: str) -> str:
    return f"organisation:{row.external_id}:{account}"


def _end_subscriptions(unit: UnitOfWork, closed: Closed, command: DeleteOrganisation) -> None:
    keys = [(one["source"], one["external_id"]) for one in unit.committed(_SUBSCRIBED, {"ref": command.organisation_ref})]
    unit.load((Subscription.NAME, *key) for key in keys)
    for key in keys:
        one = unit.row(Subscription, *key)
        if one.status in ENDED:
            continue
        if one.source == OWN_SOURCE:
            cancel(unit, one, when="now", credit=False, reason=command.reason)
        elif one.source in CANCELLABLE:
            ask_provider(unit, one, "cancel", command.reason)
        else:
            continue
        closed.ended.append(f"{one.source} {one.external_id}")
    names = {f"{ref}:final-seats" for _, ref in keys}
    closed.final_invoices = sorted(row.external_id for row in _invoices(unit) if row.external_id in names)


def _invoices(unit: UnitOfWork) -> list[Invoice]:
    return [row for row in unit.known if isinstance(row, Invoice) and row.source == OWN_SOURCE and not row.incomplete]


def _leave(unit: UnitOfWork, row: Organisation) -> int:
    found: Sequence[dict[str, object]] = unit.committed(_MEMBERS, {"ref": row.external_id})
    unit.load((Subscriber.NAME, OWN_SOURCE, str(one["user_ref"])) for one in found if one["returns"])
    unit.load((Membership.NAME, OWN_SOURCE, str(one["external_id"])) for one in found)
    return leave_all(unit, row, [unit.row(Membership, OWN_SOURCE, str(one["external_id"])) for one in found])
