"""What the stand-in refuses, in PayPal's words: name, issue and HTTP status as its pages on errors have them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class Problem(Exception):  # noqa: N818 - it is answered, not raised out of the server
    """A refusal. `issue`: the business error in the details; without one the name says all."""

    def __init__(
        self, status: int, name: str, message: str, *, issue: str | None = None, field: str | None = None, links: list[Json] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        details = [] if issue is None else [{"issue": issue, "description": message} | ({"field": field} if field else {})]
        self.error: Json = {"name": name, "message": message, "details": details, "links": links or []}


def business(issue: str, message: str) -> Problem:
    """Good form, but the object's state forbids it."""
    return Problem(422, "UNPROCESSABLE_ENTITY", message, issue=issue)


def wrong(issue: str, message: str, field: str | None = None) -> Problem:
    """A request that is not of PayPal's form."""
    return Problem(400, "INVALID_REQUEST", message, issue=issue, field=field)


def missing(what: str) -> Problem:
    """No such object."""
    return Problem(404, "RESOURCE_NOT_FOUND", f"The specified resource does not exist: {what}", issue="INVALID_RESOURCE_ID")
