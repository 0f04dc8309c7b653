"""`inbox ls`: every filter, the JSON contract, pages, and which index answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection

from cli.inbox.filters import Filter
from cli.inbox.ls import ls
from cli.inbox.query import find
from models.database import make_engine
from tests.cli.operator_command import Bursar, Here
from tests.factories.inbox import NOW, store_event
from tests.harness.cluster import Database
from tests.harness.probe import probe

_FAIL = "UPDATE bursar.inbox SET state = 'dead', error = %s, error_class = %s, fingerprint = %s, attempts = 6 WHERE id = %s"


@pytest.fixture
def stored(database: Database) -> dict[str, int]:
    """Four events that differ in everything that filters know."""
    with database.connect() as connection:
        ids = {
            "paid": store_event(
                connection, probe("in_1"), source="stripe", event_type="invoice.paid", object_id="in_1"
            ),
            "refund": store_event(
                connection,
                probe("re_1"),
                source="stripe",
                event_type="refund.created",
                object_id="re_1",
                queue="payouts",
                now=NOW - timedelta(days=2),
            ),
            "meeting": store_event(
                connection, probe("m"), source="zoom", event_type="meeting.started", queue="maintenance"
            ),
            "odd": store_event(
                connection,
                probe("x"),
                source="paypal",
                event_type="invoice_%.paid",
                state="ignored",
                reason="no_handler",
            ),
        }
        connection.execute(_FAIL, ("no such plan 100%", "KeyError", "abc123def456", ids["refund"]))
    return ids


@pytest.mark.requirement("INBOX-5")
@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ([], ["odd", "meeting", "refund", "paid"]),
        (["--state", "dead"], ["refund"]),
        (["--state", "dead", "--state", "ignored"], ["odd", "refund"]),
        (["--source", "stripe"], ["refund", "paid"]),
        (["--type", "invoice.*"], ["paid"]),
        (["--type", "*.paid"], ["odd", "paid"]),
        (["--type", "invoice_%.paid"], ["odd"]),
        (["--type", "invoice_%.*"], ["odd"]),
        (["--object", "in_1"], ["paid"]),
        (["--error", "SUCH PLAN"], ["refund"]),
        (["--error", "KeyErr"], ["refund"]),
        (["--error", "abc123def456"], ["refund"]),
        (["--error", "100%"], ["refund"]),
        (["--since", "2026-03-01"], ["odd", "meeting", "paid"]),
        (["--until", "2026-03-01T00:00:00+00:00"], ["refund"]),
        (["--queue", "maintenance"], ["meeting"]),
        (["--limit", "2"], ["odd", "meeting"]),
    ],
)
def test_each_filter(here: Here, stored: dict[str, int], arguments: list[str], names: list[str]) -> None:
    said = here(ls, "--json", *arguments)
    assert said.code == 0, said.err
    assert [row["id"] for row in said.objects] == [stored[name] for name in names]


def test_the_json_names_are_a_contract(bursar: Bursar, stored: dict[str, int]) -> None:
    (row,) = bursar("inbox", "ls", "--json", "--state", "dead").objects
    assert list(row) == [
        "id",
        "source",
        "event_id",
        "type",
        "object_id",
        "state",
        "attempts",
        "received_at",
        "done_at",
        "error",
    ]
    assert (row["type"], row["state"], row["attempts"], row["done_at"]) == ("refund.created", "dead", 6, None)
    assert row["received_at"] == "2026-02-27T12:00:00+00:00"
    assert row["error"] == "no such plan 100%"


def test_pages_by_key_until_nothing_is_left(bursar: Bursar, stored: dict[str, int]) -> None:
    first = bursar("inbox", "ls", "--limit", "3")
    assert "--before" in first.err
    rest = bursar("inbox", "ls", "--json", "--before", str(stored["refund"]))
    assert [row["id"] for row in rest.objects] == [stored["paid"]]
    none = bursar("inbox", "ls", "--before", str(stored["paid"]))
    assert (none.code, none.out) == (3, "")
    assert "next:" in none.err


def test_the_table_is_aligned_and_the_same_without_a_terminal(bursar: Bursar, stored: dict[str, int]) -> None:
    said = bursar("inbox", "ls")
    lines = said.out.splitlines()
    assert lines[0].split() == ["ID", "RECEIVED", "STATE", "TRIES", "SOURCE", "TYPE", "OBJECT", "EVENT", "ERROR"]
    at = lines[0].index("STATE")
    assert [line[at:].split()[0] for line in lines[1:]] == ["ignored", "received", "dead", "received"]
    assert "\x1b" not in said.out


@pytest.mark.parametrize(
    "arguments", [["--since", "yesterday"], ["--state", "gone"], ["--type", ""], ["--limit", "0"]]
)
def test_wrong_usage_is_refused(here: Here, arguments: list[str]) -> None:
    assert here(ls, *arguments).code == 2


@pytest.mark.requirement("SEC-12")
def test_values_are_bound_never_spliced(here: Here, stored: dict[str, int]) -> None:
    for option in ("--source", "--type", "--object", "--error"):
        said = here(ls, option, "x' OR 1=1; DROP TABLE bursar.inbox; --*")
        assert (said.code, said.out) == (3, "")
    assert len(here(ls, "--json").objects) == 4


def test_a_database_that_is_down_is_said_so(bursar: Bursar) -> None:
    said = bursar("inbox", "ls", BURSAR_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert said.code == 69
    assert "error:" in said.err
    assert "effect:" in said.err
    assert "next:" in said.err


@pytest.fixture
def many(database: Database) -> psycopg.Connection[Any]:
    """Sixty thousand done events, and a few that are not, all of them old."""
    with database.connect() as connection:
        connection.execute(
            """INSERT INTO bursar.inbox (source, event_id, event_type, object_id, lane, queue, state, sha256, received_at,
                                         fair_at, next_at, done_at, error, fingerprint)
               SELECT 'stripe', 'evt_' || n, CASE WHEN n = 7 THEN 'rare.thing' ELSE 'invoice.paid' END, 'in_' || n / 10,
                      'l' || n, 'payments',
                      CASE WHEN dead THEN 'dead' ELSE 'done' END, decode(repeat('00', 32), 'hex'), at, at, at,
                      CASE WHEN dead THEN NULL ELSE at END, CASE WHEN dead THEN 'boom' END, CASE WHEN dead THEN 'f' END
               FROM (SELECT n, n %% 20000 = 5 AS dead, %(now)s + n * interval '1 second' AS at
                     FROM generate_series(0, 59999) AS n) AS made""",
            {"now": NOW},
        )
        connection.execute("ANALYZE bursar.inbox")
        return connection


def _read_rows(connection: Connection, wanted: Filter) -> tuple[list[int], int]:
    """The ids found, and how many table rows were looked at for them."""
    connection.exec_driver_sql("SELECT pg_stat_force_next_flush()")
    looked = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'inbox'"
    before = connection.exec_driver_sql(looked).scalar() or 0
    ids = [row.id for row in find(connection, wanted, 50).rows]
    return ids, (connection.exec_driver_sql(looked).scalar() or 0) - before


_QUESTIONS = [
    (Filter(), 50),
    (Filter(states=("dead",)), 3),
    (Filter(error="boom"), 3),
    (Filter(object="in_3"), 10),
    (Filter(states=("done",), source="stripe"), 50),
]


def test_common_questions_read_few_rows(many: object, database: Database) -> None:
    engine = make_engine(database.url, pooled=False)
    for wanted, count in _QUESTIONS:
        with engine.connect() as connection:
            ids, looked_at = _read_rows(connection, wanted)
        assert len(ids) == count
        assert ids == sorted(ids, reverse=True)
        assert looked_at <= 20_000 + 2_000, wanted
    engine.dispose()


def test_a_search_that_no_index_helps_is_bounded_and_can_be_continued(many: object, database: Database) -> None:
    engine = make_engine(database.url, pooled=False)
    with engine.connect() as connection:
        page = find(connection, Filter(type="rare.thing"), 50, budget_s=0)
        assert page.rows == []
        assert page.searched_to is not None
        rest = find(connection, Filter(type="rare.thing"), 50, before=page.searched_to)
        assert [row.event_id for row in rest.rows] == ["evt_7"]
        assert rest.searched_to is None
    engine.dispose()
