"""Commands for tests: submitted as the app does, and a source of commands that misbehave on demand (`billing.test.try.v1`)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, ClassVar

import psycopg

from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import COMMANDS, Command, Rejected
from models.customer import Customer
from providers.app.event_types import EVENT_TYPES
from providers.app.read_command import read_command
from tests.harness.cluster import Database
from tests.harness.probe import ProbeBugError
from workers import routes

NAME = "billing.test.attempt.v1"
assert NAME not in EVENT_TYPES, "the code's own commands are listed before this one is known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What a test's command tells."""

    note: str


def _known(kind: type[Command]) -> type[Command]:
    COMMANDS.pop(kind.NAME)  # known to the tests that ask for it only
    return kind


@_known
@dataclass(frozen=True, slots=True, kw_only=True)
class TryCommand(Command):
    """Does what `do` says: `ok`, `raise`, `reject`."""

    NAME: ClassVar[str] = NAME
    RESULT: ClassVar[type] = Attempt

    note: str
    do: str = "ok"
    customer_ref: str | None = None

    def references(self) -> Iterator[tuple[str, str, str]]:
        """A customer, made by this."""
        yield "customer", "probe", self.customer_ref or self.note


def _attempt(unit: UnitOfWork, command: TryCommand) -> Attempt:
    row = unit.row(Customer, "probe", command.customer_ref or command.note)
    row.name = command.note
    unit.audit("test.attempt", "customer", row.id, before=None, after={"note": command.note})
    if command.do == "raise":
        raise ProbeBugError(command.note)
    if command.do == "reject":
        raise Rejected("too_many", "there are too many of them", {"current": 7, "limit": 5})
    return Attempt(note=command.note)


def plug_in_commands(database: Database) -> None:
    """Make the tests' command known to this process and this database."""
    module = ModuleType("tasks.payments.app.test")
    module.facts, module.attempt = read_command, _attempt  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    COMMANDS[NAME] = TryCommand
    routes.ROUTES["app"][NAME] = "payments"
    with database.connect() as connection:
        connection.execute("INSERT INTO bursar.command_kind VALUES (%s, 'payments') ON CONFLICT DO NOTHING", [NAME])


def unplug_commands() -> None:
    """Forget it."""
    COMMANDS.pop(NAME, None)
    routes.ROUTES["app"].pop(NAME, None)
    sys.modules.pop("tasks.payments.app.test", None)


def client(database: Database, **options: Any) -> psycopg.Connection[Any]:
    """A connection with the right of the app's login and no other."""
    return psycopg.connect(database.url, options="-c role=bursar_client", **({"autocommit": True} | options))


def submit(
    connection: psycopg.Connection[Any],
    key: str,
    payload: dict[str, Any] | None = None,
    *,
    name: str = NAME,
    lane: str | None = None,
    actor: str | None = None,
) -> dict[str, Any]:
    """`bursar_api.submit`; without a payload the test's command notes its key."""
    told = json.dumps({"note": key} if payload is None else payload)
    row = connection.execute("SELECT bursar_api.submit(%s, %s::jsonb, %s, %s, %s)", [name, told, key, lane, actor]).fetchone()
    assert row is not None
    return dict(row[0])


def status(connection: psycopg.Connection[Any], key: str) -> dict[str, Any] | None:
    """`bursar_api.status`."""
    row = connection.execute("SELECT bursar_api.status(%s)", [key]).fetchone()
    assert row is not None
    return None if row[0] is None else dict(row[0])


def state(connection: psycopg.Connection[Any], key: str) -> str:
    """A command's state."""
    found = status(connection, key)
    assert found is not None
    return str(found["state"])


def notes(database: Database) -> list[str]:
    """What ran, in the order in which it ran."""
    with database.connect() as connection:
        rows = connection.execute("SELECT after ->> 'note' FROM bursar.audit WHERE action = 'test.attempt' ORDER BY id").fetchall()
    return [row[0] for row in rows]
