"""Who acts, and whether that person may: every operator action declares the role that it needs (SEC-13).

The role comes from BURSAR_ROLE (default `operator`: on the machine itself, looking and replaying are the daily work;
money and rights are to be asked for), the name from BURSAR_ACTOR, else the login of the operating system. This guards
against mistakes and makes the audit say who; it does not stop somebody who holds the database's password.
"""

from __future__ import annotations

import functools
import getpass
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

import click

from cli.trouble import FORBIDDEN, USAGE, TroubleError, expected_errors

Role = Literal["viewer", "operator", "finance", "admin"]
Need = Literal["viewer", "operator", "finance", "admin", "process"]
"""`process`: the command starts a part of the machine and is no operator's action; any role, none is recorded."""

MAY: dict[Role, frozenset[Role]] = {
    "viewer": frozenset({"viewer"}),
    "operator": frozenset({"viewer", "operator"}),
    "finance": frozenset({"viewer", "finance"}),
    "admin": frozenset({"viewer", "operator", "finance", "admin"}),
}
"""What each role includes. Finance decides about money and does not run the machine; operators the other way round."""

DEFAULT: Role = "operator"
_MARK = "bursar_role"

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Actor:
    """Who runs this command."""

    name: str
    role: Role

    def __str__(self) -> str:
        """As the audit records it."""
        return f"person:{self.name} ({self.role})"


def actor() -> Actor:
    """The person of this process.

    Raises:
        TroubleError: BURSAR_ROLE names no role.
    """
    said = os.environ.get("BURSAR_ROLE", "").strip() or DEFAULT
    if said not in get_args(Role):
        raise TroubleError(
            USAGE,
            f"BURSAR_ROLE is {said!r}, which is no role",
            effect="nothing was done",
            then=f"set it to one of: {', '.join(get_args(Role))}",
        )
    role: Role = said  # type: ignore[assignment]  # one of the literal's values, as just checked
    return Actor(os.environ.get("BURSAR_ACTOR", "").strip() or _login(), role)


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"


def demand(need: Need) -> None:
    """Refuse unless the actor's role includes `need`.

    Raises:
        TroubleError: it does not (exit code 77).
    """
    who = actor()
    if need != "process" and need not in MAY[who.role]:
        fitting = ", ".join(role for role, includes in MAY.items() if need in includes)
        raise TroubleError(
            FORBIDDEN,
            f"this needs the role {need}; {who.name} acts as {who.role}",
            effect="nothing was read or changed",
            then=f"if you hold such a role, say so: BURSAR_ROLE={fitting.split(', ', maxsplit=1)[0]} (roles that include it: {fitting})",
        )


def action(need: Need) -> Callable[[F], F]:
    """Declare the role that a command needs; put it directly above the function. Expected failures become clear errors."""

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def run(*arguments: Any, **options: Any) -> Any:
            demand(need)
            with expected_errors():
                return function(*arguments, **options)

        setattr(run, _MARK, need)
        return run  # type: ignore[return-value]  # same signature, by wraps

    return decorate


def role_of(command: click.Command) -> Need | None:
    """The role that a command declares; None when it declares none, which a test refuses."""
    need: Need | None = getattr(command.callback, _MARK, None)
    return need
