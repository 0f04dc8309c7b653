"""The ways to a Bursar that one and the same set of tests goes: the fake, each kind of SQL connection, HTTP."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from bursar_client import Bursar, HttpBursar, RawCommand, SqlBursar
from bursar_client.testing import FakeBursar
from tests.harness.cluster import Database
from tests.harness.environment import APP, APP_SECRET
from tests.webhooks_ingest.door import Door

NAME = "billing.test.note.v1"
"""A command's name that only these tests know."""
UNKNOWN = "billing.test.nobody_knows.v1"

KNOW = """INSERT INTO bursar.command_kind (name, queue) VALUES (%s, 'maintenance') ON CONFLICT DO NOTHING"""


def note(text: str = "hello", **more: Any) -> RawCommand:
    """A command of the tests."""
    return RawCommand(NAME, {"text": text, **more})


@dataclass(frozen=True)
class Stored:
    """A command as it was stored, wherever."""

    name: str
    key: str
    lane: str
    actor: str
    payload: Any


@dataclass(frozen=True)
class Way:
    """One way, and what lies at its end."""

    bursar: Bursar
    stored: Callable[[], list[Stored]]


def client_connection(database: Database, **options: Any) -> psycopg.Connection[Any]:
    """A connection that may do what the app's login may, and nothing else."""
    return psycopg.connect(database.url, options="-c role=bursar_client", **({"autocommit": True} | options))


def stored(database: Database) -> list[Stored]:
    """The commands in the inbox, oldest first."""
    with database.connect() as connection:
        rows = connection.execute(
            """SELECT i.event_type, i.event_id, i.lane, convert_from(p.body, 'UTF8')::jsonb FROM bursar.inbox i
               JOIN bursar.inbox_payload p ON p.inbox_id = i.id WHERE i.source = 'app' ORDER BY i.id"""
        ).fetchall()
    for name, _, lane, body in rows:
        assert (body["name"], f"app:{body['lane']}") == (name, lane)
    return [Stored(name, key, body["lane"], body["actor"], body["payload"]) for name, key, _, body in rows]


def http_bursar(door: Door, **options: Any) -> HttpBursar:
    """The HTTP way to a receiver."""
    given: dict[str, Any] = {"app": APP, "secret": APP_SECRET, "timeout_s": 60.0}
    return HttpBursar(f"http://127.0.0.1:{door.settings.receiver_port}", **(given | options))


@contextmanager
def _fake(_door: Door) -> Iterator[Way]:
    fake = FakeBursar(known=frozenset({NAME}))
    yield Way(fake, lambda: [Stored(one.name, one.key, one.lane, one.actor, one.payload) for one in fake.submitted])


@contextmanager
def _http(door: Door) -> Iterator[Way]:
    yield Way(http_bursar(door), lambda: stored(door.database))


@contextmanager
def _psycopg(door: Door) -> Iterator[Way]:
    with client_connection(door.database) as connection:
        yield Way(SqlBursar(connection), lambda: stored(door.database))


@contextmanager
def _cursor(door: Door) -> Iterator[Way]:
    with client_connection(door.database, row_factory=dict_row) as connection, connection.cursor() as cursor:
        yield Way(SqlBursar(cursor), lambda: stored(door.database))


@contextmanager
def _sqlalchemy(door: Door) -> Iterator[Way]:
    engine = create_engine("postgresql+psycopg://", creator=lambda: client_connection(door.database))
    with engine.connect() as connection:
        yield Way(SqlBursar(connection), lambda: stored(door.database))
    engine.dispose()


@contextmanager
def _session(door: Door) -> Iterator[Way]:
    engine = create_engine("postgresql+psycopg://", creator=lambda: client_connection(door.database))
    with Session(engine) as session:
        yield Way(SqlBursar(session), lambda: stored(door.database))
    engine.dispose()


@contextmanager
def _django(door: Door) -> Iterator[Way]:
    """Django's own connection."""
    django = importlib.import_module("django")
    settings, utils = importlib.import_module("django.conf").settings, importlib.import_module("django.db.utils")
    if not settings.configured:
        settings.configure(USE_TZ=True)
        django.setup()
    place = psycopg.conninfo.conninfo_to_dict(door.database.url)
    handler = utils.ConnectionHandler(
        {"default": {
            "ENGINE": "django.db.backends.postgresql", "NAME": place["dbname"], "USER": place["user"],
            "PASSWORD": place.get("password", ""), "HOST": place["host"], "PORT": str(place["port"]),
            "OPTIONS": {"options": "-c role=bursar_client"},
        }}
    )  # fmt: skip
    yield Way(SqlBursar(handler["default"]), lambda: stored(door.database))
    handler.close_all()


@contextmanager
def _psycopg2(door: Door) -> Iterator[Way]:
    """The older driver."""
    connection = importlib.import_module("psycopg2").connect(door.database.url, options="-c role=bursar_client")
    connection.autocommit = True
    yield Way(SqlBursar(connection), lambda: stored(door.database))
    connection.close()


WAYS = {
    "fake": _fake, "http": _http, "psycopg": _psycopg, "cursor": _cursor, "sqlalchemy": _sqlalchemy, "session": _session,
}  # fmt: skip
GUESTS = {"django": _django, "psycopg2": _psycopg2}
"""Ways that are gone where their package is installed; they are none of the project's tools."""
WAYS |= {name: way for name, way in GUESTS.items() if importlib.util.find_spec(name)}
IN_PARALLEL = ("fake", "http")
"""Those that several threads may use at once."""


def worker_name() -> str:
    """This parallel test worker's."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")
