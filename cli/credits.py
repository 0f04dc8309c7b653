"""`bursar credits`: what a subscriber has, where it came from and went, and setting it right (CRED-6, CRED-9)."""

from __future__ import annotations

import click

from billing.operations.adjust_credits import adjust_credits
from billing.rules.commands.credits import AdjustCredits
from cli.billing_rows import carry_out
from cli.printing import json_line, table
from cli.roles import action
from cli.surroundings import reading
from cli.trouble import USAGE, TroubleError, nothing

_ACCOUNT = """SELECT external_id AS subscriber, balance, reset_at, full_balance, warned FROM bursar.credit_account
              WHERE source = 'bursar' AND external_id = %(subscriber)s AND versions <> '{}'"""
_LOTS = """SELECT external_id AS lot, pool, status, amount, remaining, granted_at, expires_at, ended_because FROM bursar.credit_lot
           WHERE subscriber_ref = %(subscriber)s AND (%(all)s OR status = 'active') ORDER BY expires_at NULLS LAST, granted_at, lot"""
_LEDGER = """SELECT seq, at, kind, amount, balance_after, lot_ref AS lot, actor, reason FROM bursar.credit_entry
             WHERE subscriber_ref = %(subscriber)s ORDER BY seq DESC LIMIT %(limit)s"""


@click.group()
def credits() -> None:  # noqa: A001 - the command's name
    """What subscribers have in credits: show, adjust."""


@credits.command("show")
@click.argument("subscriber")
@click.option("--all", "all_of_them", is_flag=True, help="Lots that are used or expired, too.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most this many entries of the ledger.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line: the account, its lots, its ledger.")
@action("viewer")
def show(subscriber: str, all_of_them: bool, limit: int, as_json: bool) -> None:
    """Show SUBSCRIBER's (the app's own id) balance, his lots in the order in which they are spent, and his ledger, newest first."""
    bound = {"subscriber": subscriber, "all": all_of_them, "limit": limit}
    with reading() as connection:
        accounts, lots, ledger = (
            [dict(row) for row in connection.exec_driver_sql(sql, bound).mappings()] for sql in (_ACCOUNT, _LOTS, _LEDGER)
        )
    if not accounts:
        raise nothing(f"{subscriber} has no credits and never had", "the name is the app's own id of the customer")
    if as_json:
        for row in (*accounts, *lots, *ledger):
            json_line(row)
        return
    click.echo(f"{subscriber}: {accounts[0]['balance']} credits")
    table(("POOL", "LEFT", "OF", "EXPIRES", "STATUS", "LOT"), (
        (row["pool"], row["remaining"], row["amount"], row["expires_at"] or "never", row["ended_because"] or row["status"], row["lot"])
        for row in lots
    ))  # fmt: skip
    table(("NO", "AT", "KIND", "CREDITS", "BALANCE", "LOT", "BY", "REASON"), (
        (row["seq"], row["at"], row["kind"], f"{row['amount']:+}", row["balance_after"], row["lot"], row["actor"], row["reason"] or "")
        for row in ledger
    ))  # fmt: skip


@credits.command("adjust")
@click.argument("subscriber")
@click.argument("amount", type=int)
@click.option("--reference", required=True, help="A name for this adjustment; the same again changes nothing.")
@click.option("--reason", required=True, help="Why; it stands in the ledger with your name.")
@click.option("--valid-months", type=int, help="Of credits that are added. Default: as set, one.")
@click.option("--never-expires", is_flag=True, help="Credits that are added are valid for ever.")
@action("finance")
def adjust(subscriber: str, amount: int, reference: str, reason: str, valid_months: int | None, never_expires: bool) -> None:
    """Add AMOUNT credits to SUBSCRIBER's, or take them (`-- -50`), soonest to expire first. Never below zero."""
    try:
        command = AdjustCredits(
            subscriber_ref=subscriber, reference=reference, amount=amount, reason=reason, valid_months=valid_months,
            never_expires=never_expires,
        )  # fmt: skip
    except ValueError as error:
        raise TroubleError(USAGE, str(error), effect="no credits were changed", then="mend the options") from None
    look = f"bursar credits show {subscriber}"
    account = carry_out(command, adjust_credits, reason=reason, look=look, effect="no credits were changed")
    click.echo(f"{subscriber}: {amount:+} under {reference}; {account.balance or 0} credits now")
