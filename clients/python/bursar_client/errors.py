"""One set of errors for all ways to Bursar, so that an app can change the way and keep its `except` clauses.

Each has Bursar's `code`, a `message` for people, and `details`. None of them means that money moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class BursarError(Exception):
    """The base of all errors of this package."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.details: dict[str, Any] = dict(details or {})

    def __str__(self) -> str:
        """Code and message in one line."""
        return f"{self.code}: {self.message}"


class InvalidCommand(BursarError):  # noqa: N818 - the words of the contract; they are read in `except` clauses
    """Bursar does not take such a command: its key, lane, size or form. A bug of the sender; nothing was stored."""

    code = "invalid_command"


class UnknownCommand(BursarError):  # noqa: N818
    """This Bursar knows no command of that name: it is older than the client, or the name is wrong. Nothing was stored."""

    code = "unknown_command"


class IdempotencyConflict(BursarError):  # noqa: N818
    """The key belongs to another command. The first one stands; this one was not stored.

    Either the key is not specific enough (two intentions share it), or the command was made again from changed data.
    """

    code = "idempotency_conflict"


class Unauthorized(BursarError):  # noqa: N818
    """The signature was not believed (key, app name, clock), or the database login may not call `bursar_api`."""

    code = "unauthorized"


class Unavailable(BursarError):  # noqa: N818
    """No answer that says it is stored. It may be stored all the same: submit again, with the same key."""

    code = "unavailable"


class StatusUnknown(BursarError):  # noqa: N818
    """This way cannot ask for a status (Celery has none): give it another one as `status_from`."""

    code = "status_unknown"


class NotFinished(BursarError):  # noqa: N818
    """`wait` gave up waiting. The command is still there and will run; nothing needs to be sent again."""

    code = "not_finished"


class CommandRejected(BursarError):  # noqa: N818
    """Bursar refused for a business reason, for good and without any effect; code, message and details say why."""

    code = "rejected"


class CommandFailed(BursarError):  # noqa: N818
    """It failed after all retries. Bursar's operators see it and can run it again; do not send it under a new key."""

    code = "failed"


REFUSALS: dict[str, type[BursarError]] = {
    kind.code: kind for kind in (InvalidCommand, UnknownCommand, IdempotencyConflict, Unauthorized, Unavailable)
}
"""Code of a refusal at the door -> its class."""
