"""Commands inside the app's own transaction: they exist if it commits, and never did if it rolls back.

Works with what the app has: a psycopg (3 or 2) connection or cursor, an SQLAlchemy Session or Connection, Django's
`connection`. All it needs is the right to call `bursar_api`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from bursar_client.bursar import Bursar, Envelope
from bursar_client.errors import REFUSALS, BursarError, Unauthorized, Unavailable
from bursar_client.status import Status, read_status

# As text, because what drivers make of jsonb differs.
_SUBMIT = (
    "SELECT bursar_api.submit(%(name)s::text, %(payload)s::jsonb, %(key)s::text, %(lane)s::text, %(actor)s::text)::text AS answer"
)
_STATUS = "SELECT bursar_api.status(%(key)s::text)::text AS answer"
_CODE_OF = {"BU400": "invalid_command", "BU404": "unknown_command", "BU409": "idempotency_conflict", "42501": "unauthorized"}
_NOT_INSTALLED = ("3F000", "42883")
_CONNECTION = ("08", "57P", "53")
"""Connection lost, server shutting down, too many connections."""
_NO_ANSWER = frozenset({"OperationalError", "InterfaceError"})

Ask = Callable[[str, Mapping[str, Any]], Any]


class SqlBursar(Bursar):
    """Bursar through an SQL connection; make one wherever a connection is at hand, it costs nothing.

    An error of `submit` aborts the transaction, as every SQL error does. Who wants to go on after one puts a savepoint
    around it: psycopg's `connection.transaction()`, SQLAlchemy's `begin_nested()`, Django's `atomic()`. Errors that concern
    the transaction and not the command (a deadlock, a serialization failure) come through as the driver raises them.
    """

    def __init__(self, connection: object) -> None:
        """Raises TypeError when it is nothing that can run SQL."""
        self._ask = _asker(connection)

    def status(self, key: str) -> Status | None:
        """As `Bursar.status`; a command submitted in this transaction is seen too."""
        answer = self._run(_STATUS, {"key": key})
        return None if answer is None else read_status(json.loads(answer))

    def _submit(self, envelope: Envelope) -> Status:
        fields = ("name", "payload", "key", "lane", "actor")
        answer = self._run(_SUBMIT, {name: getattr(envelope, name) for name in fields})
        return read_status(json.loads(answer))

    def _run(self, statement: str, values: Mapping[str, Any]) -> Any:
        try:
            return self._ask(statement, values)
        except Exception as error:
            told = _understood(error)
            if told is None:
                raise
            raise told from error


def _asker(connection: Any) -> Ask:
    """How to run a statement on it and get the one value of its one row."""
    if hasattr(connection, "exec_driver_sql"):
        return lambda sql, values: connection.exec_driver_sql(sql, dict(values)).scalar_one()
    if hasattr(connection, "execute") and hasattr(connection, "fetchone"):
        return lambda sql, values: _through_cursor(connection, sql, values)
    if callable(getattr(connection, "cursor", None)):
        return lambda sql, values: _through_connection(connection, sql, values)
    if callable(getattr(connection, "connection", None)):  # an SQLAlchemy Session, or a scoped one
        return lambda sql, values: connection.connection().exec_driver_sql(sql, dict(values)).scalar_one()
    raise TypeError(
        f"{type(connection).__name__} can run no SQL: give a psycopg connection or cursor, an SQLAlchemy Session or "
        "Connection, or Django's connection"
    )


def _through_connection(connection: Any, statement: str, values: Mapping[str, Any]) -> Any:
    with connection.cursor() as cursor:
        return _through_cursor(cursor, statement, values)


def _through_cursor(cursor: Any, statement: str, values: Mapping[str, Any]) -> Any:
    cursor.execute(statement, dict(values))
    row = cursor.fetchone()
    return row["answer"] if isinstance(row, Mapping) else row[0]


def _understood(error: BaseException) -> BursarError | None:
    """The error in our words; None when it is none of ours."""
    driver = _drivers(error)
    diagnosis = getattr(driver, "diag", None)
    state = getattr(driver, "sqlstate", None) or getattr(driver, "pgcode", None)
    message = getattr(diagnosis, "message_primary", None) or str(driver)
    if state in _CODE_OF:
        code = _CODE_OF[state]
        told = {"detail": getattr(diagnosis, "message_detail", None), "hint": getattr(diagnosis, "message_hint", None)}
        details = {name: text for name, text in told.items() if text}
        return REFUSALS[code](message.removeprefix(f"{code}: "), details=details)
    if state in _NOT_INSTALLED and "bursar_api" in message:
        return Unauthorized(f"this database has no bursar_api, or it is not on offer here: {message}")
    if state is not None and state.startswith(("22", "54")):
        return REFUSALS["invalid_command"](message)
    lost = state is None and type(driver).__name__ in _NO_ANSWER
    if lost or (state is not None and state.startswith(_CONNECTION)):
        return Unavailable(f"the database does not answer: {message}")
    return None


def _drivers(error: BaseException) -> BaseException:
    """The driver's own error, out of SQLAlchemy's or Django's wrapping."""
    inner = getattr(error, "orig", None) or error.__cause__
    return inner if isinstance(inner, BaseException) and hasattr(inner, "diag") else error
