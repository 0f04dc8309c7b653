"""`bursar inbox show`: all that is known about one event: how it stands, what it caused, what it said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from cli.inbox.facts_of import FactsOf, facts_of
from cli.inbox.identify import identify
from cli.inbox.payload import lines, value_of
from cli.printing import facts, json_block, json_line, short, span, table
from cli.roles import action, actor, demand
from cli.surroundings import acting, reading, settings
from cli.trouble import FORBIDDEN, USAGE, TroubleError
from cli.visible import visible
from core.ids import new_id
from models.audit import AUDIT, audit_row
from models.bulk import insert_rows
from workers.routing import route

_MACHINE = frozenset({"token", "lease_until", "claimed_alone"})


@click.command()
@click.argument("identity", metavar="ID")
@click.option(
    "--reveal",
    is_flag=True,
    help="Show the payload unredacted. Needs BURSAR_REVEAL_PAYLOADS and --reason; the look is audited.",
)
@click.option("--reason", metavar="TEXT", help="Why the payload must be seen.")
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object.")
@action("viewer")
def show(identity: str, reveal: bool, reason: str | None, as_json: bool) -> None:
    """Show one event, by its row id, the provider's event id, or `source:event_id`."""
    with reading() as connection:
        found = [facts_of(connection, row_id) for row_id in identify(connection, identity)]
    for event in found:
        if reveal:
            _audit_look(event, (reason or "").strip())
        if as_json:
            _json(event, reveal)
        else:
            _print(event, reveal)


def _audit_look(event: FactsOf, reason: str) -> None:
    """Record who looks and why; only then may anything be printed."""
    demand("operator")
    if not settings().reveal_payloads:
        raise TroubleError(
            FORBIDDEN,
            "payloads are not revealed here: BURSAR_REVEAL_PAYLOADS is off",
            effect="nothing was shown",
            then="without --reveal the payload is shown by allow-list; the owner of the installation may set BURSAR_REVEAL_PAYLOADS=true",
        )
    if not reason:
        raise TroubleError(
            USAGE,
            "--reason is missing",
            effect="nothing was shown",
            then="say why the payload must be seen: --reason '...'; it is kept in the audit",
        )
    with acting() as context, context.engine.begin() as connection:
        now = context.clock.now()
        row = audit_row(
            context.keys,
            uid=new_id(now),
            at=now,
            actor=str(actor()),
            reason=reason,
            action="inbox.reveal",
            object_type="inbox",
            object_id=str(event.row["id"]),
            before=None,
            after=None,
            inbox_id=event.row["id"],
        )
        insert_rows(connection, AUDIT, [row])


def _handler(row: dict[str, Any]) -> str:
    found = route(row["source"], row["event_type"])
    return found.name if found else "none in this version"


def _timings(row: dict[str, Any]) -> list[tuple[str, object]]:
    waited = span((row["started_at"] - row["received_at"]).total_seconds()) if row["started_at"] else None
    took = (
        f"{(row['done_at'] - row['started_at']).total_seconds() * 1000:.0f} ms"
        if row["done_at"] and row["started_at"]
        else None
    )
    return [
        ("happened", row["occurred_at"]),
        ("received", row["received_at"]),
        ("last start", row["started_at"]),
        ("waited", waited),
        ("done", row["done_at"]),
        ("took", took),
        ("next try", row["next_at"] if row["state"] == "waiting" else None),
    ]


def _print_row(row: dict[str, Any]) -> None:
    facts(
        [
            ("event", f"{row['id']} ({row['source']} {row['event_id']})"),
            ("type", row["event_type"]),
            ("object", row["object_id"]),
            ("account", row["account"]),
            ("state", row["state"]),
            ("ignored because", row["ignored_reason"]),
            ("queue", row["queue"]),
            ("lane", row["lane"]),
            ("handler", _handler(row)),
            ("attempts", row["attempts"]),
            ("crashes", f"{row['crashes']}, {row['solo_crashes']} of them alone" if row["crashes"] else None),
            *_timings(row),
            ("by version", row["handler_version"]),
            ("error", f"{row['error_class']}: {row['error']}" if row["error"] else None),
            ("fingerprint", row["fingerprint"]),
            ("livemode", row["livemode"]),
            ("api version", row["api_version"]),
            ("sha256", row["sha256"].hex()),
        ]
    )


def _print(event: FactsOf, reveal: bool) -> None:
    _print_row(event.row)
    _section(
        "audit",
        ("ID", "AT", "ACTOR", "ACTION", "OBJECT", "REASON", "CHANGE"),
        [_audit_cells(entry) for entry in event.audit],
    )
    _section(
        "outbox",
        ("ID", "KIND", "KEY", "STATE", "TRIES", "CREATED", "DONE", "ERROR"),
        [
            (
                call["id"],
                call["kind"],
                call["key"],
                call["state"],
                call["attempts"],
                call["created_at"],
                call["done_at"],
                short(call["error"], 80),
            )
            for call in event.outbox
        ],
    )
    _section(
        "conflicts (same id, other bytes)",
        ("ID", "RECEIVED", "BYTES", "SHA256"),
        [(other["id"], other["received_at"], other["bytes"], other["sha256"]) for other in event.conflicts],
    )
    _print_payload(event, reveal)
    if event.row["state"] == "dead":
        click.echo(
            f"\nnext: when its cause is mended: bursar inbox replay {event.row['id']} --dry-run, then with --reason '...'"
        )


def _audit_cells(entry: dict[str, Any]) -> tuple[object, ...]:
    change = f"{visible(entry['before'])} -> {visible(entry['after'])}" if entry["before"] or entry["after"] else None
    return (
        entry["id"],
        entry["at"],
        entry["actor"],
        entry["action"],
        f"{entry['object_type']} {entry['object_id']}",
        entry["reason"],
        short(change, 120),
    )


def _section(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    if rows:
        click.echo(f"\n{title}:")
        table(head, rows)


def _print_payload(event: FactsOf, reveal: bool) -> None:
    if event.body is None:
        click.echo("\npayload: removed by retention; its sha256 is above")
        return
    click.echo(f"\npayload ({len(event.body)} bytes{', revealed' if reveal else ', redacted'}):")
    for line in lines(event.body, reveal=reveal):
        click.echo(line)
    if reveal and event.headers:
        click.echo(f"headers:\n{json_block(event.headers)}")


def _json(event: FactsOf, reveal: bool) -> None:
    whole = asdict(event)
    row = {name: value for name, value in whole.pop("row").items() if name not in _MACHINE}
    whole |= {
        "body": None if event.body is None else value_of(event.body, reveal=reveal),
        "headers": event.headers if reveal else None,
    }
    whole["audit"] = [
        entry | {"before": visible(entry["before"]), "after": visible(entry["after"])} for entry in event.audit
    ]
    json_line({**row, "handler": _handler(row), **whole})
