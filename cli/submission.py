"""`bursar submission ...`: what we make and move at providers, and what to do where nobody knows how it went."""

from __future__ import annotations

import json
from typing import Any

import click

from cli.hinting import send_hints
from cli.printing import facts, json_block, json_line, short, table
from cli.roles import action, actor
from cli.surroundings import acting, reading
from cli.trouble import PROBLEMS, TroubleError, nothing
from cli.visible import visible
from workers.abandon import NotToBeAbandonedError, abandon

_OPEN = ("reserved", "in_flight", "unknown", "submitted")
_STATES = (*_OPEN, "settled", "abandoned")
_COLUMNS = """s.key, s.source, s.operation, s.request_type, s.request_ref, s.state, s.outcome, s.sends, s.generation, s.reserved_at,
              s.unknown_at, s.error, o.state AS call, o.next_at, o.id AS outbox_id"""
_CALL = "JOIN bursar.outbox o ON o.kind = s.source || '.submit' AND o.key = s.key"
# Open states have an index of their own; without one named, the newest are read by their ids.
_LS = {
    True: f"""SELECT {_COLUMNS} FROM bursar.submission s {_CALL}
              WHERE s.state = ANY(%(states)s) ORDER BY s.id DESC LIMIT %(limit)s""",  # noqa: S608 - our own names
    False: f"""SELECT {_COLUMNS} FROM (SELECT * FROM bursar.submission ORDER BY id DESC LIMIT %(limit)s) s {_CALL}
               ORDER BY s.id DESC""",  # noqa: S608 - our own names
}
_SHOW = f"SELECT s.*, o.state AS call, o.next_at, o.id AS outbox_id FROM bursar.submission s {_CALL} WHERE s.key = %(key)s"  # noqa: S608 - our own names


@click.group()
def submission() -> None:
    """What is made or moved at providers: list it, look at one, give one up."""


@submission.command()
@click.option("--state", type=click.Choice(_STATES), help="In this state.")
@click.option("--open", "is_open", is_flag=True, help="All that is not settled.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="At most this many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@action("viewer")
def ls(state: str | None, is_open: bool, limit: int, as_json: bool) -> None:
    """List submissions, newest first."""
    states = [state] if state else list(_OPEN)
    with reading() as connection:
        found = connection.exec_driver_sql(_LS[bool(state) or is_open], {"states": states, "limit": limit})
        rows = [dict(row._mapping) for row in found]
    if not rows:
        raise nothing("no submission matches", "`bursar submission ls` alone lists the newest ones")
    if as_json:
        for row in rows:
            json_line(row)
        return
    head = ("RESERVED", "STATE", "SENT", "KEY", "REQUEST", "NEXT", "ERROR")
    table(head, (_line(row) for row in rows))


def _line(row: dict[str, Any]) -> tuple[object, ...]:
    state = row["state"] if row["outcome"] is None else f"{row['state']} ({row['outcome']})"
    due = row["next_at"] if row["call"] == "waiting" else "given up" if row["call"] == "dead" else None
    return row["reserved_at"], state, row["sends"], row["key"], f"{row['request_type']} {row['request_ref']}", due, short(row["error"], 60)


@submission.command()
@click.argument("key")
@action("viewer")
def show(key: str) -> None:
    """Show one: what is sent, under which key, and how it went."""
    with reading() as connection:
        found = connection.exec_driver_sql(_SHOW, {"key": key}).one_or_none()
    if found is None:
        raise nothing(f"there is no submission {key}", "`bursar submission ls` lists the newest ones")
    row = dict(found._mapping)
    body = row.pop("body")
    facts(row.items())
    click.echo(f"body:\n{json_block(visible(json.loads(body)))}")


@submission.command("abandon")
@click.argument("key")
@click.option("--reason", metavar="TEXT", required=True, help="What you saw at the provider; goes into the audit.")
@action("finance")
def abandon_(key: str, reason: str) -> None:
    """Give one up whose outcome stays unknown. Only after you have seen at the provider that nothing was made under its key:
    its request fails, and nobody looks again."""
    if not reason.strip():
        raise click.UsageError("--reason is empty; say what you saw at the provider, it is kept in the audit")
    with acting() as context:
        try:
            queue, row_id = abandon(context, key, actor=str(actor()), reason=reason.strip())
        except LookupError:
            raise nothing(f"there is no submission {key}", "see which wait for you: `bursar submission ls --state unknown`") from None
        except NotToBeAbandonedError as error:
            then = f"bursar submission show {key}"
            raise TroubleError(PROBLEMS, f"{key} cannot be given up: {error}", effect="nothing was changed", then=then) from None
        send_hints(context.settings, {queue: [row_id]})
    click.echo(f"{key} is abandoned; its request is told that it was refused")
