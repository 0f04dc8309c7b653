"""A question about many keys is asked once per unit: for a whole batch ahead, or for the one key that nobody has asked about yet.

Answers are what is committed, and so need not be taken back with an event that fails. Who decides by one has locked the row that
whoever changes the answer locks, too, before he asks: the answer is as good at the unit's end as when it was given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from billing.operations.unit import UnitOfWork

K = TypeVar("K")
V = TypeVar("V")


def ask_once(
    unit: UnitOfWork, question: str, keys: Iterable[K], ask: Callable[[list[K]], Iterable[tuple[K, V]]]
) -> dict[K, list[V]]:  # fmt: skip
    """What was answered about each of the keys; nothing is an answer, too.

    Args:
        unit: the transaction.
        question: its name, of all that verbs ask.
        keys: about which; those that are new are asked about by one call of `ask`.
        ask: (key, answer) of each that there is.
    """
    wanted = list(keys)
    known: dict[Any, list[V]] = unit.answers.setdefault(question, {})
    if new := sorted(set(wanted) - known.keys()):  # type: ignore[type-var]  # keys are texts, or tuples of these
        known.update({key: [] for key in new})
        for key, answer in ask(new):
            known[key].append(answer)
    return {key: known[key] for key in wanted}
