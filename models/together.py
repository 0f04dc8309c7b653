"""Several statements on one way to the server: each round trip that is spared is worth a third of a millisecond.

`joined` makes one statement of those that need nothing of each other, and of which only the last one's rows are wanted: all see the
tables as they were before, and what refers to what is checked when all are done. `send_in_turn` sends statements that build on each
other: each sees what those before it have done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection

from models.statements import Statement, ask_in_turn

_PLACE = re.compile(r"%\((\w+)\)s")


def send_in_turn(connection: Connection, statements: Sequence[Statement]) -> None:
    """Send them on one way to the server, then look at their results, in the same order: the first that is wrong is what is raised."""
    for one, result in zip(statements, ask_in_turn(connection, statements), strict=True):
        if one.then is not None:
            one.then(result)


def joined(parts: Sequence[Statement], then: Callable[[Any], object] | None = None) -> Statement:
    """Parts, at least one, as one statement; `then` gets the rows that the last one returns."""
    bound = {f"{name}_{number}": value for number, part in enumerate(parts) for name, value in part.bound.items()}
    return Statement(_joined(tuple(part.text for part in parts)), bound, then=then)


@cache
def _joined(texts: tuple[str, ...]) -> str:
    *first, last = (_PLACE.sub(rf"%(\1_{number})s", text) for number, text in enumerate(texts))
    if not first:
        return last
    named = ", ".join(f"part_{number} AS ({text})" for number, text in enumerate(first))
    return f"WITH {named} {last}"
