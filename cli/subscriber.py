"""`bursar subscriber`: one subscriber on one screen, as our billing knows him: what he may do, has, owes, and what comes next."""

from __future__ import annotations

from typing import Any

import click

from billing.rules.states_subscribers import SUBSCRIBER
from cli.billing_rows import JSON, LIMIT, key_of, money, rows
from cli.explain.next_own import own_next
from cli.printing import facts, instant, json_line, table
from cli.roles import action
from cli.trouble import nothing
from core.clock import SystemClock
from core.ids import public_id
from models.subscriber import Subscriber

_LS = {
    False: """SELECT external_id AS subscriber, status, country, pay_source, suspended_because, created_at FROM bursar.subscriber
              WHERE versions <> '{}' ORDER BY id DESC LIMIT %(limit)s""",
    True: """SELECT external_id AS subscriber, status, country, pay_source, suspended_because, created_at FROM bursar.subscriber
             WHERE status = %(status)s AND versions <> '{}' ORDER BY status, id DESC LIMIT %(limit)s""",
}
_SHOW = """SELECT id, external_id AS subscriber, status, country, language, zone, segment, pay_source, pay_customer_ref, payment_method_ref,
                  dunning_policy_ref, trial_used_at, suspended_at, suspended_because, created_at
           FROM bursar.subscriber WHERE source = 'bursar' AND external_id = %(ref)s AND versions <> '{}'"""
_MAY = "SELECT bursar_api.entitlements(%(ref)s, %(now)s)"
_SUBSCRIPTIONS = "SELECT * FROM bursar.subscription WHERE subscriber_ref = %(ref)s ORDER BY started_at NULLS FIRST, id LIMIT %(most)s"
_INVOICES = """SELECT * FROM bursar.invoice WHERE subscriber_ref = %(ref)s AND status = 'pending' ORDER BY due_at, id LIMIT %(most)s"""
_POOLS = """SELECT pool, sum(remaining)::bigint AS remaining, min(expires_at) AS next_expiry FROM bursar.credit_lot
            WHERE subscriber_ref = %(ref)s AND status = 'active' GROUP BY pool ORDER BY pool"""
_MONEY = "SELECT currency, balance_minor FROM bursar.money_credit WHERE subscriber_ref = %(ref)s ORDER BY currency"
_AHEAD = {
    "dunning_case": """SELECT * FROM bursar.dunning_case WHERE subscriber_ref = %(ref)s AND status = 'open' ORDER BY id LIMIT %(most)s""",
    "dunning_attempt": """SELECT a.* FROM bursar.dunning_case c JOIN bursar.dunning_attempt a ON a.case_ref = c.external_id
                          WHERE c.subscriber_ref = %(ref)s AND c.status = 'open' AND a.status = 'pending' ORDER BY a.due_at LIMIT 1""",
    "credit_cycle": "SELECT * FROM bursar.credit_cycle WHERE source = 'bursar' AND external_id = %(ref)s",
}
_MOST = 50
_SUBSCRIPTION = (
    "source", "external_id", "status", "product_ref", "price_ref", "quantity", "unit_price_minor", "currency", "current_period_start",
    "current_period_end", "next_billing_at", "trial_end_at", "grace_until", "cancel_at_period_end", "pending_change", "parked_at",
    "parked_because",
)  # fmt: skip
_INVOICE = (
    "source", "external_id", "status", "invoice_type", "currency", "total_minor", "amount_paid_minor", "due_at", "expires_at",
    "confirmation_since",
)  # fmt: skip


@click.group()
def subscriber() -> None:
    """Who subscribes: list, show."""


@subscriber.command("ls")
@click.option("--status", type=click.Choice(sorted(SUBSCRIBER.order)), help="Only accounts that are so.")
@LIMIT
@JSON
@action("viewer")
def ls(status: str | None, limit: int, as_json: bool) -> None:
    """List subscribers, newest first."""
    found = rows(_LS[status is not None], status=status, limit=limit)
    if not found:
        raise nothing("no subscriber fits", "the app defines them: billing.subscribers.define.v1")
    if as_json:
        for row in found:
            json_line(row)
        return
    table(("SUBSCRIBER", "STATUS", "COUNTRY", "PAYS BY", "SINCE", "SUSPENDED BECAUSE"), ((
        row["subscriber"], row["status"], row["country"], row["pay_source"], row["created_at"], row["suspended_because"] or "",
    ) for row in found))  # fmt: skip


