"""`bursar usage`: what a subscriber used in the running period, and in those before (USAGE-1, USAGE-6)."""

from __future__ import annotations

import click

from cli.printing import json_line, table
from cli.roles import action
from cli.surroundings import reading
from cli.trouble import nothing
from core.clock import SystemClock

_NOW = "SELECT meter, name, used, max_used AS limit, reset_at FROM bursar_api.usage(%(subscriber)s, %(now)s)"
_BEFORE = """SELECT meter_ref AS meter, period_start, period_end, events, value, alerted, external_id AS counter FROM bursar.usage_counter
             WHERE subscriber_ref = %(subscriber)s AND versions <> '{}' ORDER BY period_start DESC NULLS LAST, meter_ref LIMIT %(limit)s"""


@click.group()
def usage() -> None:
    """What subscribers used: show."""


@usage.command("show")
@click.argument("subscriber")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most this many counters.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line: the meters now, then the counters by period.")
@action("viewer")
def show(subscriber: str, limit: int, as_json: bool) -> None:
    """Show what SUBSCRIBER (the app's own id) used of each meter, beside his plan's limit, and his counters, newest period first."""
    bound = {"subscriber": subscriber, "now": SystemClock().now(), "limit": limit}
    with reading() as connection:
        meters, counters = ([dict(row) for row in connection.exec_driver_sql(sql, bound).mappings()] for sql in (_NOW, _BEFORE))
    if not meters:
        raise nothing("no meter is defined", "billing.meters.define.v1 defines one")
    if as_json:
        for row in (*meters, *counters):
            json_line(row)
        return
    table(("METER", "USED", "LIMIT", "ANEW AT"), (
        (row["meter"], row["used"], "none" if row["limit"] is None else row["limit"], row["reset_at"] or "") for row in meters
    ))  # fmt: skip
    table(("METER", "FROM", "TO", "EVENTS", "VALUE", "TOLD AT %"), (
        (row["meter"], row["period_start"] or "", row["period_end"] or "", row["events"], row["value"], " ".join(map(str, row["alerted"])))
        for row in counters
    ))  # fmt: skip
