"""`bursar report NAME`: reports as CSV or JSON lines, streamed, so that their length does not matter (RECON-6, PAY-13)."""

from __future__ import annotations

import csv
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from billing.operations.reports import REPORTS, report
from cli.inbox.filters import Instant
from cli.printing import json_line, table
from cli.roles import action
from cli.surroundings import database_url, settings
from core.clock import SystemClock
from models.database import connect

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_STATEMENT_MS = 600_000
_DAYS = 31


@click.command("report")
@click.argument("name", metavar="[NAME]", required=False, type=click.Choice(tuple(REPORTS)))
@click.option("--since", type=Instant(), metavar="TIME", help="From here on. Default: 31 days ago.")
@click.option("--until", type=Instant(), metavar="TIME", help="Up to here. Default: now.")
@click.option("--format", "form", type=click.Choice(("csv", "json")), default="csv", show_default=True, help="JSON: one object a line.")
@action("viewer")
def report_command(name: str | None, since: datetime | None, until: datetime | None, form: str) -> None:
    """Print the report NAME; without one, list them. Amounts are minor units of the currency beside them."""
    if name is None:
        table(("REPORT", "TELLS"), ((one, held.tells) for one, held in REPORTS.items()))
        return
    end = until or SystemClock().now()
    begin = since or end - timedelta(days=_DAYS)
    with connect(database_url(), "bursar_app", autocommit=True, application="bursar-report") as connection:
        connection.execute(f"SET statement_timeout = {_STATEMENT_MS}".encode())
        rows = report(connection, name, since=begin, until=end, basis_points=settings().application_fee_basis_points)
        head = [str(column) for column in next(rows)]
        if form == "json":
            for row in rows:
                json_line(dict(zip(head, (_json(value) for value in row), strict=True)))
            return
        writer = csv.writer(sys.stdout, lineterminator="\r\n")
        writer.writerow(head)
        writer.writerows([_cell(value) for value in row] for row in rows)


def _json(value: Any) -> Any:
    return value if value is None or isinstance(value, (bool, int, str, datetime)) else str(value)


def _cell(value: Any) -> str:
    """A cell's text. Texts that a spreadsheet would run as a formula begin with an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
