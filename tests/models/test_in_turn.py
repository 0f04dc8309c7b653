"""Statements that go to the server together are carried out one after the other, and break as if each had gone alone."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from models import prepared
from models.database import connect, make_engine
from models.preparing import Blocking, Preparing
from models.statements import BINARY, Statement, ask_in_turn
from models.together import send_in_turn
from tests.harness.cluster import Database

_ADD = "INSERT INTO bursar.heartbeat (name, beat_at) VALUES (%(name)s, '2026-03-01')"
_COUNT = Statement("SELECT count(*) FROM bursar.heartbeat", {})


@pytest.fixture(params=[Preparing, Blocking], ids=["of a worker", "of a play"])
def engine(database: Database, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Of both kinds of connections."""
    made = make_engine(database.url, kind=request.param)
    yield made
    made.dispose()


def test_each_sees_what_those_before_it_have_done(engine: Engine) -> None:
    for number in range(4):  # as they are, when they are prepared, and prepared
        with engine.begin() as connection:
            asked = [_COUNT, Statement(_ADD, {"name": f"n{number}"}), _COUNT, Statement("SELECT %(b)s::bytea", {"b": b"\x00x"}, BINARY)]
            before, added, after, binary = ask_in_turn(connection, asked)
            assert (before.scalar(), added.rowcount, after.scalar(), binary.scalar()) == (number, 1, number + 1, b"\x00x")
            assert connection.exec_driver_sql("SELECT 1").scalar() == 1


def test_the_first_that_fails_is_what_is_told_and_nothing_stays(engine: Engine) -> None:
    for _ in range(3):
        with pytest.raises(IntegrityError, match="not-null") as refused:
            _second_fails(engine)
        assert not refused.value.connection_invalidated
        with engine.begin() as connection:
            assert connection.exec_driver_sql(_COUNT.text).scalar() == 0


def _second_fails(engine: Engine) -> None:
    with engine.begin() as connection:
        found = ask_in_turn(connection, [Statement(_ADD, {"name": "a"}), Statement(_ADD, {"name": None}), _COUNT])
        assert next(found).rowcount == 1
        next(found)


def test_what_is_wrong_with_an_earlier_result_is_told_before_a_later_failure(engine: Engine) -> None:
    """A new row that is somebody else's, too, makes what refers to it fail: the cause is told, not its consequence."""

    def taken(result: Any) -> None:
        raise LookupError(result.rowcount)

    with pytest.raises(LookupError, match="1"), engine.begin() as connection:
        send_in_turn(connection, [Statement(_ADD, {"name": "a"}, then=taken), Statement(_ADD, {"name": None})])


def test_what_could_not_be_prepared_is_prepared_anew(engine: Engine, database: Database) -> None:
    asked = [_COUNT, Statement("SELECT * FROM bursar.not_yet", {})]
    with engine.connect() as connection:
        for _ in range(3):
            with pytest.raises(ProgrammingError, match="not_yet"):
                list(ask_in_turn(connection, asked))
            connection.rollback()
        with database.connect() as owner:
            owner.execute("CREATE TABLE bursar.not_yet (a int); GRANT SELECT ON bursar.not_yet TO bursar_app")
        for _ in range(3):
            assert [len(result.all()) for result in ask_in_turn(connection, asked)] == [1, 0]
            connection.rollback()


def test_no_more_are_kept_than_one_connection_may_have(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "_MOST", 3)
    with engine.connect() as connection:
        for number in range(12):
            for _ in range(3):
                asked = [Statement(f"SELECT {number}", {}), Statement(f"SELECT {number + 1}", {})]
                assert [result.scalar() for result in ask_in_turn(connection, asked)] == [number, number + 1]
        kept = "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'bursar%%'"
        assert connection.exec_driver_sql(kept).scalar() == 3


def test_a_server_that_goes_says_why(engine: Engine, database: Database) -> None:
    with pytest.raises(DBAPIError) as gone:
        _ended(engine, database)
    assert isinstance(gone.value.orig, psycopg.errors.AdminShutdown)
    assert gone.value.connection_invalidated
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1


def _ended(engine: Engine, database: Database) -> None:
    with engine.begin() as connection:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        with psycopg.connect(database.url, autocommit=True) as owner:
            owner.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        list(ask_in_turn(connection, [_COUNT, _COUNT]))


def test_what_is_more_than_the_socket_takes_arrives(engine: Engine) -> None:
    much = "\u20ac" * 4_000_000
    with engine.begin() as connection:
        asked = [Statement("SELECT %(much)s::text", {"much": much})] * 3
        assert [result.scalar() == much for result in ask_in_turn(connection, asked)] == [True] * 3


def test_who_listens_hears_each(engine: Engine) -> None:
    heard: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: heard.append(args[2]))
    with engine.begin() as connection:
        list(ask_in_turn(connection, [_COUNT, _COUNT]))
    assert heard == [_COUNT.text] * 2


def test_whenever_a_time_limit_strikes_the_connection_goes_on(database: Database) -> None:
    """Or it is closed, where it struck in the middle of sending."""

    def strike(*_: Any) -> None:
        raise InterruptedError("the time is over")

    def made() -> Preparing:
        connection = connect(database.url, "bursar_app", kind=Preparing)
        assert isinstance(connection, Preparing)
        return connection

    before, struck, connection = signal.signal(signal.SIGALRM, strike), 0, made()
    try:
        for number in range(600):
            asked: list[tuple[bytes, list[Any], bool]] = [(b"SELECT %d" % (number % 50), [], False), (b"SELECT 'and then'", [], False)]
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.000_002 * (number % 150 + 1))
                for _ in range(3):
                    connection.ask_all(asked)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except InterruptedError:
                struck += 1
            if connection.closed:
                connection = made()
            connection.rollback()
            assert [answer.get_value(0, 0) for answer in connection.ask_all(asked)] == [b"%d" % (number % 50), b"and then"]
            connection.rollback()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        connection.close()
    assert struck > 100
