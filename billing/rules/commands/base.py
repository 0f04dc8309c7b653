"""What all commands share: a name for ever, fields that are a contract, a result, and the refusals that an app must expect.

A command's payload only ever gains optional fields; what would break an app is a new version under a new name (`.v2`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

COMMANDS: dict[str, type[Command]] = {}
"""Name -> command; filled as the modules of this package are imported."""

MOST_MINOR = 100_000_000
"""PAY-12: no command moves more than this, either way, in minor units of its currency. Providers' facts are not bound."""

NAME_FORM = re.compile(r"billing\.([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)\.v([1-9][0-9]*)")
"""`billing.<domain>.<verb>.v<N>`; the domain is the module, the verb the handler."""

_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LINE = re.compile(r"[^\x00-\x1f\x7f]{1,255}")


class Rejected(Exception):  # noqa: N818 - an answer, not a fault
    """A business refusal: final, told to the app, and without any effect but what `then` does (SEC-9). It is not retried and is nobody's
    alarm."""

    def __init__(
        self, code: str, message: str, details: Mapping[str, Any] | None = None, *, then: Callable[[Any], None] | None = None
    ) -> None:
        """Make one.

        Args:
            code: a name for the app's program, `[a-z][a-z0-9_]*`; one of the command's `REFUSALS`.
            message: one sentence for people.
            details: `current` and `limit` where a bound was met, `field` where one field is wrong; plain JSON values.
            then: called with the unit of work after all that the command did was taken back, in the transaction that tells the refusal:
                for telling somebody else of it. Not called where another verb catches the refusal.
        """
        if not _CODE.fullmatch(code):
            raise ValueError(f"{code!r} is no code")
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.details, self.then = code, message, dict(details or {}), then


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """The base of all commands. A subclass holds only fields of the payload, each with a docstring, and is frozen.

    A command is run again when it is replayed, so its verb ends the same when it finds its own effect.
    """

    NAME: ClassVar[str]
    RESULT: ClassVar[type | None] = None
    """A dataclass: what the app is told when it succeeded; None: nothing."""
    REFUSALS: ClassVar[Mapping[str, str]] = {}
    """Code -> when it is refused; `invalid_payload` goes without saying."""

    def __init_subclass__(cls, **kw: Any) -> None:
        super(Command, cls).__init_subclass__(**kw)
        if not NAME_FORM.fullmatch(cls.NAME):
            raise ValueError(f"{cls.NAME!r} is no command's name: billing.<domain>.<verb>.v<N>")
        COMMANDS[cls.NAME] = cls

    def references(self) -> Iterator[tuple[str, str, str]]:
        """All rows that it touches, as (aggregate, source, external id): they are loaded and locked with its batch."""
        yield from ()


def line(value: str, name: str) -> str:
    """`value`, if it is one line of 1 to 255 characters.

    Raises:
        ValueError: it is not.
    """
    if not _LINE.fullmatch(value):
        raise ValueError(f"{name} must be 1 to 255 characters in one line")
    return value
