"""`bursar inbox groups`: one line per cause of death, with the command that sends its events through again."""

from __future__ import annotations

import shlex
from typing import Any

import click
from sqlalchemy import Connection

from cli.printing import facts, json_line, short
from cli.roles import action
from cli.surroundings import reading
from cli.trouble import nothing

_GROUPS = {
    state: f"""
        SELECT fingerprint, count(*) AS rows, min(source) AS source, array_agg(DISTINCT event_type) AS types,
               max(error_class) AS error_class, (array_agg(error ORDER BY id DESC))[1] AS error,
               min(received_at) AS first_at, max(received_at) AS last_at, min(next_at) AS next_at
        FROM bursar.inbox WHERE state = '{state}' GROUP BY fingerprint
        ORDER BY count(*) DESC, max(received_at) DESC LIMIT %(limit)s"""  # noqa: S608  # a literal of this file
    for state in ("dead", "waiting")
}
_ERROR_CHARS = 300


@click.command()
@click.option(
    "--state",
    type=click.Choice(tuple(_GROUPS)),
    default="dead",
    show_default=True,
    help="Of the events in this state.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=50,
    show_default=True,
    help="At most this many groups, the largest first.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@action("viewer")
def groups(state: str, limit: int, as_json: bool) -> None:
    """Failed events by cause, the most frequent first."""
    with reading() as connection:
        found = _read(connection, state, limit)
    if not found:
        raise nothing(
            f"no event is {state}",
            "nothing to do" if state == "dead" else "`bursar inbox groups` lists the dead ones",
        )
    for group in found:
        group["replay"] = command(state, group["fingerprint"], group["rows"])
        if as_json:
            json_line(group)
        else:
            _print(state, group)


def _read(connection: Connection, state: str, limit: int) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in connection.exec_driver_sql(_GROUPS[state], {"limit": limit})]


def command(state: str, fingerprint: str | None, rows: int) -> str:
    """The command that replays one group; try it with --dry-run first."""
    words = [
        "bursar",
        "inbox",
        "replay",
        "--state",
        state,
        *(["--error", fingerprint] if fingerprint else []),
        *(["--limit", str(rows)] if rows > 1000 else []),
    ]
    return f"{shlex.join(words)} --reason '...'"


def _print(state: str, group: dict[str, Any]) -> None:
    click.echo(f"{group['rows']} {state}: {group['source']} {', '.join(group['types'])}")
    facts(
        (f"  {name}", value)
        for name, value in (
            ("error", short(f"{group['error_class']}: {group['error']}", _ERROR_CHARS)),
            ("fingerprint", group["fingerprint"]),
            ("first", group["first_at"]),
            ("last", group["last_at"]),
            ("next try", group["next_at"] if state == "waiting" else None),
            ("replay", group["replay"]),
        )
    )
