"""Statements by the short way say, refuse and break as SQLAlchemy's own do; what was prepared survives a rollback and a migration."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError, NotSupportedError, OperationalError, ProgrammingError

from models import prepared
from models.database import connect, make_engine
from models.statements import BINARY
from tests.harness.cluster import Database

AT = datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)


@pytest.fixture
def engines(database: Database) -> Iterator[tuple[Engine, Engine]]:
    """The short way, and SQLAlchemy's."""
    both = make_engine(database.url), create_engine("postgresql+psycopg://", creator=lambda: connect(database.url, "bursar_app"))
    yield both
    for one in both:
        one.dispose()


def test_values_go_and_come_as_by_sqlalchemy(engines: tuple[Engine, Engine]) -> None:
    bound: dict[str, Any] = {
        "text": "a %s 'quoted' \u20ac", "number": 2**40, "at": AT, "id": uuid4(), "none": None, "yes": True, "list": ["a", None, "b,c"],
        "numbers": [1, 2], "bytes": bytes(range(256)), "wait": timedelta(days=1, seconds=2), "empty": [],
    }  # fmt: skip
    asked = """SELECT %(text)s::text AS text, %(number)s AS number, %(at)s AS at, %(id)s AS id, %(none)s::int AS none, %(yes)s AS yes,
                      %(list)s::text[] AS list, %(numbers)s::bigint[] AS numbers, %(bytes)s::bytea AS bytes, %(wait)s AS wait,
                      %(empty)s::text[] AS empty, '{"a": [1.50]}'::jsonb AS json, 7 %% 4 AS rest, %(number)s + 1 AS again"""
    told = []
    for engine in engines:
        with engine.begin() as connection:
            for _ in range(4):  # first as it is, then prepared
                rows = connection.exec_driver_sql(asked, bound).mappings().all()
            told.append([dict(row) for row in rows])
            one = connection.exec_driver_sql("SELECT 1 AS a, 2 AS b UNION ALL SELECT 3, 4").all()
            assert [(row.a, row.b) for row in one] == [(1, 2), (3, 4)]
            assert connection.exec_driver_sql("SELECT n FROM generate_series(1, %(n)s) AS n", {"n": 3}).scalars().all() == [1, 2, 3]
            assert connection.exec_driver_sql("SELECT 1 WHERE false").one_or_none() is None
            assert connection.exec_driver_sql("SELECT %(b)s::bytea", {"b": b"\x00"}, BINARY).scalar() == b"\x00"
    assert told[0] == told[1]
    assert told[0][0]["list"] == ["a", None, "b,c"]


def test_counts_and_refusals_are_sqlalchemys(engines: tuple[Engine, Engine]) -> None:
    for engine in engines:
        with engine.begin() as connection:
            made = "INSERT INTO bursar.heartbeat (name, beat_at) VALUES (%(name)s, %(at)s) ON CONFLICT (name) DO NOTHING"
            counts = [connection.exec_driver_sql(made, {"name": str(id(engine)), "at": AT}).rowcount for _ in range(2)]
        assert counts == [1, 0]
        for wrong, kind in (
            ("SELECT nothing_there", ProgrammingError), ("SELECT pg_sleep(%(s)s)", OperationalError),
            ("INSERT INTO bursar.heartbeat (name, beat_at) VALUES (NULL, NULL)", IntegrityError),
        ):  # fmt: skip
            with pytest.raises(kind) as raised:
                _hurried(engine, wrong)
            assert isinstance(raised.value.orig, psycopg.Error)
            assert not raised.value.connection_invalidated


def test_a_connection_that_the_server_ended_is_not_used_again(engines: tuple[Engine, Engine], database: Database) -> None:
    quick, _ = engines
    with pytest.raises(DBAPIError) as raised:
        _ended(quick, database)
    assert raised.value.connection_invalidated
    with quick.begin() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1


