"""`bursar payout`: what goes out to connected accounts, what holds it back, and what an account earned (PAYOUT-10, PAYOUT-11)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from billing.operations.hold_payouts import hold_payouts
from billing.operations.release_hold import release_hold
from billing.operations.retry_transfer import retry_transfer
from billing.rules.commands.payout_holds import hold_key
from billing.rules.money import AmountError, exponent, format_minor, parse_minor, provider_exponent
from billing.rules.states_requests import PAYOUT_REQUEST
from cli.billing_rows import rows
from cli.change import change
from cli.payout_paper import write_statement
from cli.printing import facts, instant, json_line, table
from cli.roles import action
from cli.trouble import USAGE, TroubleError, nothing
from core.clock import SystemClock
from models.payout_hold import PayoutHold
from workers.unit import Unit

_LOOK = "`bursar payout account ACCOUNT` shows its holds"
_LIST = """
    SELECT r.requested_at, r.source, r.account_ref, r.external_id AS reference, r.status, r.amount_minor, r.asked_minor, r.currency,
           r.payout_ref, r.failure_code
    FROM bursar.payout_request r
    WHERE (%(status)s::text IS NULL OR r.status = %(status)s) AND (%(account)s::text IS NULL OR r.account_ref = %(account)s)
    ORDER BY r.requested_at DESC, r.id DESC LIMIT %(limit)s"""
_SHOW = """
    SELECT r.*, p.status AS payout_status, p.provider_status, p.arrival_on, p.paid_at, p.failed_at, p.destination_ref
    FROM bursar.payout_request r LEFT JOIN bursar.payout p ON p.source = r.source AND p.external_id = r.payout_ref
    WHERE r.external_id = %(ref)s OR r.payout_ref = %(ref)s ORDER BY r.requested_at LIMIT 1"""
_CALLS = "SELECT key, operation, state, outcome FROM bursar.submission WHERE request_id = %(id)s ORDER BY id"
_ACCOUNT = """
    SELECT p.source, p.external_id AS account, p.external_ref, a.email IS NOT NULL AS has_address, a.payouts_enabled, a.authorized,
           a.disabled_reason, p.schedule, p.schedule_day, p.zone, p.minimums, p.paused, p.next_due_at, p.balances_at
    FROM bursar.payee p LEFT JOIN bursar.account a ON a.id = p.account_id
    WHERE p.external_id = %(account)s OR p.external_ref = %(account)s ORDER BY p.source LIMIT 1"""
_BALANCES = """SELECT currency, available_minor, pending_minor, promised_minor, held_minor, receivable_minor, payable_minor
               FROM bursar.payee_balance WHERE source = %(source)s AND account_ref = %(account)s ORDER BY currency"""
_HOLDS = """SELECT external_id AS hold, reason, currency, amount_minor, note, actor, opened_at FROM bursar.payout_hold
            WHERE source = %(source)s AND account_ref = %(account)s AND status = 'open' ORDER BY opened_at, external_id"""
_TURNS = """SELECT slot_on, status, outcomes FROM bursar.payout_turn WHERE source = %(source)s AND account_ref = %(account)s
            ORDER BY slot_on DESC LIMIT 5"""
_STATEMENT = "SELECT * FROM bursar.payee_statement(%(source)s, %(account)s, %(from_at)s, %(until_at)s)"
_SOURCE = click.option("--source", type=click.Choice(["stripe", "paypal"]), default="stripe", show_default=True, help="The provider.")
_JSON = click.option("--json", "as_json", is_flag=True, help="JSON, amounts in minor units.")


@click.group()
def payout() -> None:
    """Payouts to connected accounts: look, hold, release, statements."""


@payout.command("ls")
@click.option("--account", metavar="ID", help="Only this account's.")
@click.option("--status", type=click.Choice(sorted(PAYOUT_REQUEST.order)), help="Only those that are so.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most this many, newest first.")
@_JSON
@action("viewer")
def ls(account: str | None, status: str | None, limit: int, as_json: bool) -> None:
    """List the payouts that were asked for, on request and on schedule."""
    found = rows(_LIST, account=account, status=status, limit=limit)
    if not found:
        raise nothing("no payout fits", "leave an option out; payouts of the provider's own schedule show with `bursar explain`")
    if as_json:
        for row in found:
            json_line(row)
        return
    head = ("requested", "account", "reference", "status", "amount", "payout", "failure")
    table(head, ((
        row["requested_at"], row["account_ref"], row["reference"], row["status"],
        _money(row["source"], row["currency"], row["amount_minor"] or row["asked_minor"]), row["payout_ref"], row["failure_code"],
    ) for row in found))  # fmt: skip


@payout.command("show")
@click.argument("reference")
@_JSON
@action("viewer")
def show(reference: str, as_json: bool) -> None:
    """Show one payout, by its reference or the provider's id."""
    found = rows(_SHOW, ref=reference)
    if not found:
        raise nothing(f"no payout has the reference {reference!r}", "`bursar payout ls` lists them; `bursar explain ID` knows the others")
    [row] = found
    calls = rows(_CALLS, id=row["id"])
    if as_json:
        json_line({**{name: value for name, value in row.items() if name not in ("id", "versions")}, "submissions": calls})
        return
    facts([
        ("reference", row["external_id"]), ("account", row["account_ref"]), ("status", row["status"]),
        ("amount", _money(row["source"], row["currency"], row["amount_minor"] or row["asked_minor"])), ("scheduled on", row["slot_on"]),
        ("asked by", row["actor"]), ("reason", row["reason"]), ("requested", row["requested_at"]), ("payout", row["payout_ref"]),
        ("provider says", row["provider_status"]), ("to", row["destination_ref"]), ("expected on", row["arrival_on"]),
        ("paid", row["paid_at"]), ("came back", row["failed_at"]), ("failure", row["failure_code"]), ("because", row["failure_message"]),
    ])  # fmt: skip
    for call in calls:
        click.echo(f"call  {call['key']}  {call['state']}" + (f", {call['outcome']}" if call["outcome"] else ""))


