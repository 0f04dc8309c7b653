"""Errors of the command line, and what an expected failure looks like: cause, effect, next step, an exit code; never a traceback.

0 ok · 1 problems found · 2 wrong usage · 3 nothing matched · 69 a service is out of reach · 77 not permitted
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click
import psycopg
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from core.redaction import scrub

OK, PROBLEMS, USAGE, NOTHING, UNAVAILABLE, FORBIDDEN = 0, 1, 2, 3, 69, 77


class TroubleError(click.ClickException):
    """An expected failure. `effect` says what it means for events, data or money; `then` what to do next."""

    def __init__(self, code: int, cause: str, *, effect: str, then: str) -> None:
        super().__init__(cause)
        self.exit_code = code  # type: ignore[misc]  # click reads it from the instance as well
        self.effect = effect
        self.then = then

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the three lines to standard error."""
        for name, text in (("error", self.message), ("effect", self.effect), ("next", self.then)):
            click.echo(f"{name}: {scrub(text)}", file=file, err=file is None)


def nothing(what: str, then: str) -> TroubleError:
    """Nothing matched."""
    return TroubleError(NOTHING, what, effect="nothing was changed", then=then)


@contextmanager
def expected_errors() -> Iterator[None]:
    """Turn what may go wrong outside of this program into a TroubleError; a bug of ours stays a traceback."""
    try:
        yield
    except ValidationError as error:
        raise _settings(error) from error
    except DBAPIError as error:
        raise _database(error.orig if isinstance(error.orig, psycopg.Error) else error) from error
    except psycopg.Error as error:
        raise _database(error) from error


def _settings(error: ValidationError) -> TroubleError:
    said = "; ".join(
        f"BURSAR_{'_'.join(str(part) for part in line['loc'][:1]).upper()}: {line['msg']}" for line in error.errors()
    )
    return TroubleError(
        USAGE,
        f"a setting does not fit: {said}",
        effect="nothing was read or changed",
        then="correct the environment variable and run the command again",
    )


def _database(error: BaseException) -> TroubleError:
    said = " ".join(str(error).split())[:300]
    if isinstance(
        error, (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.InvalidSchemaName)
    ):
        return TroubleError(
            UNAVAILABLE,
            f"the database lacks a part of the schema: {said}",
            effect="nothing was changed",
            then="run `bursar migrate`, then `bursar doctor`",
        )
    if isinstance(error, psycopg.errors.QueryCanceled):
        return TroubleError(
            UNAVAILABLE,
            f"the query took too long and was stopped: {said}",
            effect="nothing was changed",
            then="narrow it down: --since, --object, --state or an id",
        )
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return TroubleError(
            UNAVAILABLE,
            f"another process holds the rows: {said}",
            effect="nothing was changed by the part that failed",
            then="run the command again in a moment",
        )
    if isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError, DBAPIError)):
        return TroubleError(
            UNAVAILABLE,
            f"the database cannot be reached: {said}",
            effect="nothing was changed; the receiver answers 503 meanwhile and the providers repeat their events",
            then="start it, or correct BURSAR_DATABASE_URL; `bursar doctor` says more",
        )
    return TroubleError(
        UNAVAILABLE,
        f"the database refused: {said}",
        effect="the transaction was rolled back",
        then="`bursar doctor` checks schema and rights; if they are right, report this as a bug",
    )
