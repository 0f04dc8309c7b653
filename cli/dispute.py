"""`bursar dispute`: which payers contest what, until when we must answer, and what our own people noted (DISPUTE-3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from billing.operations.note_dispute import note_dispute
from billing.rules.commands.disputes import NoteDispute
from billing.rules.money import amount_text
from cli.billing_rows import carry_out, rows, said
from cli.printing import facts, instant, json_line, table
from cli.roles import action
from cli.trouble import nothing

_COLUMNS = """d.source, d.external_id AS dispute, d.status, c.status AS case_status, d.amount_minor, d.currency, d.reason,
              d.evidence_due_at, d.funds_withdrawn_minor, d.funds_reinstated_minor, d.charge_ref, d.payment_ref, c.account_ref,
              c.taken_minor, c.taken_currency, c.short_minor, c.assigned_to, c.response_ref, c.notes"""
_FROM = "FROM bursar.dispute_case c JOIN bursar.dispute d ON d.source = c.source AND d.external_id = c.external_id"
# The open ones are few and have an index; all are listed newest first.
_LS = {
    True: f"SELECT {_COLUMNS} {_FROM} WHERE c.status = 'open' ORDER BY c.evidence_due_at NULLS LAST, c.id LIMIT %(limit)s",
    False: f"SELECT {_COLUMNS} {_FROM} ORDER BY c.id DESC LIMIT %(limit)s",
}
_SHOW = f"SELECT {_COLUMNS} {_FROM} WHERE c.source = ANY (%(sources)s) AND c.external_id = %(id)s"
_RESPONSES = """SELECT external_id AS reference, kind, status, actor, reason, failure_code, failure_message, requested_at, completed_at
                FROM bursar.dispute_response WHERE source = %(source)s AND dispute_ref = %(id)s ORDER BY requested_at"""
_SOURCES = ["stripe", "paypal"]


@click.group()
def dispute() -> None:
    """Disputes: list them, look at one, note something."""


@dispute.command("ls")
@click.option("--all", "all_of_them", is_flag=True, help="Also those that are answered or closed.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most this many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@action("viewer")
def ls(all_of_them: bool, limit: int, as_json: bool) -> None:
    """List disputes that wait for our answer, the nearest deadline first."""
    found = rows(_LS[not all_of_them], limit=limit)
    if not found:
        raise nothing("no dispute waits for an answer", "`bursar dispute ls --all` lists all of them")
    if as_json:
        for row in found:
            json_line(_without_texts(row))
        return
    head = ("DUE", "CASE", "STATUS", "DISPUTE", "AMOUNT", "REASON", "ASSIGNED TO", "NOTES")
    table(head, ((
        row["evidence_due_at"], row["case_status"], row["status"], row["dispute"], _money(row, row["amount_minor"]), row["reason"],
        row["assigned_to"], len(row["notes"] or []),
    ) for row in found))  # fmt: skip


@dispute.command()
@click.argument("identity", metavar="DISPUTE")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@action("viewer")
def show(identity: str, as_json: bool) -> None:
    """Show one: money, deadline, answers, notes."""
    row = _one(identity, _SOURCES)
    answers = rows(_RESPONSES, source=row["source"], id=identity)
    if as_json:
        json_line({**row, "responses": answers})
        return
    notes = row.pop("notes") or []
    money = {name: _money(row, row.pop(f"{name}_minor")) for name in ("amount", "funds_withdrawn", "funds_reinstated", "taken", "short")}
    facts((name.replace("_", " "), value) for name, value in {**row, **money}.items() if value is not None)
    for answer in answers:
        why = f": {answer['failure_code']} {answer['failure_message'] or ''}" if answer["failure_code"] else ""
        click.echo(f"answer  {instant(answer['requested_at'])}  {answer['kind']} {answer['reference']}: {answer['status']}{why}")
    for note_ in notes:
        click.echo(f"note    {note_['at']}  {note_['actor']}: {note_['text']}")
    click.echo(f"next: bursar explain {identity}")


@dispute.command()
@click.argument("identity", metavar="DISPUTE")
@click.argument("text", required=False)
@click.option("--assign", "assign_to", metavar="NAME", help="Who cares for it from now on.")
@click.option("--source", type=click.Choice(_SOURCES), default="stripe", show_default=True, help="The provider.")
@action("operator")
def note(identity: str, text: str | None, assign_to: str | None, source: str) -> None:
    """Keep TEXT with a dispute, or say who cares for it. Nothing is told to the provider."""
    _one(identity, [source])
    command = said(NoteDispute, source=source, dispute_ref=identity, text=text, assign_to=assign_to)
    _, case = carry_out(command, note_dispute, reason="noted at the terminal", look="`bursar dispute ls --all` lists them")
    click.echo(f"{identity}: {len(case.notes or [])} notes" + (f", assigned to {case.assigned_to}" if case.assigned_to else ""))


def _one(identity: str, sources: Sequence[str]) -> dict[str, Any]:
    found = rows(_SHOW, sources=list(sources), id=identity)
    if not found:
        raise nothing(f"there is no dispute {identity}", "`bursar dispute ls --all` lists them")
    return found[0]


def _money(row: dict[str, Any], minor: int | None) -> str | None:
    if minor is None or not row["currency"]:
        return None
    return amount_text(minor, row["currency"], row["source"])


def _without_texts(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "notes": len(row["notes"] or [])}
