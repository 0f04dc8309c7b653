"""`bursar inbox replay`: send events through again, with a reason, a fresh budget of tries and an audit row each (INBOX-5)."""

from __future__ import annotations

from typing import Any

import click

from cli.hinting import send_hints
from cli.inbox.filters import Filter, chosen, filter_options
from cli.inbox.identify import identify
from cli.inbox.query import find
from cli.inbox.rehearsal import rehearse_all
from cli.printing import facts, table
from cli.roles import action, actor
from cli.surroundings import acting
from cli.trouble import PROBLEMS, USAGE, TroubleError, nothing
from workers.context import Context
from workers.replay import REPLAYABLE, Replayed
from workers.replay import replay as open_again

_CAP = 1000


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@filter_options
@click.option("--reason", metavar="TEXT", help="Why; goes into the audit. Needed unless --dry-run.")
@click.option("--dry-run", is_flag=True, help="Run the handlers, print what they would write, take everything back.")
@click.option(
    "--limit",
    type=click.IntRange(1, 1_000_000),
    default=_CAP,
    show_default=True,
    help="At most this many events in one call.",
)
@action("operator")
def replay(ids: tuple[str, ...], reason: str | None, dry_run: bool, limit: int, **options: Any) -> None:
    """Send events through again: the given ones (row id or the provider's event id), or those that a filter finds.

    Dead, waiting and ignored events are opened; `--state done` opens done ones too, whose effects do not double, because
    handlers merge by version. What is under way already is left alone.
    """
    wanted = chosen(options)
    _check(ids, wanted, reason, dry_run)
    states = wanted.states or REPLAYABLE
    with acting() as context:
        chosen_ids, more = _select(context, ids, Filter(states=states, **_rest(wanted)), limit)
        if dry_run:
            rehearse_all(context, chosen_ids)
            return
        result = open_again(context, chosen_ids, actor=str(actor()), reason=(reason or "").strip(), states=states)
        sent = send_hints(context.settings, result.opened)
    _report(result, sent=sent, more=more)


def _check(ids: tuple[str, ...], wanted: Filter, reason: str | None, dry_run: bool) -> None:
    if not ids and wanted.empty:
        raise click.UsageError("name events or give a filter; to mean all dead ones, say --state dead")
    if not dry_run and not (reason or "").strip():
        raise TroubleError(
            USAGE,
            "--reason is missing",
            effect="nothing was changed",
            then="say why in a few words, it is kept in the audit: --reason 'handler mended in 1.4'; or look first with --dry-run",
        )


def _rest(wanted: Filter) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in ("source", "type", "object", "error", "since", "until", "queue")}


def _select(context: Context, ids: tuple[str, ...], wanted: Filter, limit: int) -> tuple[list[int], bool]:
    """The ids that are meant, oldest first, and whether the limit left some out."""
    with context.engine.begin() as connection:
        if ids:
            named = sorted({row_id for text in ids for row_id in identify(connection, text)})
            return named[:limit], len(named) > limit
        page = find(connection, wanted, limit + 1)
    if not page.rows:
        raise nothing(
            "no event matches that could be replayed", "see what there is with the same filter: `bursar inbox ls ...`"
        )
    return sorted(row.id for row in page.rows[:limit]), len(page.rows) > limit or page.searched_to is not None


def _report(result: Replayed, *, sent: bool, more: bool) -> None:
    facts(
        [("replayed", result.count), *((f"  on {queue}", len(rows)) for queue, rows in sorted(result.opened.items()))]
    )
    if result.refused:
        click.echo("left alone:")
        table(
            ("EVENTS", "WHY", "IDS"), ((len(rows), why, _some(rows)) for why, rows in sorted(result.refused.items()))
        )
    if more:
        click.echo("next: there are more; run the same command again, or raise --limit")
    if result.count:
        first = min(min(rows) for rows in result.opened.values())
        waits = "" if sent else " (the broker cannot be reached: the standby works through them)"
        click.echo(f"next: see what became of them{waits}: bursar inbox show {first}, bursar inbox groups")
    else:
        click.echo("next: nothing was changed; `bursar inbox show ID` says how each of them stands")
        if set(result.refused) != {"under way already"}:
            raise click.exceptions.Exit(PROBLEMS)


def _some(rows: list[int]) -> str:
    return ", ".join(str(row) for row in rows[:5]) + (", ..." if len(rows) > 5 else "")
