"""`bursar bank-transfer`: transfers that customers handed in, and what you decide about them (PAY-8)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from billing.operations.decide_bank_transfer import approve_bank_transfer, reject_bank_transfer
from billing.operations.send_bank_refund import return_bank_refund, send_bank_refund
from billing.rules.commands.bank_refunds import ReturnBankRefund, SendBankRefund
from billing.rules.commands.bank_transfer import SOURCE
from billing.rules.commands.bank_transfers import ApproveBankTransfer, RejectBankTransfer
from billing.rules.money import AmountError, amount_text, exponent, format_minor, parse_minor
from billing.rules.states_requests import BANK_TRANSFER
from cli.billing_rows import carry_out, said
from cli.printing import facts, json_line, table
from cli.roles import action
from cli.surroundings import reading
from cli.trouble import USAGE, TroubleError, nothing

_LOOK = "bursar bank-transfer ls --all"
_COLUMNS = """external_id AS reference, status, amount_minor, arrived_minor, currency, country, pays, proof_ref, purpose, purpose_ref,
              external_ref, actor, submitted_at, decided_at, decided_by, reason"""
_OPEN = f"""SELECT {_COLUMNS} FROM bursar.bank_transfer WHERE status IN ('pending_approval', 'submitted')
            ORDER BY submitted_at LIMIT %(limit)s"""  # noqa: S608 - our own names
_ALL = f"""SELECT {_COLUMNS} FROM bursar.bank_transfer WHERE %(status)s::text IS NULL OR status = %(status)s
           ORDER BY id DESC LIMIT %(limit)s"""  # noqa: S608 - our own names
_SHOW = f"SELECT {_COLUMNS} FROM bursar.bank_transfer WHERE source = %(source)s AND external_id = %(reference)s"  # noqa: S608 - our own names


@click.group("bank-transfer")
def bank_transfer() -> None:
    """Bank transfers: which wait for you, approve, reject; refunds of them that you sent."""


@bank_transfer.command("ls")
@click.option("--status", type=click.Choice(sorted(BANK_TRANSFER.order)), help="Only those that are so, newest first.")
@click.option("--all", "all_of_them", is_flag=True, help="In any status, newest first.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most this many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@action("viewer")
def ls(status: str | None, all_of_them: bool, limit: int, as_json: bool) -> None:
    """List the transfers that nobody has decided about, oldest first."""
    with reading() as connection:
        sql = _ALL if status or all_of_them else _OPEN
        rows = [dict(row) for row in connection.exec_driver_sql(sql, {"status": status, "limit": limit}).mappings()]
    if not rows:
        raise nothing("no bank transfer waits for a decision", "`bursar bank-transfer ls --all` lists all of them")
    if as_json:
        for row in rows:
            json_line(row)
        return
    head = ("SUBMITTED", "STATUS", "REFERENCE", "AMOUNT", "PAYS", "PROOF", "DECIDED BY")
    table(head, ((
        row["submitted_at"], row["status"], row["reference"], _money(row, row["amount_minor"]), row["pays"], row["proof_ref"],
        row["decided_by"],
    ) for row in rows))  # fmt: skip


@bank_transfer.command()
@click.argument("reference")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@action("viewer")
def show(reference: str, as_json: bool) -> None:
    """Show one."""
    row = _row(reference)
    if as_json:
        json_line(row)
        return
    money = {name: _money(row, row.pop(f"{name}_minor")) for name in ("amount", "arrived")}
    facts((name.replace("_", " "), value) for name, value in {**row, **money}.items())
    click.echo(f"next: bursar explain {reference}")


@bank_transfer.command()
@click.argument("reference")
@click.option("--amount", help="What arrived, as a plain decimal, where it differs from what was handed in.")
@click.option("--received-on", type=click.DateTime(["%Y-%m-%d"]), help="The booking's date; default: today (UTC).")
@click.option("--reason", required=True, help="What you saw; it stands in the audit with your name.")
@action("finance")
def approve(reference: str, amount: str | None, received_on: datetime | None, reason: str) -> None:
    """The money is on the account. Possible after a rejection and after it expired: money that came is never dropped."""
    minor = None if amount is None else _minor(amount, _row(reference)["currency"])
    day = received_on.date().isoformat() if received_on else None
    command = said(ApproveBankTransfer, reference=reference, amount_minor=minor, received_on=day, reason=reason)
    row = carry_out(command, approve_bank_transfer, reason=reason, look=_LOOK)
    click.echo(f"{reference}: approved, {format_minor(row.arrived_minor or 0, exponent(row.currency or ''))} {row.currency}; "
               f"bursar explain {reference}")  # fmt: skip


@bank_transfer.command()
@click.argument("reference")
@click.option("--reason", required=True, help="Why; it stands in the audit with your name.")
@action("finance")
def reject(reference: str, reason: str) -> None:
    """The money did not come."""
    command = said(RejectBankTransfer, reference=reference, reason=reason)
    row = carry_out(command, reject_bank_transfer, reason=reason, look=_LOOK)
    click.echo(f"{reference}: {row.status}; if the money comes after all, approve it")


@bank_transfer.command("refund-sent")
@click.argument("refund")
@click.option("--bank-reference", required=True, help="The bank's own reference of the booking.")
@click.option("--sent-on", type=click.DateTime(["%Y-%m-%d"]), help="The booking's date; default: today (UTC).")
@click.option("--reason", required=True, help="What you did; it stands in the audit with your name.")
@action("finance")
def refund_sent(refund: str, bank_reference: str, sent_on: datetime | None, reason: str) -> None:
    """You sent REFUND (REF-...) from our account. It is booked, and what was bought follows. `bursar refund ls` lists those that wait."""
    day = sent_on.date().isoformat() if sent_on else None
    command = said(SendBankRefund, reference=refund, bank_reference=bank_reference, sent_on=day, reason=reason)
    row = carry_out(command, send_bank_refund, reason=reason, look=_LOOK)
    click.echo(f"{refund}: {_money({'currency': row.currency}, row.amount_minor)} sent as {row.refund_ref}; bursar explain {refund}")


@bank_transfer.command("refund-returned")
@click.argument("refund")
@click.option("--returned-on", type=click.DateTime(["%Y-%m-%d"]), help="The booking's date; default: today (UTC).")
@click.option("--reason", required=True, help="What the bank says; it stands with the refund and your name.")
@action("finance")
def refund_returned(refund: str, returned_on: datetime | None, reason: str) -> None:
    """The bank returned REFUND (REF-...): the money is ours again, and the payer has to be asked where it should go."""
    day = returned_on.date().isoformat() if returned_on else None
    command = said(ReturnBankRefund, reference=refund, returned_on=day, reason=reason)
    row = carry_out(command, return_bank_refund, reason=reason, look=_LOOK)
    click.echo(f"{refund}: {_money({'currency': row.currency}, row.amount_minor)} came back; ask for a new refund once it can be sent")


def _row(reference: str) -> dict[str, Any]:
    with reading() as connection:
        found = connection.exec_driver_sql(_SHOW, {"source": SOURCE, "reference": reference}).mappings().one_or_none()
    if found is None:
        raise nothing(f"no bank transfer {reference} was handed in", "`bursar bank-transfer ls --all` lists them; money that "
                      "nobody announced is entered by `bursar confirm bank-transfer`")  # fmt: skip
    return dict(found)


def _money(row: dict[str, Any], minor: int | None) -> str | None:
    return None if minor is None or not row["currency"] else amount_text(minor, row["currency"])


def _minor(amount: str, currency: str) -> int:
    try:
        minor = parse_minor(amount, exponent(currency))
    except AmountError as error:
        raise TroubleError(USAGE, str(error), effect="nothing was changed", then="mend the amount") from None
    return minor
