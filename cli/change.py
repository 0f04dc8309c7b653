"""One transaction in the name of the person at the terminal: how each operator's command changes rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from billing.rules.commands.base import Rejected
from cli.hinting import send_hints
from cli.roles import actor
from cli.surroundings import acting
from cli.trouble import PROBLEMS, TroubleError
from workers.context import Context
from workers.unit import Unit

R = TypeVar("R")
UNTOUCHED = "nothing was changed"


def change(verb: Callable[[Unit], R], *, reason: str, look: str, effect: str = UNTOUCHED) -> R:
    """What the verb gives back, once it is committed; calls that it asked for are hinted at, so that they do not wait for a sweep.

    Args:
        verb: what is done in the transaction.
        reason: for the audit.
        look: the next step where it is refused, such as the command that shows how things stand.
        effect: what a refusal means for money.

    Raises:
        TroubleError: it was refused.
    """
    with acting() as context:
        return change_in(context, verb, reason=reason, look=look, effect=effect)


def change_in(context: Context, verb: Callable[[Unit], R], *, reason: str, look: str, effect: str = UNTOUCHED) -> R:
    """The same, for a command that needs its surroundings for more."""
    try:
        with context.engine.begin() as connection:
            unit = Unit(connection, context.keys, now=context.clock.now(), actor=str(actor()), reason=reason)
            told = verb(unit)
            made = unit.flush()
    except Rejected as error:
        raise TroubleError(PROBLEMS, f"{error.code}: {error.message}", effect=effect, then=look) from None
    by_queue: dict[str, list[int]] = {}
    for queue, row_id in made:
        by_queue.setdefault(queue, []).append(row_id)
    send_hints(context.settings, by_queue, calls=True)
    return told
