"""What the stand-in refuses, in Stripe's words: type, code, parameter and HTTP status as its page on errors has them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class Problem(Exception):  # noqa: N818 - it is answered, not raised out of the server
    """A refusal. `stored`: kept under the idempotency key, because the work had begun (Stripe's page on idempotent requests)."""

    def __init__(
        self, message: str, *, status: int = 400, type: str = "invalid_request_error", code: str | None = None,  # noqa: A002
        param: str | None = None, stored: bool = False, extra: Json | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.status = status
        self.stored = stored
        said = {"code": code, "message": message, "param": param, "type": type, **(extra or {})}
        self.error = {name: value for name, value in said.items() if value is not None}


def wrong(message: str, param: str | None = None, code: str | None = None) -> Problem:
    """A parameter that cannot be: validation, so nothing is kept under the key."""
    return Problem(message, param=param, code=code)


def refused(message: str, code: str | None = None, param: str | None = None) -> Problem:
    """Good parameters, but the object's state or the balance forbids it: the answer is kept under the key."""
    return Problem(message, code=code, param=param, stored=True)


def missing(kind: str, object_id: str, param: str = "id") -> Problem:
    """No such object: 404 where the path names it, 400 where a parameter does."""
    status = 404 if param == "id" else 400
    return Problem(f"No such {kind}: '{object_id}'", status=status, code="resource_missing", param=param)
