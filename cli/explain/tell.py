"""Prints a chain as a story: what it is, what happened event by event, what was called, and what comes next.

Values of rows and audit go through the same allow-list as `inbox show` (SEC-6).
"""

from __future__ import annotations

from typing import Any

import click

from billing.rules.money import AmountError, amount_text
from cli.explain.chain import Chain
from cli.printing import instant, one_line, short
from cli.visible import visible
from core.ids import public_id
from models.base import AGGREGATES

_WIDE = 150


def tell(chain: Chain) -> None:
    """The story as text."""
    click.echo(f"{chain.said}\n")
    if chain.rows:
        click.echo("what it is")
        for row in chain.rows:
            click.echo("  " + _row(row))
    _own(chain)
    told = {event["id"] for event in chain.events}
    if chain.events:
        click.echo("\nwhat happened, oldest first")
    for event in chain.events:
        _event(event)
        _effects(chain, event["id"])
    if any(one["inbox_id"] not in told for one in (*chain.audit, *chain.journal, *chain.outbox)):
        click.echo("\nby hand, or by the clock")
        _effects(chain, None, known=told)
    if chain.calls:
        click.echo("\nwhat was asked of providers")
        for call in chain.calls:
            _call(call)
    click.echo("\nwhat happens next")
    for sentence in chain.next:
        click.echo("  " + one_line(sentence))


def as_object(chain: Chain) -> dict[str, Any]:
    """The same for programs."""
    return {
        "id": chain.said,
        "rows": [
            {"kind": row["kind"], "public_id": _public(row), "source": row["source"], "external_id": row["external_id"]}
            | {name: visible(row.get(name), name) for name in ("status", "amount_minor", "currency", "dispute_standing") if name in row}
            for row in chain.rows
        ],
        "periods": chain.periods,
        "ledger": [one | {"reason": visible(one["reason"], "reason")} for one in chain.ledger],
        "events": [visible({**event, "error": None}) for event in map(_plain, chain.events)],
        "audit": [one | {"before": visible(one["before"]), "after": visible(one["after"]), "reason": one["reason"]} for one in chain.audit],
        "journal": chain.journal,
        "calls": chain.calls,
        "outbox": chain.outbox,
        "next": chain.next,
    }


def _own(chain: Chain) -> None:
    """Periods and entries of ledgers, which are no rows of their own."""
    if chain.periods:
        click.echo("\nwhat was billed, the newest periods")
    for one in chain.periods:
        price = _money(one["source"], one["unit_price_minor"], one["currency"])
        seats = f"{one['quantity']} x {price}" if price else ""
        said = (f"{instant(one['period_start'])} to {instant(one['period_end'])}", seats, one["price_ref"], f"invoice {one['invoice_ref']}")
        click.echo(one_line("  " + "  ".join(part for part in said if part)))
    if chain.ledger:
        click.echo("\nwhat changed of credits, the newest entries")
    for one in chain.ledger:
        what = _money("bursar", one["amount"], one["currency"]) if one["currency"] else f"{one['amount']:+} credits"
        after = f", {one['balance_after']} after it" if one["balance_after"] is not None else ""
        click.echo(one_line(f"  {instant(one['at'])}  {one['kind']}: {what} of {one['of']}{after}, for {one['fact']}  by {one['actor']}"))


def _plain(event: dict[str, Any]) -> dict[str, Any]:
    return {name: instant(value) if hasattr(value, "astimezone") else value for name, value in event.items()}


def _row(row: dict[str, Any]) -> str:
    money = _money(row["source"], row.get("amount_minor"), row.get("currency"))
    status = row.get("status") or ("known by name only" if not row["versions"] else "")
    standing = f"({row['dispute_standing']})" if row.get("dispute_standing") else ""
    if row["kind"] == "document":
        status, money = row["number"], _money(row["source"], row["total_minor"], row["currency"])
    parts = (row["kind"].ljust(24), row["external_id"], status, standing, money, f"[{row['source']}, {_public(row)}]")
    return one_line("  ".join(part for part in parts if part))


def _public(row: dict[str, Any]) -> str:
    return public_id(AGGREGATES[row["kind"]].PUBLIC_PREFIX, row["id"])


def _event(event: dict[str, Any]) -> None:
    at = instant(event["occurred_at"] or event["received_at"])
    why = f", {event['ignored_reason']}" if event["ignored_reason"] else ""
    handler = event["handler"] or "no handler in this version"
    click.echo(one_line(f"  {at}  {event['event_type']}  ({event['source']} {event['event_id']}, row {event['id']})"))
    click.echo(one_line(f"      handled by {handler}: {event['state']}{why}"))
    if event["error_class"] and event["state"] in ("waiting", "dead"):
        click.echo(one_line(f"      failed: {event['error_class']}: {short(event['error'], _WIDE)}"))


def _effects(chain: Chain, inbox_id: int | None, known: set[int] | None = None) -> None:
    """What an event caused, or (without one) what no event of the story did."""
    def ours(one: dict[str, Any]) -> bool:
        return one["inbox_id"] == inbox_id if known is None else one["inbox_id"] not in known

    types = {event["event_type"] for event in chain.events}
    for entry in filter(ours, chain.audit):
        at = "" if known is None else f"{instant(entry['at'])}  "
        why = f", because: {entry['reason']}" if entry["reason"] not in types else ""
        click.echo(one_line(f"      {at}{entry['action']}: {_change(entry)}  by {entry['actor']}{why}"))
    for leg in filter(ours, chain.journal):
        money = _money(leg["fact"].split(":")[1], leg["amount_minor"], leg["currency"])
        click.echo(one_line(f"      booked {leg['kind']}: {money} from {leg['credit']} to {leg['debit']}"))
    for call in filter(ours, chain.outbox):
        what = f"mail {call['mail']}" if call["mail"] else f"call {call['kind']}"
        at = "" if known is None else f"{instant(call['created_at'])}  "
        became, when = (call["fate"], call["fate_at"]) if call["fate"] else (call["state"], call["done_at"])
        click.echo(one_line(f"      {at}{what}: {became}" + (f" {instant(when)}" if when else "")))


def _change(entry: dict[str, Any]) -> str:
    before, after = entry["before"] or {}, entry["after"] or {}
    if "status" in after:
        money = {name: after[name] for name in ("amount_minor", "currency") if after.get(name) is not None}
        return f"{before.get('status') or 'new'} -> {after['status']}" + (f" {visible(money)}" if money else "")
    return short(f"{visible(before)} -> {visible(after)}", _WIDE) or ""


def _call(call: dict[str, Any]) -> None:
    state = call["state"] + (f", {call['outcome']}" if call["outcome"] else "")
    click.echo(one_line(f"  {instant(call['reserved_at'])}  {call['operation']}  {state}  [{call['source']} {call['path']}]"))
    looked = f", looked up {call['look_ups']} times" if call["look_ups"] else ""
    click.echo(one_line(f"      key {call['key']}, for {call['request_type']} {call['request_ref']}, sent {call['sends']} times{looked}"))
    if call["error"]:
        click.echo(one_line(f"      {short(call['error'], _WIDE)}"))


def _money(source: str, minor: int | None, currency: str | None) -> str:
    if minor is None or not currency:
        return ""
    try:
        return amount_text(minor, currency, source)
    except AmountError:
        return f"{minor} {currency}"
