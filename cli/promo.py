"""`bursar promo`: campaigns, codes, and who uses them for what (PROMO-1 to 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from billing.rules.money import amount_text, format_minor
from billing.rules.promo import normalised
from billing.rules.states_promo import PROMO_REDEMPTION
from cli.billing_rows import JSON, rows
from cli.printing import facts, instant, json_line, table
from cli.roles import action
from cli.trouble import nothing

_CAMPAIGNS = """
    SELECT external_id AS reference, title, status, kind, basis_points, amount_minor, currency, buy_quantity, free_quantity, segments,
           starts_on, ends_on, zone, uses, max_uses, max_per_customer, reason, ended_at,
           (SELECT count(*) FROM bursar.promo_code p WHERE p.campaign_ref = c.external_id) AS codes
    FROM bursar.campaign c WHERE versions <> '{}' AND (%(ref)s::text IS NULL OR external_id = %(ref)s) ORDER BY id DESC LIMIT %(limit)s"""
_CODES = """
    SELECT external_id AS code, status, campaign_ref AS campaign, uses, max_uses FROM bursar.promo_code
    WHERE versions <> '{}' AND (%(campaign)s::text IS NULL OR campaign_ref = %(campaign)s)
      AND (%(code)s::text IS NULL OR external_id = %(code)s) ORDER BY id DESC LIMIT %(limit)s"""
_USES = """
    SELECT r.external_id AS reference, r.status, r.code_ref AS code, r.campaign_ref AS campaign, r.subscriber_ref AS customer, r.currency,
           r.subtotal_minor, r.amount_off_minor, r.request_source, r.request, r.reserved_at, r.expires_at, r.consumed_at, r.released_at,
           r.released_because, r.honoured_at, r.actor
    FROM bursar.promo_redemption r
    WHERE r.versions <> '{}' AND (%(status)s::text IS NULL OR r.status = %(status)s)
      AND (%(code)s::text IS NULL OR r.code_ref = %(code)s) AND (%(reference)s::text IS NULL OR r.external_id = %(reference)s)
    ORDER BY r.reserved_at DESC, r.id DESC LIMIT %(limit)s"""
_LIMIT = click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most this many, newest first.")


@click.group()
def promo() -> None:
    """Promo codes: campaigns, codes, and their uses."""


@promo.command("campaigns")
@_LIMIT
@JSON
@action("viewer")
def campaigns(limit: int, as_json: bool) -> None:
    """List the campaigns: what they give, when, and how many uses are taken."""
    found = rows(_CAMPAIGNS, ref=None, limit=limit)
    if not found:
        raise nothing("there is no campaign", "the app defines them: `billing.campaigns.define.v1`")
    if as_json:
        for row in found:
            json_line(row)
        return
    table(("CAMPAIGN", "STATUS", "GIVES", "FROM", "TO", "ZONE", "CODES", "USES", "TITLE"), ((
        row["reference"], row["status"], _gives(row), row["starts_on"], row["ends_on"], row["zone"], row["codes"], _of(row), row["title"],
    ) for row in found))  # fmt: skip


@promo.command("ls")
@click.option("--campaign", metavar="REFERENCE", help="Only this campaign's.")
@_LIMIT
@JSON
@action("viewer")
def ls(campaign: str | None, limit: int, as_json: bool) -> None:
    """List codes, and how many of their uses are taken."""
    found = rows(_CODES, campaign=campaign, code=None, limit=limit)
    if not found:
        raise nothing("no code fits", "`bursar promo campaigns` lists the campaigns")
    if as_json:
        for row in found:
            json_line(row)
        return
    head = ("CODE", "STATUS", "CAMPAIGN", "USES")
    table(head, ((row["code"], row["status"], row["campaign"], _of(row)) for row in found))


@promo.command("show")
@click.argument("name")
@click.option("--status", type=click.Choice(sorted(PROMO_REDEMPTION.order)), help="Of a code: only uses that are so.")
@_LIMIT
@JSON
@action("viewer")
def show(name: str, status: str | None, limit: int, as_json: bool) -> None:
    """Show a code with its uses, or one order's use. NAME is the code, or the order's reference."""
    code = rows(_CODES, campaign=None, code=normalised(name), limit=1)
    wanted = {"code": normalised(name), "reference": None} if code else {"code": None, "reference": name}
    uses = rows(_USES, **wanted, status=status, limit=limit)
    if not code and not uses:
        raise nothing(f"neither a code nor an order's use of one is called {name!r}", "`bursar promo ls` lists the codes")
    campaign = rows(_CAMPAIGNS, ref=(code or uses)[0]["campaign"], limit=1)
    if as_json:
        json_line({"code": code[0] if code else None, "campaign": campaign[0], "uses": uses})
        return
    if code:
        facts([
            ("code", code[0]["code"]), ("status", code[0]["status"]), ("uses", _of(code[0])), ("campaign", code[0]["campaign"]),
            ("campaign's uses", _of(campaign[0])), ("campaign is", campaign[0]["status"]), ("gives", _gives(campaign[0])),
        ])  # fmt: skip
        for use in uses:
            click.echo(f"use  {use['reference']}  {use['status']}  {use['customer']}  {_off(use)}  {instant(use['reserved_at'])}")
        return
    for use in uses:
        _print_use(use)


def _print_use(use: Mapping[str, Any]) -> None:
    facts([
        ("order", use["reference"]), ("status", use["status"]), ("code", use["code"]), ("campaign", use["campaign"]),
        ("customer", use["customer"]), ("takes off", _off(use)), ("of", amount_text(use["subtotal_minor"], use["currency"])),
        ("paid by", f"{use['request']} at {use['request_source']}" if use["request"] else None), ("reserved", use["reserved_at"]),
        ("reserved by", use["actor"]), ("stands until", use["expires_at"] if use["status"] == "reserved" else None),
        ("consumed", use["consumed_at"]), ("given back", use["released_at"]), ("because", use["released_because"]),
        ("honoured late", use["honoured_at"]),
    ])  # fmt: skip


def _gives(row: Mapping[str, Any]) -> str:
    if row["kind"] == "percentage":
        return f"{format_minor(row['basis_points'], 2)} %"
    if row["kind"] == "fixed":
        return amount_text(row["amount_minor"], row["currency"])
    return f"buy {row['buy_quantity']}, get {row['free_quantity']} free"


def _of(row: Mapping[str, Any]) -> str:
    return f"{row['uses']} of {row['max_uses'] or 'any number'}"


def _off(use: Mapping[str, Any]) -> str:
    return amount_text(use["amount_off_minor"], use["currency"])
