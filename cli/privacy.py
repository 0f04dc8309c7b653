"""`bursar privacy`: what is stored of one customer, forgetting him, and who tries to sign in (SEC-5, SEC-6)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

import click
from sqlalchemy import Connection

from billing.operations.erase_rows import person
from billing.operations.export_customer import rows_of, told_of
from billing.operations.request_erasure import request_erasure
from billing.rules.commands.customers import EraseCustomer
from billing.rules.states_privacy import ERASURE
from cli.billing_rows import JSON, LIMIT, carry_out, rows
from cli.inbox.payload import value_of
from cli.printing import facts, json_line, table
from cli.roles import action, actor
from cli.surroundings import acting, reading
from cli.trouble import USAGE, TroubleError, nothing
from core.clock import SystemClock
from core.ids import new_id
from models.audit import AUDIT, audit_row
from models.bulk import insert_rows

_LS = {
    False: """SELECT external_id AS customer, status, requested_at, completed_at, waits_for, reason FROM bursar.erasure
              WHERE versions <> '{}' ORDER BY id DESC LIMIT %(limit)s""",
    True: """SELECT external_id AS customer, status, requested_at, completed_at, waits_for, reason FROM bursar.erasure
             WHERE versions <> '{}' AND status = %(status)s ORDER BY id DESC LIMIT %(limit)s""",
}
_SHOW = """SELECT external_id AS customer, status, actor, reason, requested_at, completed_at, step, waits_for, due_at, again_until,
                  inbox_after, outbox_after, counts, customers FROM bursar.erasure
           WHERE source = 'bursar' AND external_id = %(ref)s AND versions <> '{}'"""
_KNOWN = """SELECT 1 FROM bursar.subscriber WHERE source = 'bursar' AND external_id = %(ref)s
            UNION SELECT 1 FROM bursar.customer WHERE external_ref = %(ref)s
            UNION SELECT 1 FROM bursar.app_user WHERE external_id = %(ref)s"""
_LOGINS = {
    False: """SELECT at, user_ref, outcome, method, address, device FROM bursar.login WHERE at > %(since)s
              ORDER BY at DESC, id DESC LIMIT %(limit)s""",
    True: """SELECT at, user_ref, outcome, method, address, device FROM bursar.login WHERE at > %(since)s AND outcome <> 'succeeded'
             ORDER BY at DESC, id DESC LIMIT %(limit)s""",
}
_REASON = click.option("--reason", required=True, metavar="TEXT", help="Why, for the audit: a ticket's number, no words about the person.")


@click.group()
def privacy() -> None:
    """What is stored of a customer, forgetting him, and who tries to sign in."""


@privacy.command("export")
@click.argument("ref", metavar="CUSTOMER")
@click.option("--to", "folder", required=True, type=click.Path(file_okay=False, path_type=Path), help="An empty folder for the files.")
@_REASON
@action("operator")
def export(ref: str, folder: Path, reason: str) -> None:
    """Write all that is stored of CUSTOMER, the app's id of him, as JSON lines: a file per table, and events.jsonl.

    His own rows are whole. Payloads of providers are redacted by the allow-list of `inbox show`. The export is audited.
    """
    if folder.exists() and any(folder.iterdir()):
        raise TroubleError(USAGE, f"{folder} is not empty", effect="nothing was written", then="name another folder: --to DIR")
    if not rows(_KNOWN, ref=ref):
        raise nothing(f"there is no customer {ref}", "`bursar subscriber ls` lists them")
    _audit(ref, reason)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with reading() as connection:
        counts = _write(connection, ref, folder)
    for name, count in sorted(counts.items()):
        click.echo(f"{count:>8}  {name}.jsonl")
    click.echo(f"{sum(counts.values())} rows of {ref} in {folder}; it is personal data: delete it when it was handed over")


def _write(connection: Connection, ref: str, folder: Path) -> Counter[str]:
    who, counts, files = person(connection, ref, []), Counter[str](), dict[str, IO[str]]()
    try:
        for name, row in rows_of(connection, who):
            _line(folder, files, name, row)
            counts[name] += 1
        for event in told_of(connection, who):
            body = event.pop("body")
            _line(folder, files, "events", {**event, "payload": None if body is None else value_of(bytes(body), reveal=False)})
            counts["events"] += 1
    finally:
        for file in files.values():
            file.close()
    return counts


def _line(folder: Path, files: dict[str, IO[str]], name: str, row: dict[str, Any]) -> None:
    if name not in files:
        path = folder / f"{name}.jsonl"
        path.touch(mode=0o600)
        files[name] = path.open("w", encoding="utf-8")
    files[name].write(json.dumps(row, default=str, ensure_ascii=False) + "\n")


def _audit(ref: str, reason: str) -> None:
    """Who took whose data; only then is anything read."""
    with acting() as context, context.engine.begin() as connection:
        now = context.clock.now()
        row = audit_row(
            context.keys, uid=new_id(now), at=now, actor=str(actor()), reason=reason, action="customer.exported", object_type="subscriber",
            object_id=ref, before=None, after=None, inbox_id=None,
        )  # fmt: skip
        insert_rows(connection, AUDIT, [row])


@privacy.command("erase")
@click.argument("ref", metavar="CUSTOMER")
@_REASON
@click.confirmation_option(prompt="Nobody can undo it. Forget him?", help="Do not ask.")
@action("admin")
def erase(ref: str, reason: str) -> None:
    """Forget CUSTOMER: names, addresses and what was told of him go; amounts, ids and legal papers stay. Refused while money is open."""
    verb: Callable[..., Any] = request_erasure
    row = carry_out(EraseCustomer(subscriber_ref=ref, reason=reason), verb, reason=reason, look=f"bursar subscriber show {ref}")
    click.echo(f"{ref}: {row.status}; the run erase_customers goes on with it: bursar privacy show {ref}")
    for customer in row.customers or ():
        click.echo(f"next: have {customer} deleted or redacted at the provider, too; Bursar does not ask for it")


@privacy.command("ls")
@click.option("--status", type=click.Choice(sorted(ERASURE.order)), help="Only erasures that are so.")
@LIMIT
@JSON
@action("viewer")
def ls(status: str | None, limit: int, as_json: bool) -> None:
    """List erasures, newest first."""
    found = rows(_LS[status is not None], status=status, limit=limit)
    if not found:
        raise nothing("nobody was forgotten", "`bursar privacy erase CUSTOMER --reason '...'` does it")
    if as_json:
        for row in found:
            json_line(row)
        return
    table(("CUSTOMER", "STATUS", "REQUESTED", "COMPLETED", "REASON", "WAITS FOR"), ((
        row["customer"], row["status"], row["requested_at"], row["completed_at"] or "", row["reason"], row["waits_for"] or "",
    ) for row in found))  # fmt: skip


@privacy.command("show")
@click.argument("ref", metavar="CUSTOMER")
@JSON
@action("viewer")
def show(ref: str, as_json: bool) -> None:
    """Show how far an erasure has come, what it erased, and what a person is to do at providers."""
    found = rows(_SHOW, ref=ref)
    if not found:
        raise nothing(f"{ref} was not asked to be forgotten", "`bursar privacy ls` lists erasures")
    row = found[0]
    if as_json:
        json_line(row)
        return
    counts, customers = row.pop("counts") or {}, row.pop("customers") or []
    facts((name.replace("_", " "), value) for name, value in row.items())
    for name, count in sorted(counts.items()):
        click.echo(f"  erased {count} of {name}")
    for customer in customers:
        click.echo(f"next: have {customer} deleted or redacted at the provider, too; Bursar does not ask for it")


@privacy.command("logins")
@click.option("--failed", is_flag=True, help="Only those that did not succeed.")
@click.option("--hours", type=click.IntRange(1, 24 * 366), default=24, show_default=True, help="How far back.")
@LIMIT
@JSON
@action("operator")
def logins(failed: bool, hours: int, limit: int, as_json: bool) -> None:
    """List logins that the app told of, newest first."""
    found = rows(_LOGINS[failed], since=SystemClock().now() - timedelta(hours=hours), limit=limit)
    if not found:
        raise nothing("no login fits", "the app tells of them: billing.logins.record.v1")
    if as_json:
        for row in found:
            json_line(row)
        return
    table(("AT", "USER", "OUTCOME", "METHOD", "ADDRESS", "DEVICE"), ((
        row["at"], row["user_ref"] or "", row["outcome"], row["method"] or "", row["address"] or "", row["device"] or "",
    ) for row in found))  # fmt: skip
