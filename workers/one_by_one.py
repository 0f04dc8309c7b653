"""Work that is done item by item, a transaction each: one that fails stops no other, and what failed by a fault of ours is still told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import structlog
from sqlalchemy.exc import DBAPIError

from core.clock import monotonic_s
from workers.rows import StubTakenError

log = structlog.get_logger(__name__)
T = TypeVar("T")


@dataclass(slots=True)
class Went:
    """How it went."""

    done: int = 0
    put_back: int = 0
    """A lock, a row that another made at this moment: the next slot takes it up."""
    fault: Exception | None = None

    def or_raise(self) -> None:
        """To be called when all else is done.

        Raises:
            Exception: whatever the first item raised that failed by a fault of ours.
        """
        if self.fault is not None:
            raise self.fault


def one_by_one(items: Iterable[T], work: Callable[[T], bool], *, name: str, effect: str, end_s: float) -> Went:
    """Work on each until the time is up.

    Args:
        items: what there is to do; the log names them as they print.
        work: does one in a transaction of its own; whether there was anything to do.
        name: of such an item, for the log.
        effect: what it means for money that one failed.
        end_s: when to stop, as `monotonic_s` counts.
    """
    went = Went()
    for item in items:
        if monotonic_s() > end_s:
            break
        try:
            went.done += work(item)
        except (DBAPIError, StubTakenError) as error:
            went.put_back += 1
            log.warning(f"{name}_put_back", item=str(item), error_class=type(error).__name__)
        except Exception as error:  # the others are done all the same
            went.fault = went.fault or error
            log.exception(f"{name}_failed", item=str(item), effect=effect)
    return went