def _hurried(engine: Engine, wrong: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL statement_timeout = 10")
        connection.exec_driver_sql(wrong, {"s": 5})


def _ended(engine: Engine, database: Database) -> None:
    with engine.begin() as connection:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        with psycopg.connect(database.url, autocommit=True) as owner:
            owner.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        connection.exec_driver_sql("SELECT 1")


def test_what_was_prepared_outlives_a_rollback_and_is_forgotten_when_a_table_changed(
    engines: tuple[Engine, Engine], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared, "_MOST", 3)
    quick, _ = engines
    names = "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'bursar%%'"
    with psycopg.connect(database.url, autocommit=True) as owner, quick.connect() as connection:
        owner.execute("CREATE TABLE bursar.changing (a int); GRANT SELECT ON bursar.changing TO bursar_app")
        for _ in range(3):
            assert connection.exec_driver_sql("SELECT * FROM bursar.changing").all() == []
            connection.rollback()
        for number in range(9):  # no more of them are kept than that
            for _ in range(3):
                connection.exec_driver_sql(f"SELECT {number}")
        assert connection.exec_driver_sql(names).scalar() == 3
        for _ in range(3):
            connection.exec_driver_sql("SELECT * FROM bursar.changing")
        connection.rollback()
        owner.execute("ALTER TABLE bursar.changing ADD COLUMN b int; INSERT INTO bursar.changing VALUES (1, 2)")
        with pytest.raises(NotSupportedError):
            connection.exec_driver_sql("SELECT * FROM bursar.changing")
        connection.rollback()
        assert connection.exec_driver_sql("SELECT * FROM bursar.changing").one().b == 2


def test_who_listens_hears_each_statement(engines: tuple[Engine, Engine]) -> None:
    quick, _ = engines
    heard: list[str] = []
    event.listen(quick, "before_cursor_execute", lambda *said: heard.append(said[2]))
    with quick.begin() as connection:
        connection.exec_driver_sql("SELECT 1")
    assert heard == ["SELECT 1"]


def test_what_goes_sqlalchemys_way_takes_nothing_prepared_away(engines: tuple[Engine, Engine]) -> None:
    quick, _ = engines
    with quick.connect() as connection:
        for _ in range(8):  # psycopg itself would prepare it, and give up all that is prepared at the rollback
            assert connection.exec_driver_sql("SELECT 1").scalar() == 1
            assert connection.execute(text("SELECT 2")).scalar() == 2
            connection.rollback()


def test_a_statement_that_is_interrupted_ends_and_the_connection_goes_on(engines: tuple[Engine, Engine]) -> None:
    def strike(*_: Any) -> None:
        raise InterruptedError("the time is over")

    quick, _ = engines
    before = signal.signal(signal.SIGALRM, strike)
    try:
        for _ in range(3):  # as it is, when it is prepared, and prepared
            with quick.connect() as connection:
                signal.setitimer(signal.ITIMER_REAL, 0.2)
                with pytest.raises(InterruptedError):
                    connection.exec_driver_sql("SELECT pg_sleep(%(s)s)", {"s": 60})
                connection.rollback()
                assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    finally:
        signal.signal(signal.SIGALRM, before)


def test_what_is_more_than_the_socket_takes_arrives(engines: tuple[Engine, Engine]) -> None:
    quick, _ = engines
    much = "\u20ac" * 8_000_000
    with quick.begin() as connection:
        assert connection.exec_driver_sql("SELECT %(much)s::text", {"much": much}).scalar() == much


def test_lists_arrive_as_they_are(engines: tuple[Engine, Engine]) -> None:
    lists: dict[str, list[list[Any]]] = {
        "text": [["a"], ["", "b c", "NULL", "{}", ","], ['"', 'a","b'], ["\\", "a"], [None, "a"], [None, 'b"'], ["\\", None], [],
                 ["\u20ac", "\n"], [["a"], ["d"]]],
        "bigint": [[1], [-1, 0, 2**31, 2**63 - 1], [None, 1]], "boolean": [[True, False]], "timestamptz": [[AT]], "bytea": [[b'\x00"\\']],
    }  # fmt: skip
    quick, _ = engines
    with quick.begin() as connection:
        for kind, all_said in lists.items():
            for said in all_said:
                assert connection.exec_driver_sql(f"SELECT %(said)s::{kind}[]", {"said": said}).scalar() == said
        with pytest.raises(DBAPIError, match="NUL"):
            connection.exec_driver_sql("SELECT %(said)s::text[]", {"said": ["a", "b\0"]})
