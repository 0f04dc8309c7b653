"""One key is one command, whichever way it comes; what is submitted in a transaction shares its fate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from celery import Celery
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from bursar_client import IdempotencyConflict, SqlBursar, StatusUnknown, Unauthorized, Unavailable
from bursar_client.over_celery import CeleryBursar
from tests.clients.ways import NAME, client_connection, http_bursar, note, stored
from tests.harness.environment import APP, APP_SECRET
from tests.harness.ports import free_range
from tests.harness.processes import Processes
from tests.harness.waiting import wait_until
from tests.webhooks_ingest.door import Door


@pytest.fixture
def celery(door: Door) -> Iterator[Celery]:
    """The app's own Celery app."""
    app = Celery("shop", broker=door.database.broker_url, set_as_current=False)
    yield app
    app.close()


def _celery_way(celery: Celery, **options: Any) -> CeleryBursar:
    return CeleryBursar(celery, **({"app": APP, "secret": APP_SECRET} | options))


@pytest.mark.requirement("INBOX-2")
def test_one_key_is_one_command_whichever_way_it_comes(door: Door, celery: Celery, processes: Processes) -> None:
    http = http_bursar(door)
    broker = _celery_way(celery, status_from=http)
    worker = processes.bursar("worker", "maintenance", settings=door.database.settings())
    with client_connection(door.database) as connection:
        sql = SqlBursar(connection)
        assert [sql.submit(note(), key="k1").new, http.submit(note(), key="k1").new] == [True, False]
        broker.submit(note(), key="k1")
        for way in (sql, http):
            with pytest.raises(IdempotencyConflict):
                way.submit(note("other"), key="k1")
        broker.submit(note("other"), key="k1")
        worker.wait_output("command_conflict")
        # And the other way round: first by Celery.
        broker.submit(note(), key="k2")
        wait_until(lambda: broker.status("k2"), what="the command that came by Celery")
        assert [sql.submit(note(), key="k2").new, http.submit(note(), key="k2").new] == [False, False]
    assert [one.key for one in stored(door.database)] == ["k1", "k2"]


def test_celery_alone_tells_no_states(celery: Celery) -> None:
    with pytest.raises(StatusUnknown):
        _celery_way(celery).status("k1")


def test_a_broker_that_is_away_is_said(door: Door) -> None:
    app = Celery("shop", broker=f"redis://127.0.0.1:{free_range()}/0", set_as_current=False)
    app.conf.update(broker_transport_options={"max_retries": 0, "socket_connect_timeout": 0.5})
    with pytest.raises(Unavailable):
        _celery_way(app, retry=False).submit(note(), key="k1")
    app.close()


@pytest.mark.requirement("INBOX-16")
def test_exactly_what_is_committed_exists(door: Door) -> None:
    """The app's own row and the command live or die together."""
    with door.database.connect() as owner:
        owner.execute("CREATE TABLE IF NOT EXISTS public.orders (id int)")
        owner.execute("GRANT ALL ON public.orders TO bursar_client")
    for number in range(10):
        with client_connection(door.database, autocommit=False) as connection:
            connection.execute("INSERT INTO public.orders VALUES (%s)", [number])
            SqlBursar(connection).submit(note(), key=f"order:{number}")
            connection.commit() if number % 2 else connection.rollback()
    engine = create_engine("postgresql+psycopg://", creator=lambda: client_connection(door.database, autocommit=False))
    for number in range(10, 20):
        with Session(engine) as session:
            session.execute(text("INSERT INTO public.orders VALUES (:id)"), {"id": number})
            SqlBursar(session).submit(note(), key=f"order:{number}")
            session.commit() if number % 2 else session.rollback()
    engine.dispose()
    with door.database.connect() as owner:
        orders = [row[0] for row in owner.execute("SELECT id FROM public.orders ORDER BY id")]
    assert [one.key for one in stored(door.database)] == [f"order:{number}" for number in orders]
    assert orders == list(range(1, 20, 2))


def test_after_a_refusal_a_savepoint_saves_the_transaction(door: Door) -> None:
    with client_connection(door.database, autocommit=False) as connection:
        bursar = SqlBursar(connection)
        bursar.submit(note(), key="k1")
        with pytest.raises(IdempotencyConflict), connection.transaction():
            bursar.submit(note("other"), key="k1")
        bursar.submit(note(), key="k2")
        connection.commit()
    assert [one.key for one in stored(door.database)] == ["k1", "k2"]


def test_errors_of_the_transaction_come_as_the_driver_raises_them(door: Door) -> None:
    with client_connection(door.database, autocommit=False) as late:
        late.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        assert SqlBursar(late).status("k1") is None
        with client_connection(door.database) as other:
            SqlBursar(other).submit(note(), key="k1")
        with pytest.raises(psycopg.errors.SerializationFailure):
            SqlBursar(late).submit(note(), key="k1")
        late.rollback()
        assert SqlBursar(late).submit(note(), key="k1").new is False


def test_what_a_login_may_not_and_a_server_that_goes(door: Door) -> None:
    with door.database.connect() as owner:
        owner.execute("DO $$ BEGIN CREATE ROLE nobody_of_ours NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    elsewhere = door.database.url.rsplit("/", 1)[0] + "/postgres"
    with psycopg.connect(door.database.url, options="-c role=nobody_of_ours") as connection, pytest.raises(Unauthorized):
        SqlBursar(connection).submit(note(), key="k1")
    with psycopg.connect(elsewhere) as connection, pytest.raises(Unauthorized, match="no bursar_api"):
        SqlBursar(connection).submit(note(), key="k1")
    with client_connection(door.database) as connection, door.database.connect() as owner:
        owner.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
        with pytest.raises(Unavailable):
            SqlBursar(connection).submit(note(), key="k1")
        with pytest.raises(Unavailable):
            SqlBursar(connection).status("k1")
    with pytest.raises(TypeError, match="can run no SQL"):
        SqlBursar(object())
    assert NAME not in [one.name for one in stored(door.database)]
