"""`bursar debt`: what payees owe the platform because it could not be taken back, and giving it up (REFUND-4)."""

from __future__ import annotations

from typing import Any

import click

from billing.operations.write_off_debt import write_off_debt
from billing.rules.commands.debts import WriteOffDebt
from billing.rules.money import AmountError, exponent, format_minor, parse_minor, provider_exponent
from cli.billing_rows import carry_out
from cli.printing import json_line, table
from cli.roles import action
from cli.surroundings import reading
from cli.trouble import USAGE, TroubleError, nothing

# What is left of a debt: billing/operations/owe.py::open_minor.
_LIST = """
    SELECT * FROM (
        SELECT p.source, p.external_id AS account, d.key AS debt, d.value ->> 'currency' AS currency,
               (d.value ->> 'amount_minor')::bigint AS amount_minor, (d.value ->> 'netted_minor')::bigint AS netted_minor,
               coalesce((SELECT sum(w.value::bigint) FROM jsonb_each_text(d.value -> 'written_off') AS w), 0)::bigint
               - coalesce((d.value ->> 'recalled_minor')::bigint, 0) AS written_off_minor
        FROM bursar.payee p CROSS JOIN LATERAL jsonb_each(p.owed) AS d
        WHERE %(account)s::text IS NULL OR %(account)s IN (p.external_id, p.external_ref)) AS debts
    WHERE %(all)s OR amount_minor > netted_minor + written_off_minor ORDER BY source, account, debt LIMIT %(limit)s"""


@click.group()
def debt() -> None:
    """What payees owe the platform: list, write off."""


@debt.command("ls")
@click.option("--account", metavar="ID", help="Only this account's (the provider's id or the app's own).")
@click.option("--all", "all_of_them", is_flag=True, help="Settled ones, too.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most this many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, amounts in minor units.")
@action("viewer")
def ls(account: str | None, all_of_them: bool, limit: int, as_json: bool) -> None:
    """List what is owed: how much, what was netted from later shares, what was written off."""
    bound = {"account": account, "all": all_of_them, "limit": limit}
    with reading() as connection:
        rows = [dict(row) for row in connection.exec_driver_sql(_LIST, bound).mappings()]
    if not rows:
        raise nothing("nothing is owed", "--all lists what was settled, too")
    if as_json:
        for row in rows:
            json_line(row)
        return
    head = ("ACCOUNT", "DEBT", "CURRENCY", "OWED", "NETTED", "WRITTEN OFF", "LEFT")
    table(head, ((
        row["account"], row["debt"], row["currency"], *(_money(row["source"], row["currency"], minor) for minor in (
            row["amount_minor"], row["netted_minor"], row["written_off_minor"],
            row["amount_minor"] - row["netted_minor"] - row["written_off_minor"],
        )),
    ) for row in rows))  # fmt: skip


@debt.command("write-off")
@click.argument("account")
@click.option("--currency", metavar="CODE", required=True, help="ISO 4217, as EUR.")
@click.option("--amount", help="How much, as a plain decimal; without it, all that is owed.")
@click.option("--reference", required=True, help="A name for this decision; the same again changes nothing.")
@click.option("--reason", required=True, help="Why; it stands in the audit with your name.")
@action("finance")
def write_off(account: str, currency: str, amount: str | None, reference: str, reason: str) -> None:
    """Give up what ACCOUNT (the provider's id) owes us. It is booked as a loss, and netted from no payout any more."""
    try:
        minor = None if amount is None else parse_minor(amount, exponent(currency))
        command = WriteOffDebt(
            source="stripe", account_ref=account, reference=reference, currency=currency, reason=reason, amount_minor=minor
        )
    except (AmountError, ValueError) as error:
        raise TroubleError(USAGE, str(error), effect="nothing was written off", then="mend the options") from None
    look = f"bursar debt ls --account {account}"
    told = carry_out(command, write_off_debt, reason=reason, look=look, effect="nothing was written off")
    done, left = (_money("stripe", currency, one) for one in (told.written_off_minor, told.left_minor))
    click.echo(f"{account}: {done} {currency} written off under {reference}; {left} {currency} still owed")


def _money(source: str, currency: str, minor: Any) -> str:
    return format_minor(minor, provider_exponent(source, currency))
