"""Prints what a replay would do (`inbox replay --dry-run`), event by event."""

from __future__ import annotations

from collections.abc import Sequence

import click

from cli.printing import json_block, one_line
from cli.trouble import PROBLEMS
from cli.visible import visible
from workers.context import Context
from workers.rehearse import Rehearsal, Written, rehearse

_QUIET_COLUMNS = frozenset({"mac", "key_id", "uid", "versions"})
"""Columns that say nothing to a person who wonders what a replay would change."""


def rehearse_all(context: Context, ids: Sequence[int]) -> None:
    """Rehearse each event alone, oldest first; what one writes is not seen by the next. Exit code 1 if one would fail."""
    failed = changed = 0
    for row_id in ids:
        result = rehearse(context, row_id)
        if result is not None:
            _print(result)
            failed += result.failure is not None
            changed += bool(result.written)
    click.echo(
        f"dry run of {len(ids)}: {changed} would write, {failed} would fail, "
        f"{len(ids) - changed - failed} would change nothing; everything was taken back"
    )
    if failed:
        click.echo("next: mend the handler or the data, then look again; a replay now would fail in the same way")
        raise click.exceptions.Exit(PROBLEMS)
    click.echo("next: the same command with --reason '...' instead of --dry-run")


def _print(result: Rehearsal) -> None:
    click.echo(f"event {result.inbox_id}: {result.label} -> {result.handler or 'no handler'}")
    if result.failure is not None:
        click.echo(f"  would fail: {result.failure.error_class}: {one_line(result.failure.error)}")
        click.echo(f"  fingerprint {result.failure.fingerprint}")
    elif not result.written:
        click.echo("  would change nothing: what it says is known already")
    for row in result.written:
        _row(row)


def _row(row: Written) -> None:
    shown = {name: pair for name, pair in row.changed.items() if name not in _QUIET_COLUMNS}
    if row.before is None:
        click.echo(f"  insert {row.table} {row.key}")
        click.echo(
            json_block(visible({name: after for name, (_, after) in shown.items() if after is not None}), "    ")
        )
    else:
        click.echo(f"  update {row.table} {row.key}")
        click.echo(
            json_block(
                {
                    name: {"before": visible(before, name), "after": visible(after, name)}
                    for name, (before, after) in shown.items()
                },
                "    ",
            )
        )
