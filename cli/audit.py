"""`bursar audit`: proves that nobody changed the record of what was done, and shows parts of it (AUDIT-1..3)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
import psycopg

from billing.operations.verify_audit import Bad, Head, Report, noted_heads
from billing.operations.verify_audit import verify as verify_rows
from cli.printing import facts, instant, json_line
from cli.roles import action
from cli.surroundings import database_url, settings
from cli.trouble import PROBLEMS, USAGE, TroubleError, nothing
from core.crypto import KeyRing
from models.database import connect

_OF_OBJECT = """
    SELECT a.id, a.at, a.actor, a.action, a.reason, a.object_type, a.object_id, a.before, a.after, a.inbox_id, s.seq
    FROM bursar.audit a LEFT JOIN bursar.audit_seal s ON s.audit_id = a.id
    WHERE a.object_id = %(object)s OR a.uid::text = %(object)s ORDER BY a.id DESC LIMIT %(limit)s"""


@click.group()
def audit() -> None:
    """The record of who changed what, and why: verify it, show an object's part of it."""


@audit.command()
@click.option("--head", "given", multiple=True, metavar="SEQ:HASH", help="A head that an earlier verification printed.")
@click.option("--json", "as_json", is_flag=True, help="The report as one JSON object.")
@action("viewer")
def verify(given: tuple[str, ...], as_json: bool) -> None:
    """Check every row's MAC, the chain of seals, and all heads that daily verifications noted.

    Exit code 0: all of it verifies. 1: something was changed, removed or reordered; the first place is named.
    """
    heads = _parsed(given)
    keys = _keys()
    with _transaction() as connection:
        report = verify_rows(connection, keys, heads=[*heads, *noted_heads(connection)])
    _print(report, as_json)
    if report.first_bad is not None:
        raise _tampered(report.first_bad)


@audit.command()
@click.argument("object_id")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most this many, newest kept."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@action("viewer")
def show(object_id: str, limit: int, as_json: bool) -> None:
    """What was done to OBJECT_ID (ours or the provider's, or an audit row's uid), oldest first."""
    with _transaction() as connection:
        cursor = connection.execute(_OF_OBJECT, {"object": object_id, "limit": limit})
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in reversed(cursor.fetchall())]
    if not rows:
        raise nothing(
            f"nothing is recorded of {object_id!r}",
            "check the id: `bursar inbox ls --object ID` finds events by the provider's",
        )
    for row in rows:
        if as_json:
            json_line(row)
        else:
            _print_row(row)


def _print(report: Report, as_json: bool) -> None:
    if as_json:
        json_line(
            {
                "checked": report.checked,
                "sealed": report.sealed,
                "unsealed_tail": report.unsealed_tail,
                "bad": report.bad,
                "head": str(report.head),
                "first_bad": None if report.first_bad is None else str(report.first_bad),
            }
        )
        return
    tail = f"{report.unsealed_tail} (each has its MAC; a place in the chain within the next minute)"
    facts(
        [
            ("rows checked", report.checked),
            ("of them sealed", report.sealed),
            ("not sealed yet", tail if report.unsealed_tail else 0),
            ("do not verify", report.bad),
            ("head", str(report.head)),
        ]
    )
    if report.first_bad is None:
        click.echo("ok: nothing was changed, removed or reordered. Keep the head elsewhere: it proves the chain's end")


def _print_row(row: dict[str, Any]) -> None:
    where = f"seal {row['seq']}" if row["seq"] else "not sealed yet"
    click.echo(f"{instant(row['at'])}  {row['action']}  {row['object_type']} {row['object_id']}")
    facts(
        (f"  {name}", value)
        for name, value in (
            ("actor", row["actor"]),
            ("reason", row["reason"]),
            ("before", row["before"]),
            ("after", row["after"]),
            ("event", None if row["inbox_id"] is None else f"bursar inbox show {row['inbox_id']}"),
            ("audit row", f"{row['id']}, {where}"),
        )
    )


def _tampered(bad: Bad) -> TroubleError:
    place = "a row that is not sealed yet" if bad.seq is None else f"seal {bad.seq}"
    row = "" if bad.audit_id is None else f", audit row {bad.audit_id}"
    return TroubleError(
        PROBLEMS,
        f"the audit does not verify, first at {place}{row}: {bad.what}",
        effect="what was done cannot be proven from there on; rows of customers and money are untouched by this",
        then=bad.next_step,
    )


def _parsed(given: tuple[str, ...]) -> list[Head]:
    try:
        return [Head.parse(text) for text in given]
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--head") from error


def _keys() -> KeyRing:
    try:
        return KeyRing.from_settings(settings())
    except ValueError as error:
        raise TroubleError(
            USAGE, str(error), effect="nothing was verified", then="set it as the workers have it, and run this again"
        ) from error


@contextmanager
def _transaction() -> Iterator[psycopg.Connection[Any]]:
    # The maintenance role: a large audit takes longer than a worker's statement may.
    with connect(database_url(), "bursar_maintenance", application="bursar-cli") as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield connection