@payout.command("account")
@click.argument("account")
@_JSON
@action("viewer")
def account_(account: str, as_json: bool) -> None:
    """Show an ACCOUNT (the provider's id or the app's own): rights, schedule, balances, holds, last turns."""
    row, whose = _payee(account)
    balances, holds, turns = (rows(sql, **whose) for sql in (_BALANCES, _HOLDS, _TURNS))
    if as_json:
        json_line({**row, "balances": balances, "holds": holds, "turns": turns})
        return
    facts((name.replace("_", " "), value) for name, value in row.items() if value not in (None, {}))
    _print_balances(row["source"], balances)
    for hold in holds:
        what = _money(row["source"], hold["currency"], hold["amount_minor"]) if hold["amount_minor"] else "all " + (hold["currency"] or "")
        click.echo(f"held  {what}  {hold['hold']} ({hold['reason']}) since {instant(hold['opened_at'])}")
    for turn in turns:
        outcomes = ", ".join(f"{currency} {told['outcome']}" for currency, told in sorted((turn["outcomes"] or {}).items()))
        click.echo(f"turn  {turn['slot_on']}  {turn['status']}  {outcomes}".rstrip())


@payout.command("hold")
@click.argument("account")
@click.option("--reference", required=True, help="A name for the hold; the same again sets it anew.")
@click.option("--amount", help="How much, as a plain decimal; without it, all.")
@click.option("--currency", metavar="CODE", help="Only this currency.")
@click.option("--reason", required=True, help="Why; it stands in the audit with your name.")
@_SOURCE
@action("finance")
def hold(account: str, reference: str, amount: str | None, currency: str | None, reason: str, source: str) -> None:
    """Hold ACCOUNT's money (the provider's id) back from payouts."""
    minor = None if amount is None else _minor(amount, currency)

    def keep(unit: Unit) -> None:
        known = unit.row(PayoutHold, source, hold_key(reference))
        if known.account_ref not in (None, account):
            raise TroubleError(
                USAGE, f"{reference} holds money of {known.account_ref}", effect="nothing was changed", then="choose another name"
            )
        hold_payouts(
            unit, source, account, key=hold_key(reference), reason="operator", currency=currency, amount_minor=minor, note=reason
        )

    change(keep, reason=reason, look=_LOOK)
    click.echo(f"held: {_money(source, currency, minor) if minor else 'all ' + (currency or 'money')} of {account}; "
               f"bursar payout release {reference}")  # fmt: skip


