"""`bursar run-failures`: what a scheduled run could not do, item by item; it tries again by itself, or at once if told so."""

from __future__ import annotations

import click

from cli.billing_rows import JSON, LIMIT, rows
from cli.printing import json_line, short, table
from cli.roles import action, actor
from cli.surroundings import acting
from cli.trouble import nothing
from schedules.table import TABLE
from workers.run_failures import retry_now
from workers.slot_orders import Order

_LS = {
    False: """SELECT job, item, tries, first_at, last_at, next_at, error FROM bursar.run_failure
              ORDER BY job, item LIMIT %(limit)s""",
    True: """SELECT job, item, tries, first_at, last_at, next_at, error FROM bursar.run_failure
             WHERE job = %(job)s ORDER BY job, item LIMIT %(limit)s""",
}
_ERROR = 120


@click.group("run-failures")
def run_failures() -> None:
    """What scheduled runs could not do: list, retry."""


@run_failures.command("ls")
@click.argument("job", required=False, type=click.Choice([run.job for run in TABLE]))
@LIMIT
@JSON
@action("viewer")
def ls(job: str | None, limit: int, as_json: bool) -> None:
    """List items that wait for their next try, of JOB or of all runs. Nothing of them was changed; all other items were done."""
    found = rows(_LS[job is not None], job=job, limit=limit)
    if not found:
        raise nothing("no run failed at anything", "`bursar schedule history --state failed` lists slots that failed as a whole")
    if as_json:
        for row in found:
            json_line(row)
        return
    table(("JOB", "ITEM", "TRIES", "SINCE", "LAST TRY", "NEXT TRY", "ERROR"), ((
        row["job"], row["item"], row["tries"], row["first_at"], row["last_at"], row["next_at"], short(row["error"], _ERROR),
    ) for row in found))  # fmt: skip


@run_failures.command("retry")
@click.argument("job", type=click.Choice([run.job for run in TABLE]))
@click.argument("item", required=False)
@click.option("--all", "all_of_them", is_flag=True, help="Every item of JOB.")
@click.option("--reason", metavar="TEXT", required=True, help="What was mended; goes into the audit.")
@action("operator")
def retry(job: str, item: str | None, all_of_them: bool, reason: str) -> None:
    """Let the next slot of JOB try ITEM at once, or all with --all. The count of its tries stays."""
    if (item is None) is not all_of_them:
        raise click.UsageError("name an ITEM, or say --all")
    with acting() as context:
        opened = retry_now(context, job, item, Order(actor=str(actor()), reason=reason))
    if not opened:
        raise nothing(f"{job} has not failed at {item or 'anything'}", f"`bursar run-failures ls {job}`")
    click.echo(f"{job}: {opened} tried again by the next slot; at once: bursar schedule run {job} --reason '...'")
