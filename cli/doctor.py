"""`bursar doctor`: is this installation well? One line per check, each fault with what it means and what to do."""

from __future__ import annotations

from collections.abc import Iterator

import click
import psycopg

from cli.checks import database, machine, schedules, surroundings
from cli.checks.anaf import anaf
from cli.checks.bounded import PATIENCE_S, bounded
from cli.checks.finding import Finding, fail
from cli.checks.tax import tax
from cli.printing import json_line
from cli.roles import action
from cli.surroundings import settings
from cli.trouble import PROBLEMS
from core.redaction import scrub
from core.settings import Settings
from models.database import connect

# A statement that is wrong stays a traceback: that is a bug of ours.
_BROKEN = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.InvalidSchemaName,
    psycopg.errors.InsufficientPrivilege,
)
_MEND_SMTP = "look at the server of BURSAR_SMTP_URL; mails wait in the outbox meanwhile"
_MEND_BROKER = "look at the server of BURSAR_BROKER_URL; events are stored and the standby works meanwhile"
_MEND_DATABASE = "look at the server itself, see docs/runbook/postgres-down.md; meanwhile the receiver answers 503"
_OPTIONS = "-c statement_timeout=8000 -c lock_timeout=3000"
_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@action("viewer")
def doctor(as_json: bool) -> None:
    """Check settings, database, broker and processes. Exit code 1 if something fails; warnings do not count."""
    found = []
    for finding in findings(settings()):
        found.append(finding)
        if as_json:
            json_line(
                {"check": finding.check, "level": finding.level, "said": scrub(finding.said), "next": finding.then}
            )
        else:
            _print(finding)
    failed = sum(finding.level == "fail" for finding in found)
    warned = sum(finding.level == "warn" for finding in found)
    if not as_json:
        click.echo(f"{len(found)} checks: {failed} failed, {warned} warnings")
    if failed:
        raise click.exceptions.Exit(PROBLEMS)


def findings(chosen: Settings) -> Iterator[Finding]:
    """All findings, in the order in which a fault explains the later ones."""
    yield from surroundings.secrets(chosen)
    # The talk with the mail server is bounded by the setting; a little more than that is no sign of life.
    talk_s = 2 * chosen.smtp_timeout_s + PATIENCE_S
    yield from bounded("smtp", _MEND_SMTP, lambda: surroundings.mail(chosen), talk_s)
    yield from surroundings.disk(chosen)
    yield from bounded("broker", _MEND_BROKER, lambda: iter([surroundings.broker(chosen)]), PATIENCE_S)
    yield from bounded("database", _MEND_DATABASE, lambda: _in_the_database(chosen), PATIENCE_S)


def _in_the_database(chosen: Settings) -> Iterator[Finding]:
    url = chosen.database_url.get_secret_value()
    if not url:
        yield fail(
            "database",
            "BURSAR_DATABASE_URL is not set and no running copy was found",
            "set it, or `python3 dev.py up` and `bursar --home DIR doctor`",
        )
        return
    try:
        yield from database.reachable(url, chosen.recv_database_url.get_secret_value())
        # As the login itself: the roles may not see what other sessions do.
        with psycopg.connect(
            url, autocommit=True, application_name="bursar-doctor", connect_timeout=3, options=_OPTIONS
        ) as connection:
            yield from database.health(connection)
        with connect(url, "bursar_app", autocommit=True, application="bursar-doctor") as connection:
            yield from machine.backlog(connection)
            yield from schedules.held(connection)
            yield from schedules.failing(connection)
            yield from anaf(connection, chosen)
            yield from tax(connection)
            yield from machine.heartbeats(connection, chosen)
    except psycopg.errors.QueryCanceled as error:
        yield fail("database", f"a query was stopped: {' '.join(str(error).split())[:200]}", _MEND_DATABASE)
    except _BROKEN as error:
        yield fail(
            "database",
            f"{' '.join(str(error).split())[:300]}",
            "start it, correct BURSAR_DATABASE_URL, or run `bursar migrate`; until then the receiver answers 503",
        )


def _print(finding: Finding) -> None:
    click.echo(
        f"{click.style(f'{finding.level:<4}', fg=_COLOURS[finding.level])}  {finding.check:<23}  {scrub(finding.said)}"
    )
    if finding.then:
        click.echo(f"{'':<31}next: {finding.then}")
