"""`bursar outbox ...`: calls to the outside (mails, look-ups): which wait, which failed for good, try them again."""

from __future__ import annotations

from typing import Any

import click
from sqlalchemy import Connection

from cli.hinting import send_hints
from cli.printing import facts, json_block, json_line, short, table
from cli.reason import reason_said
from cli.roles import action, actor
from cli.surroundings import acting, reading
from cli.trouble import PROBLEMS, nothing
from cli.visible import visible
from workers.replay import replay_calls

_STATES = ("received", "processing", "waiting", "dead", "done")
_OPEN = _STATES[:-1]
_COLUMNS = "id, kind, key, queue, state, attempts, created_at, next_at, done_at, error, fingerprint, inbox_id"
_FITS = """id < %(before)s AND (%(kind)s::text IS NULL OR kind = %(kind)s)
           AND (%(error)s::text IS NULL OR strpos(lower(concat_ws(E'\\n', error, error_class, fingerprint)), lower(%(error)s)) > 0)"""
_NEWEST = f"SELECT {_COLUMNS} FROM bursar.outbox WHERE {_FITS} ORDER BY id DESC LIMIT %(limit)s"  # noqa: S608
# Each open state has an index of its own; MATERIALIZED keeps the planner from walking all ids in the hope of an early end.
_IN_STATE = {
    state: f"""WITH fitting AS MATERIALIZED (SELECT id FROM bursar.outbox WHERE state = '{state}' AND {_FITS})
               SELECT {_COLUMNS} FROM bursar.outbox
               WHERE id IN (SELECT id FROM fitting ORDER BY id DESC LIMIT %(limit)s) ORDER BY id DESC"""  # noqa: S608
    for state in _OPEN
}
_IN_STATE["done"] = f"SELECT {_COLUMNS} FROM bursar.outbox WHERE state = 'done' AND {_FITS} ORDER BY id DESC LIMIT %(limit)s"  # noqa: S608
_ONE = "SELECT * FROM bursar.outbox WHERE id = %(id)s"
_MACHINE = frozenset({"token", "lease_until", "claimed_alone", "ready_at"})
_NEWER_THAN_ALL = 2**63 - 1


@click.group()
def outbox() -> None:
    """Calls to the outside: list them, look at one, try them again."""


def _read(connection: Connection, state: str | None, **bound: Any) -> list[dict[str, Any]]:
    if bound["error"] is not None and state in (None, "done"):
        # A call keeps its error only while it is open; looking for one among all that were made would read the whole table.
        open_states = _OPEN if state is None else ()
        found = [row for one in open_states for row in _read(connection, one, **bound)]
        return sorted(found, key=lambda row: -row["id"])[: bound["limit"]]
    sql = _NEWEST if state is None else _IN_STATE[state]
    return [dict(row._mapping) for row in connection.exec_driver_sql(sql, bound)]


@outbox.command()
@click.option("--state", type=click.Choice(_STATES), help="In this state.")
@click.option("--kind", help="Of this kind: mail.send, ...")
@click.option("--error", metavar="TEXT", help="Whose error, error class or fingerprint contains this text.")
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="At most this many rows."
)
@click.option(
    "--before", type=click.IntRange(min=1), default=_NEWER_THAN_ALL, metavar="ID", help="Only rows with a smaller id."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@action("viewer")
def ls(state: str | None, as_json: bool, **bound: Any) -> None:
    """List calls, newest first."""
    with reading() as connection:
        rows = _read(connection, state, **bound)
    if not rows:
        raise nothing("no call matches", "loosen the filter; `bursar outbox ls` alone lists the newest calls")
    if as_json:
        for row in rows:
            json_line(row)
        return
    head = ("ID", "CREATED", "STATE", "TRIES", "KIND", "KEY", "NEXT", "ERROR")
    table(
        head,
        (
            (
                row["id"],
                row["created_at"],
                row["state"],
                row["attempts"],
                row["kind"],
                row["key"],
                row["next_at"] if row["state"] == "waiting" else None,
                short(row["error"], 80),
            )
            for row in rows
        ),
    )


@outbox.command()
@click.argument("row_id", metavar="ID", type=click.IntRange(1, _NEWER_THAN_ALL))
@action("viewer")
def show(row_id: int) -> None:
    """Show one call; texts of its payload that may be personal are left out."""
    with reading() as connection:
        found = connection.exec_driver_sql(_ONE, {"id": row_id}).one_or_none()
    if found is None:
        raise nothing(f"there is no call {row_id}", "`bursar outbox ls` lists the newest ones")
    row = {name: value for name, value in found._mapping.items() if name not in _MACHINE}
    payload, result = row.pop("payload"), row.pop("result")
    facts(row.items())
    click.echo(f"payload:\n{json_block(visible(payload))}")
    if result is not None:
        click.echo(f"result:\n{json_block(visible(result))}")


@outbox.command()
@click.argument("ids", nargs=-1, type=click.IntRange(1, _NEWER_THAN_ALL), metavar="[ID]...")
@click.option("--state", type=click.Choice(("dead", "waiting")), help="All calls in this state.")
@click.option("--kind", help="Of this kind.")
@click.option("--error", metavar="TEXT", help="Whose error contains this text.")
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="At most this many calls."
)
@click.option("--reason", metavar="TEXT", required=True, help="Why; goes into the audit.")
@action("operator")
def replay(
    ids: tuple[int, ...], state: str | None, kind: str | None, error: str | None, limit: int, reason: str
) -> None:
    """Try dead or waiting calls again now. Each goes out under its old key, so a provider that had it does nothing twice."""
    reason = reason_said(reason)
    if bool(ids) == bool(state):
        raise click.UsageError("name calls, or say which: --state dead")
    with acting() as context:
        if not ids:
            with context.engine.begin() as connection:
                found = _read(connection, state, kind=kind, error=error, limit=limit, before=_NEWER_THAN_ALL)
            ids = tuple(row["id"] for row in found)
        if not ids:
            raise nothing("no call matches", "see what there is: `bursar outbox ls --state dead`")
        result = replay_calls(context, ids[:limit], actor=str(actor()), reason=reason)
        sent = send_hints(context.settings, result.opened, calls=True)
    facts(
        [
            ("tried again", result.count),
            *((f"left alone: {why}", len(rows)) for why, rows in sorted(result.refused.items())),
        ]
    )
    if not result.count:
        raise click.exceptions.Exit(PROBLEMS)
    click.echo(
        f"next: bursar outbox ls{'' if sent else ' (the broker cannot be reached: the standby makes the calls)'}"
    )