@payout.command("release")
@click.argument("reference")
@click.option("--reason", required=True, help="Why; it stands in the audit with your name.")
@_SOURCE
@action("finance")
def release(reference: str, reason: str, source: str) -> None:
    """Let go of what `hold` held back under REFERENCE, or of any hold by its whole name (`dispute:dp_...`)."""

    def let_go(unit: Unit) -> str:
        key = reference if ":" in reference else hold_key(reference)
        before = unit.row(PayoutHold, source, key).status
        if before is None:
            raise nothing(f"no hold is called {reference!r}", _LOOK)
        release_hold(unit, source, key, why=reason)
        return before

    before = change(let_go, reason=reason, look=_LOOK)
    click.echo(f"{reference}: released" if before == "open" else f"{reference}: was released before, nothing changed")


@payout.command("resend")
@click.argument("payment")
@click.option("--reason", required=True, help="Why it will work now; it stands in the audit with your name.")
@_SOURCE
@action("finance")
def resend(payment: str, reason: str, source: str) -> None:
    """Ask again for the transfer of PAYMENT's share, which the provider refused."""

    def again(unit: Unit) -> str | None:
        return retry_transfer(unit, source, payment).status

    told = change(again, reason=reason, look="`bursar explain ID` tells how it stands", effect="nothing was asked for")
    click.echo(f"{payment}: {told}")


@payout.command("statement")
@click.argument("account")
@click.option("--month", required=True, type=click.DateTime(["%Y-%m"]), help="Which, as 2027-03; its days are UTC's.")
@_JSON
@click.option("--pdf", "path", type=click.Path(dir_okay=False, path_type=Path), help="Write it as a PDF for the account's owner.")
@action("viewer")
def statement(account: str, month: datetime, as_json: bool, path: Path | None) -> None:
    """What ACCOUNT (the provider's id or the app's own) earned in a month, what was taken back of it, and what was paid out."""
    row, whose = _payee(account)
    begin = month.replace(tzinfo=UTC)
    end = begin.replace(year=begin.year + begin.month // 12, month=begin.month % 12 + 1)
    moved = rows(_STATEMENT, **whose, from_at=begin, until_at=end)
    if path:
        write_statement(path, row, begin, end, moved, SystemClock().now())
        return
    balances = rows(_BALANCES, **whose)
    if as_json:
        json_line({**whose, "from": begin, "until": end, "currencies": moved, "balances": balances})
        return
    click.echo(f"{row['account']}  {begin:%Y-%m}")
    names = ("earned_minor", "taken_back_minor", "fees_minor", "paid_out_minor", "came_back_minor")
    head = ("currency", "transfers", "earned", "taken back", "our fees", "payouts", "paid out", "came back")
    table(head, ((
        one["currency"], one["transfers"], *(_money(row["source"], one["currency"], one[name], code=False) for name in names[:3]),
        one["payouts"], *(_money(row["source"], one["currency"], one[name], code=False) for name in names[3:]),
    ) for one in moved))  # fmt: skip
    _print_balances(row["source"], balances)


def _payee(account: str) -> tuple[dict[str, Any], dict[str, str]]:
    found = rows(_ACCOUNT, account=account)
    if not found:
        raise nothing(f"no account {account!r} is known", "an account is known once the provider has told of it, or a command has named it")
    return found[0], {"source": found[0]["source"], "account": found[0]["account"]}


def _print_balances(source: str, balances: list[dict[str, Any]]) -> None:
    names = ("available_minor", "pending_minor", "promised_minor", "held_minor", "receivable_minor", "payable_minor")
    head = ("balance", "available", "pending", "promised", "held", "owed to us", "can be paid out")
    table(head, ((one["currency"], *(_cell(source, one, name) for name in names)) for one in balances))


def _cell(source: str, row: Mapping[str, Any], name: str) -> str:
    return "all" if row[name] is None else _money(source, row["currency"], row[name], code=False)


def _money(source: str, currency: str | None, minor: int | None, *, code: bool = True) -> str:
    if minor is None or currency is None:
        return f"all {currency or ''}".strip()
    return format_minor(minor, provider_exponent(source, currency)) + (f" {currency}" if code else "")


def _minor(amount: str, currency: str | None) -> int:
    if currency is None:
        raise TroubleError(USAGE, "an amount needs its currency", effect="nothing was held", then="add --currency CODE")
    try:
        minor = parse_minor(amount, exponent(currency))
    except AmountError as error:
        raise TroubleError(USAGE, str(error), effect="nothing was held", then="mend the amount or the currency") from None
    if minor <= 0:
        raise TroubleError(USAGE, f"{amount} holds nothing", effect="nothing was held", then="give what is to be held")
    return minor
