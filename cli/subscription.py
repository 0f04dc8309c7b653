"""`bursar subscription`: what is due, what owes, what is parked, one in full; and letting a parked one go on (SUB-14)."""

from __future__ import annotations

from typing import Any

import click

from billing.operations.unpark_subscription import unpark_subscription
from billing.rules.commands.unpark import UnparkSubscription
from cli.billing_rows import JSON, LIMIT, carry_out, key_of, money, rows
from cli.explain.next_own import own_next
from cli.printing import facts, instant, json_line, table
from cli.roles import action
from cli.trouble import USAGE, TroubleError, nothing
from core.clock import SystemClock
from core.ids import public_id
from models.base import OWN_SOURCE
from models.subscription import Subscription

_COLUMNS = """source, external_id AS subscription, status, subscriber_ref, product_ref, quantity, unit_price_minor, currency,
              current_period_end, next_billing_at, grace_until, parked_at, parked_because"""
_FROM = "FROM bursar.subscription"
_LS = {
    "due": f"""SELECT {_COLUMNS} {_FROM} WHERE next_billing_at <= %(now)s AND parked_at IS NULL
               ORDER BY next_billing_at, id LIMIT %(limit)s""",
    "coming": f"""SELECT {_COLUMNS} {_FROM} WHERE next_billing_at > %(now)s AND parked_at IS NULL
                  ORDER BY next_billing_at, id LIMIT %(limit)s""",
    "owing": f"""SELECT {_COLUMNS} {_FROM} WHERE source = 'bursar' AND status IN ('past_due', 'unpaid', 'pending_renewal')
                 ORDER BY current_period_end, id LIMIT %(limit)s""",
    "parked": f"SELECT {_COLUMNS} {_FROM} WHERE parked_at IS NOT NULL ORDER BY parked_at, id LIMIT %(limit)s",
    "of": f"SELECT {_COLUMNS} {_FROM} WHERE subscriber_ref = %(subscriber)s ORDER BY created_at DESC LIMIT %(limit)s",
}
_WHICH = click.Choice(["due", "coming", "owing", "parked"])
_SHOW = "SELECT * FROM bursar.subscription WHERE source = %(source)s AND external_id = %(ref)s AND versions <> '{}'"
_PERIODS = """SELECT period_start, period_end, quantity, unit_price_minor, currency, price_ref, invoice_ref FROM bursar.subscription_period
              WHERE source = %(source)s AND subscription_ref = %(ref)s ORDER BY period_start DESC LIMIT %(limit)s"""
_HEAD = ("SUBSCRIPTION", "SOURCE", "STATUS", "SUBSCRIBER", "PRODUCT", "PRICE", "PERIOD ENDS", "BILLED NEXT", "GRACE", "PARKED BECAUSE")
_HIDDEN = frozenset({"id", "versions", "metadata", "items", "customer_id", "account_id", "booked", "settled_as", "gone_at"})


@click.group()
def subscription() -> None:
    """Subscriptions: which are due, owe or are parked; show one; unpark."""


@subscription.command("ls")
@click.argument("which", type=_WHICH, default="due")
@click.option("--subscriber", metavar="REF", help="All of one subscriber instead, by the app's own id.")
@LIMIT
@JSON
@action("viewer")
def ls(which: str, subscriber: str | None, limit: int, as_json: bool) -> None:
    """List subscriptions: `due` to be billed now, `coming` next, `owing` for a period that began, or `parked` until a person looks."""
    bound: dict[str, Any] = {"now": SystemClock().now(), "limit": limit, "subscriber": subscriber}
    found = rows(_LS["of" if subscriber else which], **bound)
    if not found:
        raise nothing(f"{subscriber} has no subscription" if subscriber else f"no subscription is {which}", "`bursar subscriber ls`")
    if as_json:
        for row in found:
            json_line(row)
        return
    table(_HEAD, ((
        row["subscription"], row["source"], row["status"], row["subscriber_ref"], row["product_ref"],
        f"{row['quantity'] or 1} x {money(row['unit_price_minor'], row['currency']) or '?'}", row["current_period_end"],
        row["next_billing_at"], row["grace_until"], row["parked_because"] or "",
    ) for row in found))  # fmt: skip


@subscription.command("show")
@click.argument("identity", metavar="SUBSCRIPTION")
@LIMIT
@JSON
@action("viewer")
def show(identity: str, limit: int, as_json: bool) -> None:
    """Show one with its newest periods: our reference of it, Bursar's id (sub_...), or `stripe:ID`."""
    source, ref = key_of(Subscription, identity)
    found = rows(_SHOW, source=source, ref=ref)
    if not found:
        raise nothing(f"there is no subscription {identity}", "a provider's is called stripe:ID or paypal:ID")
    row = found[0]
    periods = rows(_PERIODS, source=source, ref=ref, limit=limit)
    ahead = list(own_next({**row, "kind": "subscription"}))
    shown = {"id": public_id(Subscription.PUBLIC_PREFIX, row["id"])} | {name: row[name] for name in row if name not in _HIDDEN}
    if as_json:
        json_line({**shown, "periods": periods, "next": ahead})
        return
    facts((name.replace("_", " "), value) for name, value in shown.items())
    for one in periods:
        price, span = money(one["unit_price_minor"], one["currency"]), f"{instant(one['period_start'])} to {instant(one['period_end'])}"
        click.echo(f"period  {span}  {one['quantity']} x {price}  {one['invoice_ref']}")
    for sentence in ahead:
        click.echo(f"next    {sentence}")
    click.echo(f"all of it: bursar explain {source}:{ref}")


@subscription.command("unpark")
@click.argument("reference", metavar="SUBSCRIPTION")
@click.option("--reason", required=True, help="What you found; it stands in the audit with your name.")
@action("finance")
def unpark(reference: str, reason: str) -> None:
    """Let a parked one be billed again, from the period that runs now on; those that were missed are not billed."""
    found = rows(_SHOW, source=OWN_SOURCE, ref=key_of(Subscription, reference)[1])
    if not found:
        raise nothing(f"we bill no subscription {reference}", "`bursar subscription ls parked`")
    if found[0]["parked_at"] is None:
        click.echo(f"{reference}: is not parked, nothing changed")
        return
    try:
        command = UnparkSubscription(reference=found[0]["external_id"], subscriber_ref=found[0]["subscriber_ref"], reason=reason)
    except ValueError as error:
        raise TroubleError(USAGE, str(error), effect="nothing was changed", then="mend the options") from None
    row = carry_out(command, unpark_subscription, reason=reason, look=f"bursar subscription show {reference}")
    click.echo(f"{reference}: billed again {instant(row.next_billing_at) if row.next_billing_at else 'never by itself'}")
