"""Faults that a test or a person orders: which call goes wrong, how, and how often. Seeded, so that a run can be repeated."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

Kind = Literal[
    "conflict",  # 409, nothing was done, nothing is kept under the key
    "rate_limit",  # 429, nothing was done
    "error_before",  # 500 (or `status`), nothing was done; kept under the key if `stored`
    "error_after",  # 500 (or `status`), it was done; kept under the key
    "reset_before",  # the connection is torn down, nothing was done
    "lost_reply",  # it was done and the connection is cut: nobody is told
    "hold_before",  # nothing comes for `seconds`, then the connection is cut; nothing was done
    "hold_after",  # it is done at once, but nothing comes for `seconds`, then the connection is cut
    "delay",  # answered well after `seconds`, the key being in use until then
    "slow",  # done and answered, but the body trickles over `seconds`
]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(slots=True, kw_only=True)
class Fault:
    """One order. It concerns calls whose method and path fit; of these every `every`-th after the first `skip`."""

    kind: str
    method: str | None = None
    path: str = ""
    """A regular expression that is searched in the path; empty: all."""
    times: int | None = 1
    """How often it strikes; null: without end."""
    every: int = 1
    skip: int = 0
    probability: float = 1.0
    seconds: float = 30.0
    status: int = 500
    code: str | None = None
    stored: bool = False
    retry_after_s: int | None = None
    seen: int = 0
    struck: int = 0

    def fits(self, method: str, path: str) -> bool:
        """Whether it concerns such a call."""
        return (self.method is None or self.method == method) and re.search(self.path, path) is not None


class Faults:
    """The orders of one stand-in. The first that strikes wins."""

    def __init__(self) -> None:
        self._orders: list[Fault] = []
        self._random = random.Random(0)  # noqa: S311 - chance for tests, no secret
        self._guard = threading.Lock()

    def add(self, told: Mapping[str, Any]) -> Fault:
        """Order one.

        Raises:
            ValueError: an unknown kind or field.
        """
        known = {each.name for each in fields(Fault)}
        if told.get("kind") not in KINDS or not set(told) <= known:
            raise ValueError(f"a fault is {{kind: one of {', '.join(KINDS)}, ...{', '.join(sorted(known))}}}")
        with self._guard:
            self._orders.append(Fault(**told))
            return self._orders[-1]

    def seed(self, seed: int) -> None:
        """From here on chance repeats itself."""
        with self._guard:
            self._random = random.Random(seed)  # noqa: S311 - as above

    def clear(self) -> None:
        """Nothing goes wrong from here on."""
        with self._guard:
            self._orders.clear()

    def shown(self) -> list[dict[str, Any]]:
        """All orders, with what they have seen and struck."""
        with self._guard:
            return [asdict(order) for order in self._orders]

    def strike(self, method: str, path: str) -> Fault | None:
        """The fault that this call meets, if any."""
        with self._guard:
            for order in self._orders:
                if not order.fits(method, path) or (order.times is not None and order.struck >= order.times):
                    continue
                order.seen += 1
                due = order.seen > order.skip and (order.seen - order.skip) % order.every == 0
                if due and (order.probability >= 1 or self._random.random() < order.probability):
                    order.struck += 1
                    return order
        return None
