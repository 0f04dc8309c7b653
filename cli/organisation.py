"""`bursar organisation`: who has seats, what they are billed by, and where a provider's number differs from ours (SEAT-1, SEAT-3)."""

from __future__ import annotations

from typing import Any

import click

from billing.rules.states_seats import ORGANISATION
from cli.billing_rows import JSON, LIMIT, key_of, money, rows
from cli.explain.next_own import own_next
from cli.printing import facts, instant, json_line, table
from cli.roles import action
from cli.trouble import nothing
from core.ids import public_id
from models.organisation import Organisation

_ROW = """o.external_id AS organisation, o.status, o.members, o.seats_taken, o.seats_reserved, o.seat_limit, o.quantity_mode,
          o.proration, o.asked_quantity, o.told_quantity, o.differs_since, o.sync_due_at"""
_LS = f"""SELECT {_ROW} FROM bursar.organisation o
          WHERE o.versions <> '{{}}' AND (%(status)s::text IS NULL OR o.status = %(status)s)
            AND (NOT %(differing)s OR o.differs_since IS NOT NULL) ORDER BY o.id DESC LIMIT %(limit)s"""  # noqa: S608 - our own names
_SHOW = f"""SELECT o.id, {_ROW}, o.subscription_source, o.subscription_ref, o.window_s, o.invitations_reserve, o.invitation_days,
                   o.held_accounts, o.assets, o.assets_to, o.reason, o.deleted_at, o.created_at
            FROM bursar.organisation o WHERE o.source = 'bursar' AND o.external_id = %(ref)s AND o.versions <> '{{}}'"""  # noqa: S608
_MEMBERS = """SELECT user_ref, role, seat, status, joined_at, own_plans FROM bursar.membership
              WHERE organisation_ref = %(ref)s AND status = 'active' ORDER BY seat DESC, user_ref LIMIT %(limit)s"""
_INVITED = """SELECT reference, role, reserves, expires_at FROM bursar.invitation
              WHERE organisation_ref = %(ref)s AND status = 'pending' ORDER BY expires_at, id LIMIT %(limit)s"""
_BILLED = """SELECT source, external_id, status, product_ref, quantity, unit_price_minor, seats_accrued_minor, currency, current_period_end
             FROM bursar.subscription WHERE subscriber_ref = %(ref)s AND status NOT IN ('cancelled', 'expired')
             ORDER BY started_at NULLS FIRST, id LIMIT %(limit)s"""


@click.group()
def organisation() -> None:
    """Organisations: seats, members, what is billed."""


@organisation.command("ls")
@click.option("--status", type=click.Choice(sorted(ORGANISATION.order)), help="Only those that are so.")
@click.option("--differing", is_flag=True, help="Only where the provider bills another number of seats than we asked for.")
@LIMIT
@JSON
@action("viewer")
def ls(status: str | None, differing: bool, limit: int, as_json: bool) -> None:
    """List organisations, newest first."""
    found = rows(_LS, status=status, differing=differing, limit=limit)
    if not found:
        raise nothing("no organisation fits", "the app makes them by their first member: billing.memberships.changed.v1")
    if as_json:
        for row in found:
            json_line(row)
        return
    table(("ORGANISATION", "STATUS", "MEMBERS", "SEATS", "KEPT", "LIMIT", "BILLED AS", "DIFFERS SINCE"), ((
        row["organisation"], row["status"], row["members"], row["seats_taken"], row["seats_reserved"], row["seat_limit"],
        row["asked_quantity"], row["differs_since"],
    ) for row in found))  # fmt: skip


@organisation.command("show")
@click.argument("identity", metavar="REF")
@LIMIT
@JSON
@action("viewer")
def show(identity: str, limit: int, as_json: bool) -> None:
    """Show REF (the app's own id, or Bursar's org_...): its seats, members, invitations, and what they are billed by."""
    _, ref = key_of(Organisation, identity)
    found = rows(_SHOW, ref=ref)
    if not found:
        raise nothing(f"there is no organisation {identity}", "`bursar organisation ls` lists them")
    row = found[0]
    row["id"] = public_id(Organisation.PUBLIC_PREFIX, row["id"])
    story: dict[str, Any] = {
        "organisation": row, "subscriptions": rows(_BILLED, ref=ref, limit=limit), "members": rows(_MEMBERS, ref=ref, limit=limit),
        "invitations": rows(_INVITED, ref=ref, limit=limit),
        "next": list(own_next({**row, "external_id": ref, "kind": "organisation"})),
    }  # fmt: skip
    if as_json:
        json_line(story)
    else:
        _tell(story)


def _tell(story: dict[str, Any]) -> None:
    facts((name.replace("_", " "), value) for name, value in story["organisation"].items())
    click.echo("\nbilled by")
    for row in story["subscriptions"]:
        waits = money(row["seats_accrued_minor"], row["currency"]) if row["seats_accrued_minor"] else ""
        click.echo("  " + "  ".join(part for part in (
            row["external_id"], f"[{row['source']}]", row["status"] or "", row["product_ref"] or "no product of ours",
            f"{row['quantity'] or 1} seats", money(row["unit_price_minor"], row["currency"]),
            f"until {instant(row['current_period_end'])}" if row["current_period_end"] else "",
            f"{waits} for seats wait for the next invoice" if waits else "",
        ) if part))  # fmt: skip
    click.echo("\nmembers")
    for row in story["members"]:
        plans = f"  own plans end: {', '.join(row['own_plans'])}" if row["own_plans"] else ""
        click.echo(f"  {row['user_ref']}  {row['role'] or ''}  {'seat' if row['seat'] else 'no seat'}{plans}")
    click.echo("\ninvitations")
    for row in story["invitations"]:
        click.echo(f"  {row['reference']}  {row['role']}  {'keeps a seat  ' if row['reserves'] else ''}until {instant(row['expires_at'])}")
    click.echo("\nwhat happens next")
    for sentence in story["next"] or ["nothing is ahead"]:
        click.echo("  " + sentence)
