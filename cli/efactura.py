"""`bursar efactura`: documents on their way to the ministry, what it said of them, and the login there (TAX-3)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from billing.operations.retry_efactura import retry_efactura
from billing.rules.states_efactura import EFACTURA, OPEN
from cli.billing_rows import JSON, LIMIT, rows
from cli.change import change
from cli.document_files import write
from cli.efactura_token import token
from cli.printing import facts, json_line, short, table
from cli.roles import action
from cli.surroundings import reading
from cli.trouble import nothing
from models.efactura import Efactura
from workers.unit import Unit

_COLUMNS = """e.external_id AS reference, e.number, e.status, e.kind, e.issued_on, e.attempt, e.upload_index, e.download_id, e.queued_at,
              e.uploaded_at, e.decided_at, e.deadline_at, e.alarm, e.alarm_at, e.next_poll_at, e.polls, e.papers_at, e.cif, e.b2c, e.abroad,
              e.sha256, e.error"""
_LS = f"""SELECT {_COLUMNS} FROM bursar.efactura e
          WHERE e.versions <> '{{}}' AND (%(status)s::text IS NULL OR e.status = %(status)s)
            AND (NOT %(open)s OR e.status = ANY(%(statuses)s))
          ORDER BY e.deadline_at, e.queued_at, e.id LIMIT %(limit)s"""  # noqa: S608 - our own columns
_SHOW = f"""SELECT {_COLUMNS} FROM bursar.efactura e
            WHERE e.versions <> '{{}}' AND (e.number = %(name)s OR e.external_id = %(name)s)"""  # noqa: S608 - our own columns
_SENT = """SELECT s.key, s.state, s.sends, s.look_ups, s.sent_at, s.unknown_at, s.error, o.state AS call, o.next_at, o.error AS call_error
           FROM bursar.submission s LEFT JOIN bursar.outbox o ON o.kind = 'anaf.submit' AND o.key = s.key
           WHERE s.source = 'anaf' AND s.request_ref = %(ref)s ORDER BY s.attempt"""
_PAPERS = """SELECT attempt, kind, octet_length(content) AS bytes, sha256, kept_at FROM bursar.efactura_paper
             WHERE efactura_ref = %(ref)s ORDER BY attempt, kept_at, kind"""
_CONTENT = """SELECT p.content FROM bursar.efactura_paper p JOIN bursar.efactura e ON e.external_id = p.efactura_ref
              WHERE (e.number = %(name)s OR e.external_id = %(name)s) AND p.kind = %(kind)s ORDER BY p.attempt DESC LIMIT 1"""
_KINDS = {"ubl": "xml", "answer": "xml", "signature": "xml"}
_ERROR = 80


@click.group()
def efactura() -> None:
    """E-Facturas: which ANAF has, which it refused, which wait; send again; the login there."""


efactura.add_command(token)


@efactura.command("ls")
@click.option("--status", type=click.Choice(sorted(EFACTURA.order)), help="Only these.")
@click.option("--open", "only_open", is_flag=True, help="Only what ANAF has not accepted: the deadline runs.")
@LIMIT
@JSON
@action("viewer")
def ls(status: str | None, only_open: bool, limit: int, as_json: bool) -> None:
    """List documents, the nearest deadline first."""
    found = rows(_LS, status=status, open=only_open, statuses=sorted(OPEN), limit=limit)
    if not found:
        raise nothing("no such e-Factura", "documents are queued when they are issued, if the seller is in Romania: docs/e-factura.md")
    if as_json:
        for row in found:
            json_line(row)
        return
    table(("NUMBER", "STATUS", "ISSUED", "DEADLINE", "ATTEMPT", "UPLOAD", "ERROR"), ((
        row["number"] or row["reference"], row["status"], row["issued_on"], row["deadline_at"], row["attempt"], row["upload_index"],
        short(row["error"], _ERROR),
    ) for row in found))  # fmt: skip


@efactura.command("show")
@click.argument("number")
@JSON
@action("viewer")
def show(number: str, as_json: bool) -> None:
    """Show one: NUMBER, or the document's reference; what was sent, what ANAF said, and what happens next."""
    row = _one(number)
    sent, papers = rows(_SENT, ref=row["reference"]), rows(_PAPERS, ref=row["reference"])
    if as_json:
        json_line({**row, "sent": sent, "papers": papers})
        return
    facts((name.replace("_", " "), value) for name, value in row.items() if name != "error")
    for line in (row["error"] or "").splitlines():
        click.echo(f"error  {line}")
    for one in sent:
        said = one["call_error"] or one["error"]
        click.echo(f"sent   {one['key']}  {one['state']}  sends {one['sends']}, searches {one['look_ups']}{f'  {said}' if said else ''}")
    for one in papers:
        click.echo(f"kept   {one['kind']} of attempt {one['attempt']}  {one['bytes']} bytes  sha256 {one['sha256']}")
    click.echo(f"next   {_next(row, sent)}")


