"""What operator commands need of the machine: settings, database, clock, keys, opened with errors that a person understands."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import Connection

from cli.trouble import USAGE, TroubleError
from core.clock import SystemClock
from core.settings import Settings, load
from models.database import make_engine
from workers.context import Context, make_context

_APPLICATION = "bursar-cli"


def settings() -> Settings:
    """The settings as the environment says now. What libraries log is left out: commands report themselves."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    return load()


def database_url() -> str:
    """The database that the settings name.

    Raises:
        TroubleError: they name none.
    """
    url = settings().database_url.get_secret_value()
    if not url:
        raise TroubleError(
            USAGE,
            "no database is named: BURSAR_DATABASE_URL is not set and no running copy was found",
            effect="nothing was read or changed",
            then="set BURSAR_DATABASE_URL, or start a copy with `python3 dev.py up` and name it with `bursar --home DIR ...`",
        )
    return url


@contextmanager
def reading() -> Iterator[Connection]:
    """A connection that can only read."""
    engine = make_engine(database_url(), application=_APPLICATION, pooled=False)
    with engine.connect() as connection:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        yield connection
    engine.dispose()


@contextmanager
def acting() -> Iterator[Context]:
    """All that a change needs, the audit's keys included.

    Raises:
        TroubleError: a needed setting is missing.
    """
    database_url()
    try:
        context = make_context(settings(), application=_APPLICATION, clock=SystemClock())
    except ValueError as error:
        raise TroubleError(
            USAGE,
            str(error),
            effect="nothing was changed",
            then="set it as the workers have it; the audit must be verifiable with one set of keys",
        ) from error
    try:
        yield context
    finally:
        context.engine.dispose()
