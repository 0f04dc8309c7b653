"""`bursar inbox ls`: which events came, and what became of them."""

from __future__ import annotations

from typing import Any

import click

from cli.inbox.filters import chosen, filter_options
from cli.inbox.query import Found, Page, find
from cli.printing import json_line, short, table
from cli.roles import action
from cli.surroundings import reading
from cli.trouble import nothing

_ERROR_CHARS = 80


@click.command()
@filter_options
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="At most this many rows."
)
@click.option(
    "--before", type=click.IntRange(min=1), metavar="ID", help="Only rows with a smaller id: the next page."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@action("viewer")
def ls(limit: int, before: int | None, as_json: bool, **options: Any) -> None:
    """List events, newest first."""
    with reading() as connection:
        page = find(connection, chosen(options), limit, before=before)
    if as_json:
        for row in page.rows:
            json_line(as_object(row))
    elif page.rows:
        _table(page.rows)
    _afterword(page, limit, quiet=as_json)


def as_object(row: Found) -> dict[str, Any]:
    """A row as `--json` prints it; these names are a contract."""
    return {
        "id": row.id,
        "source": row.source,
        "event_id": row.event_id,
        "type": row.event_type,
        "object_id": row.object_id,
        "state": row.state,
        "attempts": row.attempts,
        "received_at": row.received_at,
        "done_at": row.done_at,
        "error": row.error,
    }


def _table(rows: list[Found]) -> None:
    table(
        ("ID", "RECEIVED", "STATE", "TRIES", "SOURCE", "TYPE", "OBJECT", "EVENT", "ERROR"),
        (
            (
                row.id,
                row.received_at,
                row.state,
                row.attempts,
                row.source,
                row.event_type,
                row.object_id,
                row.event_id,
                short(row.error or row.ignored_reason, _ERROR_CHARS),
            )
            for row in rows
        ),
    )


def _afterword(page: Page, limit: int, *, quiet: bool) -> None:
    """What a person should know next; on standard error, so that it never mixes with the list."""
    if page.searched_to is not None:
        click.echo(
            f"the search ran out of time: rows below id {page.searched_to} were not looked at; "
            f"go on with --before {page.searched_to}, or narrow it down",
            err=True,
        )
    elif not page.rows:
        raise nothing("no event matches", "loosen the filter; `bursar inbox ls` alone lists the newest events")
    elif len(page.rows) == limit and not quiet:
        click.echo(f"older ones: add --before {page.rows[-1].id}", err=True)
