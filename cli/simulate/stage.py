"""What actors are given: the play, a diary of what they will do, and a count of what they did."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cli.simulate.people import Customer, at_hour

if TYPE_CHECKING:
    from cli.simulate.play import Play

Act = Callable[[], None]


class Stage:
    """What is going to be done, in order; `acts` counts by month what was done."""

    def __init__(self, play: Play, until: datetime, seed: int) -> None:
        self.play, self.until = play, until
        self.chance = random.Random(f"{seed}:people")  # noqa: S311  # chance for a play
        """Of what nobody in particular decides."""
        self.people: dict[str, Customer] = {}
        self.measured: list[dict[str, str | int]] = []
        """What was used since the app reported it last."""
        self.acts: Counter[tuple[str, str]] = Counter()
        self._diary: list[tuple[datetime, int, Act]] = []
        self._number = 0
        self._then: list[Act] = []

    @property
    def now(self) -> datetime:
        """The play's time."""
        return self.play.now

    def say(self, command: str, **payload: Any) -> str:
        """Give a command, `domain.verb`; its key."""
        return self.play.submit(f"billing.{command}.v1", payload)

    def did(self, what: str, count: int = 1) -> None:
        """Count it in the calendar."""
        self.acts[self.now.strftime("%Y-%m"), what] += count

    def plan(self, at: datetime, act: Act) -> None:
        """Do it then, unless the play is over by then."""
        if at < self.until:
            self._number += 1
            heapq.heappush(self._diary, (at, self._number, act))

    def soon(self, one: Customer, days: int, most: int, act: Act) -> None:
        """Do it some days from now, between so many and so many, by his own chance."""
        self.plan(at_hour(self.now + timedelta(days=one.chance.randint(days, most)), one.chance), act)

    def then(self, act: Act) -> None:
        """Do it once all that is wanted at this instant was done."""
        self._then.append(act)

    def next_due(self) -> datetime | None:
        """When somebody acts next."""
        return self._diary[0][0] if self._diary else None

    def act(self) -> None:
        """All that is due now, in the order in which it was planned."""
        while self._diary and self._diary[0][0] <= self.now:
            heapq.heappop(self._diary)[2]()
        while self._then:
            # What is wanted only once the first is done, for all of this instant together: units of many are quicker.
            self.play.settle()
            then, self._then = self._then, []
            for act in then:
                act()

    def clear(self) -> None:
        """Nobody does anything that was planned."""
        self._diary.clear()
