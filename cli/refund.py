"""`bursar refund`: refunds that wait for a second person, and what that person decides (REFUND-2)."""

from __future__ import annotations

from typing import Any

import click

from billing.operations.decide_refund import approve_refund, note_refund, reject_refund
from billing.rules.commands.refunds import ApproveRefund, NoteRefund, RejectRefund
from billing.rules.money import amount_text
from billing.rules.states_refunds import REFUND_REQUEST
from cli.billing_rows import carry_out, rows, said
from cli.printing import facts, json_line, table
from cli.roles import action
from cli.trouble import nothing

_COLUMNS = """id, source, external_id AS reference, status, amount_minor, currency, payment_ref, refund_ref, key, reason, payee_ref,
              fee_policy, fee_minor, fee_status, transfer_minor, share_status, actor, decided_by, requested_at, completed_at, undone_at,
              failure_code, failure_message, notes"""
_PENDING = f"""SELECT {_COLUMNS} FROM bursar.refund_request WHERE status = 'pending' OR (source = 'manual' AND status = 'processing')
               ORDER BY requested_at LIMIT %(limit)s"""  # noqa: S608 - our own names
_ALL = f"""SELECT {_COLUMNS} FROM bursar.refund_request
           WHERE versions <> '{{}}' AND (%(status)s::text IS NULL OR status = %(status)s) ORDER BY id DESC LIMIT %(limit)s"""  # noqa: S608
# A provider's own id is what the dashboard shows, and what somebody has in hand who was not told the reference.
_SHOW = f"""SELECT {_COLUMNS} FROM bursar.refund_request
            WHERE versions <> '{{}}' AND (external_id = %(name)s OR (source = ANY (%(sources)s) AND refund_ref = %(name)s))"""  # noqa: S608
_CALLS = "SELECT key, operation, state, outcome FROM bursar.submission WHERE request_id = %(id)s ORDER BY id"
_SOURCES = ["stripe", "paypal", "manual"]


@click.group()
def refund() -> None:
    """Refunds: which wait for a second person, approve, reject, note."""


@refund.command("ls")
@click.option("--status", type=click.Choice(sorted(REFUND_REQUEST.order)), help="Only those that are so, newest first.")
@click.option("--all", "all_of_them", is_flag=True, help="In any status, newest first.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most this many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@action("viewer")
def ls(status: str | None, all_of_them: bool, limit: int, as_json: bool) -> None:
    """List the refunds that wait for a person, oldest first: to agree, or to send a bank transfer back (`processing`)."""
    sql = _ALL if status or all_of_them else _PENDING
    found = rows(sql, status=status, limit=limit)
    if not found:
        raise nothing("no refund waits for a person", "`bursar refund ls --all` lists all; `bursar explain ID` knows others'")
    if as_json:
        for row in found:
            json_line({name: value for name, value in row.items() if name != "id"} | {"notes": len(row["notes"] or [])})
        return
    head = ("ASKED FOR", "STATUS", "REFERENCE", "AMOUNT", "REASON", "PAYMENT", "ASKED BY", "FAILURE")
    table(head, ((
        row["requested_at"], row["status"], row["reference"], _money(row, row["amount_minor"]), row["reason"], row["payment_ref"],
        row["actor"], row["failure_code"],
    ) for row in found))  # fmt: skip


@refund.command()
@click.argument("reference")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@action("viewer")
def show(reference: str, as_json: bool) -> None:
    """Show one, by its REFERENCE or the provider's id: amounts, calls, notes."""
    row = _row(reference)
    calls = rows(_CALLS, id=row.pop("id"))
    if as_json:
        json_line({**row, "submissions": calls})
        return
    notes, name = row.pop("notes") or [], row["reference"]
    money = {part: _money(row, row.pop(f"{part}_minor")) for part in ("amount", "fee", "transfer")}
    facts((title.replace("_", " "), value) for title, value in {**row, **money}.items() if value is not None)
    for call in calls:
        click.echo(f"call  {call['key']}  {call['state']}" + (f", {call['outcome']}" if call["outcome"] else ""))
    for one in notes:
        click.echo(f"note  {one['at']}  {one['kind']}, {one['actor']}: {one['text']}")
    click.echo(f"next: bursar explain {name}")


@refund.command()
@click.argument("reference")
@click.option("--reason", required=True, help="Why; it stands in the audit with your name.")
@action("finance")
def approve(reference: str, reason: str) -> None:
    """Agree to a refund that somebody else asked for; the provider is asked at once."""
    known = _row(reference)
    command = said(ApproveRefund, source=known["source"], reference=known["reference"], reason=reason)
    row = carry_out(
        command, lambda unit, it: approve_refund(unit, it.source, it.reference, reason=reason), reason=reason, look=_look(known)
    )
    click.echo(f"{row.external_id}: {row.status}, {_money(known, row.amount_minor)}; bursar explain {row.external_id}")


@refund.command()
@click.argument("reference")
@click.option("--reason", required=True, help="Why; it stands in the audit with your name.")
@action("finance")
def reject(reference: str, reason: str) -> None:
    """Decline a refund that waits. The provider was asked for nothing, and is not."""
    known = _row(reference)
    command = said(RejectRefund, source=known["source"], reference=known["reference"], reason=reason)
    row = carry_out(
        command, lambda unit, it: reject_refund(unit, it.source, it.reference, reason=reason), reason=reason, look=_look(known)
    )
    click.echo(f"{row.external_id}: {row.status}; nothing goes back")


@refund.command()
@click.argument("reference")
@click.argument("text")
@action("operator")
def note(reference: str, text: str) -> None:
    """Keep TEXT with a refund, for operators. Nothing is told to the provider or the payer."""
    known = _row(reference)
    command = said(NoteRefund, source=known["source"], reference=known["reference"], text=text)
    row = carry_out(
        command, lambda unit, it: note_refund(unit, it.source, it.reference, kind=it.kind, text=it.text), reason="noted at the terminal",
        look=_look(known),
    )  # fmt: skip
    click.echo(f"{row.external_id}: {len(row.notes or [])} notes")


def _look(known: dict[str, Any]) -> str:
    return f"bursar refund show {known['reference']}"


def _row(name: str) -> dict[str, Any]:
    found = rows(_SHOW, name=name, sources=_SOURCES)
    if not found:
        raise nothing(f"no refund of ours is called {name}", "`bursar refund ls --all` lists all; `bursar explain ID` knows others'")
    return found[0]


def _money(row: dict[str, Any], minor: int | None) -> str | None:
    if minor is None or not row["currency"]:
        return None
    return amount_text(minor, row["currency"], row["source"])
