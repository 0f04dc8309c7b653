"""`bursar price`: versions, who was told of them, who keeps what, moves from one to another, and deciding about one of those
(PRICE-1 to PRICE-9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from billing.operations.decide_price_move import decide_price_move
from billing.rules.commands.price_moves import DecideMove
from billing.rules.money import amount_text
from cli.billing_rows import JSON, LIMIT, carry_out, key_of, rows, said
from cli.printing import facts, instant, json_line, table
from cli.roles import action
from cli.trouble import nothing
from models.subscription import Subscription

_VERSIONS = """
    SELECT v.external_id AS price, v.product_ref AS product, v.cycle_count, v.cycle_unit, v.currency, v.version, v.unit_amount_minor,
           v.effective_for_new_at, v.effective_for_existing_at, v.notice_days, v.published_at, v.published_by, v.reason,
           (SELECT count(*) FROM bursar.subscription s WHERE s.source = 'bursar' AND s.price_ref = v.external_id
            AND s.status NOT IN ('cancelled', 'expired')) AS subscriptions
    FROM bursar.price v WHERE v.versions <> '{}' AND (%(product)s::text IS NULL OR v.product_ref = %(product)s)
      AND (%(price)s::text IS NULL OR v.external_id = %(price)s)
    ORDER BY v.product_ref, v.currency, v.cycle_unit, v.cycle_count, v.version DESC LIMIT %(limit)s"""
_NOTICES = """SELECT status, count(*) AS customers FROM bursar.price_notice WHERE price_ref = %(price)s GROUP BY status ORDER BY status"""
_ASSIGNED = """
    SELECT kind, subscriber_ref AS customer, product_ref AS product, status, price_ref AS price, unit_amount_minor, currency, locked_at,
           expires_at, warned_at, ended_at, reason, actor
    FROM bursar.price_assignment WHERE versions <> '{}' AND (%(price)s::text IS NULL OR price_ref = %(price)s)
      AND (%(customer)s::text IS NULL OR subscriber_ref = %(customer)s)
    ORDER BY status, expires_at NULLS LAST, id LIMIT %(limit)s"""
_MIGRATIONS = """
    SELECT g.external_id AS migration, g.status, g.mode, g.from_price_ref AS from_price, g.to_price_ref AS to_price, g.rate_per_minute,
           g.requested_at, g.completed_at, g.actor, g.reason,
           (SELECT count(*) FROM bursar.price_move m WHERE m.migration_ref = g.external_id) AS worked
    FROM bursar.price_migration g WHERE g.versions <> '{}' AND (%(migration)s::text IS NULL OR g.external_id = %(migration)s)
    ORDER BY g.requested_at DESC, g.id DESC LIMIT %(limit)s"""
_OUTCOMES = """
    SELECT outcome, status, currency, count(*) AS subscriptions, sum(from_minor)::bigint AS from_minor, sum(to_minor)::bigint AS to_minor
    FROM bursar.price_move WHERE migration_ref = %(migration)s GROUP BY outcome, status, currency ORDER BY outcome, status, currency"""
_MOVES = """
    SELECT subscription_source AS source, subscription_ref AS subscription, subscriber_ref AS customer, status, outcome, because,
           from_minor, to_minor, currency, worked_at, moved_at
    FROM bursar.price_move WHERE migration_ref = %(migration)s AND (%(status)s::text IS NULL OR status = %(status)s)
    ORDER BY id LIMIT %(limit)s"""
_WHOSE = """SELECT subscriber_ref FROM bursar.price_move
            WHERE source = 'bursar' AND external_id = %(migration)s || ':' || %(source)s || ':' || %(ref)s"""


@click.group()
def price() -> None:
    """Prices: versions, notices, kept and agreed prices, moves; decide about a move."""


@price.command("ls")
@click.option("--product", metavar="KEY", help="Only this product's.")
@LIMIT
@JSON
@action("viewer")
def ls(product: str | None, limit: int, as_json: bool) -> None:
    """List the versions: what they cost, from when on, and how many subscriptions pay them."""
    found = rows(_VERSIONS, product=product, price=None, limit=limit)
    if not found:
        raise nothing("no price is published", "the app publishes them: `billing.prices.publish.v1`")
    if as_json:
        for row in found:
            json_line(row)
        return
    table(("PRICE", "PER SEAT", "FOR NEW", "FOR EXISTING", "NOTICE", "SUBSCRIPTIONS"), ((
        row["price"], amount_text(row["unit_amount_minor"], row["currency"]), instant(row["effective_for_new_at"]),
        instant(row["effective_for_existing_at"]) if row["effective_for_existing_at"] else "never", f"{row['notice_days']} days",
        row["subscriptions"],
    ) for row in found))  # fmt: skip


@price.command("show")
@click.argument("version")
@LIMIT
@JSON
@action("viewer")
def show(version: str, limit: int, as_json: bool) -> None:
    """Show a version, who was told of it, and who keeps it. VERSION is its name, such as pro:1month:EUR:v2."""
    found = rows(_VERSIONS, product=None, price=version, limit=1)
    if not found:
        raise nothing(f"no version is called {version!r}", "`bursar price ls` lists them")
    row, notices = found[0], rows(_NOTICES, price=version)
    kept = rows(_ASSIGNED, price=version, customer=None, limit=limit)
    if as_json:
        json_line({**row, "notices": {one["status"]: one["customers"] for one in notices}, "kept": kept})
        return
    facts([
        ("price", row["price"]), ("per seat", amount_text(row["unit_amount_minor"], row["currency"])),
        ("cycle", f"{row['cycle_count']} {row['cycle_unit']}"), ("for new ones from", row["effective_for_new_at"]),
        ("for existing from", row["effective_for_existing_at"] or "never"), ("told before", f"{row['notice_days']} days"),
        ("subscriptions", row["subscriptions"]), ("published", row["published_at"]), ("by", row["published_by"]),
        ("because", row["reason"]),
    ])  # fmt: skip
    for one in notices:
        click.echo(f"notices  {one['status']}  {one['customers']}")
    for one in kept:
        click.echo(_own(one))


@price.command("assigned")
@click.option("--customer", metavar="REFERENCE", help="Only this subscriber's.")
@LIMIT
@JSON
@action("viewer")
def assigned(customer: str | None, limit: int, as_json: bool) -> None:
    """List kept and agreed prices."""
    found = rows(_ASSIGNED, price=None, customer=customer, limit=limit)
    if not found:
        raise nothing("nobody has a price of his own", "`billing.prices.grandfather.v1` and `.override.v1` give one")
    for one in found:
        if as_json:
            json_line(one)
        else:
            click.echo(_own(one))


@price.command("migrations")
@click.argument("migration", required=False)
@click.option("--status", help="Of one migration: only subscriptions that are so, such as awaiting_approval.")
@LIMIT
@JSON
@action("viewer")
def migrations(migration: str | None, status: str | None, limit: int, as_json: bool) -> None:
    """List migrations, or show one of them with what came of each subscription."""
    found = rows(_MIGRATIONS, migration=migration, limit=limit)
    if not found:
        raise nothing("there is no such migration", "the app asks for them: `billing.prices.migrate.v1`")
    if migration is None:
        for row in found:
            if as_json:
                json_line(row)
            else:
                click.echo(_migration(row))
        return
    outcomes, moves = rows(_OUTCOMES, migration=migration), rows(_MOVES, migration=migration, status=status, limit=limit)
    if as_json:
        json_line({**found[0], "outcomes": outcomes, "moves": moves})
        return
    click.echo(_migration(found[0]))
    for one in outcomes:
        money = f"{amount_text(one['from_minor'], one['currency'])} -> {amount_text(one['to_minor'], one['currency'])}"
        click.echo(f"{one['outcome']} ({one['status']})  {one['subscriptions']} subscriptions  {money}")
    for one in moves:
        money = f"{amount_text(one['from_minor'], one['currency'])} -> {amount_text(one['to_minor'], one['currency'])}"
        click.echo(f"  {one['source']} {one['subscription']}  {one['customer']}  {one['status']}  {money}  {one['because'] or ''}".rstrip())


@price.command("decide")
@click.argument("migration")
@click.argument("subscription")
@click.argument("decision", type=click.Choice(("keep", "again")))
@click.option("--reason", required=True, help="Why; it stands in the audit with your name.")
@action("finance")
def decide(migration: str, subscription: str, decision: str, reason: str) -> None:
    """Decide about SUBSCRIPTION (stripe:ID, paypal:ID, or a reference of our own), which MIGRATION has not moved.

    keep: it stays at its price, as far as that migration goes. again: what Stripe refused is asked for once more, in the last day of a
    period whose end the notice is in time for.
    """
    source, ref = key_of(Subscription, subscription)
    found = rows(_WHOSE, migration=migration, source=source, ref=ref)
    if not found:
        raise nothing(f"{migration} has not come to {source}:{ref}", f"`bursar price migrations {migration}` lists what it came to")
    command = said(
        DecideMove, migration=migration, source=source, subscription=ref, subscriber_ref=found[0]["subscriber_ref"], decision=decision,
        reason=reason,
    )  # fmt: skip
    row = carry_out(command, decide_price_move, reason=reason, look=f"bursar price migrations {migration}")
    click.echo(f"{source}:{ref}: {row.status}{f' ({row.because})' if row.because else ''}")


def _migration(row: Mapping[str, Any]) -> str:
    way = f"{row['from_price']} -> {row['to_price']}"
    return f"{row['migration']}  {row['status']}  {row['mode']}  {way}  {row['worked']} worked  {instant(row['requested_at'])}"


def _own(row: Mapping[str, Any]) -> str:
    until = f"until {instant(row['expires_at'])}" if row["expires_at"] else "for good"
    about = f"{row['kind']}  {row['customer']}  {row['product']}  {amount_text(row['unit_amount_minor'], row['currency'])}"
    return f"{about}  {row['status']}  {until}  {row['reason']}"