def _next(row: Mapping[str, Any], sent: list[dict[str, Any]]) -> str:
    waits = f", the call is due {sent[-1]['next_at']:%Y-%m-%d %H:%M UTC}" if sent and sent[-1]["call"] == "waiting" else ""
    return {
        "queued": "the run send_efacturas writes, checks and sends it within a minute",
        "refused_locally": f"mend what the errors say, then: bursar efactura retry {row['number'] or row['reference']} --reason '...'",
        "uploading": f"it is sent{waits}",
        "unknown": f"its reply was lost: ANAF's list is searched; it is not sent again within a day{waits}",
        "processing": f"ANAF is asked again {row['next_poll_at']:%Y-%m-%d %H:%M UTC}" if row["next_poll_at"] else "ANAF is asked again",
        "rejected": f"mend what the errors say, then: bursar efactura retry {row['number']} --reason '...'",
        "accepted": "nothing" if row["papers_at"] else "ANAF's signature is fetched",
    }[row["status"]]


@efactura.command("save")
@click.argument("number")
@click.option("--kind", type=click.Choice(sorted(_KINDS)), default="answer", show_default=True, help="Of the newest attempt that has it.")
@click.option("--to", "path", type=click.Path(dir_okay=False, path_type=Path), help="The file. Default: named by number and kind, here.")
@action("viewer")
def save(number: str, kind: str, path: Path | None) -> None:
    """Write to a file what was sent (ubl), what ANAF gave back (answer), or its signature; byte by byte."""
    _one(number)
    with reading() as connection:
        content = connection.exec_driver_sql(_CONTENT, {"name": number, "kind": kind}).scalar()
    if content is None:
        raise nothing(f"no {kind} of {number} is kept", f"`bursar efactura show {number}` lists what is")
    write(path or Path(f"{number.replace('/', '_').replace(':', '_')}-{kind}.{_KINDS[kind]}"), bytes(content))


@efactura.command("retry")
@click.argument("number")
@click.option("--reason", metavar="TEXT", required=True, help="What was mended; goes into the audit.")
@action("operator")
def retry(number: str, reason: str) -> None:
    """Send a refused document again: written, checked and uploaded anew within a minute."""
    row = _one(number)

    def again(unit: Unit) -> int | None:
        held = unit.row(Efactura, "anaf", row["reference"])
        retry_efactura(unit, held)
        return held.attempt

    attempt = change(again, reason=reason, look=f"see what happens with it: bursar efactura show {number}")
    click.echo(f"{number}: queued again, attempt {attempt}; watch it: bursar efactura show {number}")


def _one(number: str) -> dict[str, Any]:
    found = rows(_SHOW, name=number)
    if not found:
        raise nothing(f"no e-Factura is called {number!r}", "`bursar efactura ls` lists them")
    return found[0]