@subscriber.command("show")
@click.argument("identity", metavar="REF")
@JSON
@action("viewer")
def show(identity: str, as_json: bool) -> None:
    """Show all that our billing knows of REF: the app's own id of the customer, or Bursar's (sbr_...)."""
    _, ref = key_of(Subscriber, identity)
    bound: dict[str, Any] = {"ref": ref, "now": SystemClock().now(), "most": _MOST}
    found = rows(_SHOW, **bound)
    if not found:
        raise nothing(f"there is no subscriber {identity}", "`bursar subscriber ls` lists them")
    account = {"id": public_id(Subscriber.PUBLIC_PREFIX, found[0].pop("id")), **found[0]}
    subscriptions, invoices = rows(_SUBSCRIPTIONS, **bound), rows(_INVOICES, **bound)
    ahead = [("subscription", row) for row in subscriptions] + [("invoice", row) for row in invoices]
    ahead += [(kind, row) for kind, sql in _AHEAD.items() for row in rows(sql, **bound)]
    story = {
        "subscriber": account,
        "entitlements": rows(_MAY, **bound)[0]["entitlements"],
        "subscriptions": [{name: row[name] for name in _SUBSCRIPTION} for row in subscriptions],
        "open_invoices": [{name: row[name] for name in _INVOICE} for row in invoices],
        "credits": rows(_POOLS, **bound),
        "money_credit": rows(_MONEY, **bound),
        "next": [sentence for kind, row in ahead for sentence in own_next({**row, "kind": kind})],
    }
    if as_json:
        json_line(story)
    else:
        _tell(story)


def _tell(story: dict[str, Any]) -> None:
    may = story["entitlements"] or {}
    facts((name.replace("_", " "), value) for name, value in story["subscriber"].items())
    click.echo("\nwhat he may do")
    limits = ", ".join(f"{name} {'unlimited' if value is None else value}" for name, value in sorted((may.get("limits") or {}).items()))
    facts([
        ("  plan", may.get("plan") or "none"), ("  limits", limits or None), ("  access until", may.get("access_until")),
        ("  blocked", may.get("blocked_because") if may.get("blocked") else None),
    ])  # fmt: skip
    for name, used in sorted((may.get("usage") or {}).items()):
        click.echo(f"  used {name}: {used['used']} of {'any number' if used['limit'] is None else used['limit']}")
    click.echo("\nsubscriptions")
    for row in story["subscriptions"] or ():
        price = money(row["unit_price_minor"], row["currency"])
        until = f"until {instant(row['current_period_end'])}" if row["current_period_end"] else ""
        click.echo("  " + "  ".join(part for part in (
            row["external_id"], f"[{row['source']}]", row["status"] or "", row["product_ref"] or "no product of ours",
            f"{row['quantity'] or 1} x {price}" if price else "", until, "PARKED" if row["parked_at"] else "",
        ) if part))  # fmt: skip
    click.echo("\nopen invoices")
    for row in story["open_invoices"]:
        left = money((row["total_minor"] or 0) - (row["amount_paid_minor"] or 0), row["currency"])
        due = f"due {instant(row['due_at'])}" if row["due_at"] else ""
        click.echo(f"  {row['external_id']}  {row['invoice_type'] or row['source']}  {left}  {due}".rstrip())
    click.echo("\ncredits")
    for row in story["credits"]:
        expiry = f", the first expire {instant(row['next_expiry'])}" if row["next_expiry"] else ""
        click.echo(f"  {row['pool']}: {row['remaining']}{expiry}")
    for row in story["money_credit"]:
        click.echo(f"  money credit: {money(row['balance_minor'], row['currency'])}")
    click.echo("\nwhat happens next")
    for sentence in story["next"] or ["nothing is ahead"]:
        click.echo("  " + sentence)
