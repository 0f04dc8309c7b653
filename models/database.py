"""How a process connects to PostgreSQL: one role, fixed search path, time-outs that end what hangs (RELIABILITY 4.2).

A dead client's statement would hold its row locks until it ends; `client_connection_check_interval` ends it in 2 s.
"""

from __future__ import annotations

from typing import Literal

import msgspec
import psycopg
from psycopg.types.json import set_json_loads
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import NullPool

from models.lists import QuickLists
from models.preparing import Preparing
from models.statements import QuickConnection

# For all connections of the process: rows carry JSON columns by the dozen, and this reads them in a fifth of the time.
set_json_loads(msgspec.json.decode)
psycopg.adapters.register_dumper(list, QuickLists)

Role = Literal["bursar_recv", "bursar_app", "bursar_maintenance"]

_TIMEOUTS = {"bursar_recv": (3_000, 1_000), "bursar_app": (18_000, 5_000), "bursar_maintenance": (600_000, 5_000)}
"""Role -> (statement_timeout, lock_timeout), milliseconds; the workers' lies below the soft task limit of 20 s."""


def connect_options(role: Role) -> str:
    """The libpq `options` of a connection that acts in `role`."""
    statement_ms, lock_ms = _TIMEOUTS[role]
    settings = {
        "role": role,
        "search_path": "bursar,pg_catalog",
        "TimeZone": "UTC",
        "synchronous_commit": "on",
        "statement_timeout": statement_ms,
        "lock_timeout": lock_ms,
        "idle_in_transaction_session_timeout": 60_000,
        "client_connection_check_interval": 2_000,
        "jit": "off",
    }
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def connect(
    url: str, role: Role, *, autocommit: bool = False, application: str = "bursar", kind: type[psycopg.Connection] = psycopg.Connection
) -> psycopg.Connection:
    """A psycopg connection in `role`.

    Raises:
        psycopg.OperationalError: the database cannot be reached within 3 s, or the login is not a member of the role.
    """
    return kind.connect(
        url,
        options=connect_options(role),
        autocommit=autocommit,
        application_name=application,
        connect_timeout=3,
        keepalives_idle=30,
        keepalives_interval=10,
        keepalives_count=3,
    )


def make_engine(
    url: str, role: Role = "bursar_app", *, application: str = "bursar", pooled: bool = True, alone: bool = False,
    kind: type[Preparing] = Preparing,
) -> Engine:  # fmt: skip
    """An SQLAlchemy engine over `connect`; a process of the prefork pool uses one connection at a time.

    Args:
        url: of the database.
        role: in which its connections act.
        application: as the server shows them.
        pooled: whether connections are kept.
        alone: a simulation's, whose server is its own: connections are not tried before use.
        kind: of its connections.
    """
    options = (
        {"pool_size": 1, "max_overflow": 20, "pool_pre_ping": not alone, "pool_recycle": 1800}
        if pooled
        else {"poolclass": NullPool}
    )
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: connect(url, role, application=application, kind=kind),
        # The text of an error goes to the row, the log and Sentry; a statement's parameters are customers' data.
        hide_parameters=True,
        **options,
    )
    engine._connection_cls = QuickConnection  # there is no other way to say which class
    return engine
